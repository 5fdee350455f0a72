// Package challenge stands in for the ACME client's challenges.
package challenge

import "context"

// Provider presents a challenge and cleans up after it.
type Provider interface {
	Present(ctx context.Context, domain, token, keyAuth string) error
	CleanUp(ctx context.Context, domain, token, keyAuth string) error
}
