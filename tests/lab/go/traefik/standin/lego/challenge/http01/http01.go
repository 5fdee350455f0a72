// Package http01 stands in for the ACME client's HTTP challenge.
package http01

import "time"

// PathPrefix is where RFC 8555 (8.3) puts the answers.
const PathPrefix = "/.well-known/acme-challenge/"

// ChallengeOption changes nothing.
type ChallengeOption func()

// SetDelay changes nothing.
func SetDelay(time.Duration) ChallengeOption { return func() {} }
