// Package tlsalpn01 stands in for the ACME client's TLS challenge.
package tlsalpn01

import (
	"time"

	"github.com/go-acme/lego/v5/acme"
)

// ACMETLS1Protocol is the protocol name of RFC 8737.
const ACMETLS1Protocol = "acme-tls/1"

// ChallengeOption changes nothing.
type ChallengeOption func()

// SetDelay changes nothing.
func SetDelay(time.Duration) ChallengeOption { return func() {} }

// ChallengeBlocks returns acme.ErrNotBuiltIn.
func ChallengeBlocks(domain, keyAuth string) (cert, key []byte, err error) {
	return nil, nil, acme.ErrNotBuiltIn
}
