// Package dns stands in for the ACME client's DNS providers.
package dns

import (
	"github.com/go-acme/lego/v5/acme"
	"github.com/go-acme/lego/v5/challenge"
)

// NewDNSChallengeProviderByName returns acme.ErrNotBuiltIn.
func NewDNSChallengeProviderByName(string) (challenge.Provider, error) {
	return nil, acme.ErrNotBuiltIn
}
