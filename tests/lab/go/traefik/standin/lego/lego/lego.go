// Package lego stands in for the ACME client.
package lego

import (
	"crypto"
	"crypto/x509"
	"net/http"
	"time"

	"github.com/go-acme/lego/v5/acme"
	"github.com/go-acme/lego/v5/certificate"
	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/challenge/dns01"
	"github.com/go-acme/lego/v5/challenge/http01"
	"github.com/go-acme/lego/v5/challenge/tlsalpn01"
	"github.com/go-acme/lego/v5/registration"
)

// DirectoryURLLetsEncrypt is where nobody asks.
const DirectoryURLLetsEncrypt = "https://acme.invalid/directory"

// User is who would hold the account.
type User interface {
	GetEmail() string
	GetRegistration() *acme.ExtendedAccount
	GetPrivateKey() crypto.Signer
}

// Config of a client.
type Config struct {
	CADirURL    string
	UserAgent   string
	HTTPClient  *http.Client
	Certificate struct{ Timeout time.Duration }
}

// Client cannot be had: NewClient always fails.
type Client struct {
	Certificate  *certificate.Certifier
	Challenge    *Solvers
	Registration *registration.Registrar
}

// Solvers holds no solver.
type Solvers struct{}

// NewConfig returns an empty configuration.
func NewConfig(User) *Config { return &Config{} }

// NewClient returns acme.ErrNotBuiltIn.
func NewClient(*Config) (*Client, error) { return nil, acme.ErrNotBuiltIn }

// CreateCertPool returns acme.ErrNotBuiltIn.
func CreateCertPool([]string, bool) (*x509.CertPool, error) { return nil, acme.ErrNotBuiltIn }

// SetDNS01Provider returns acme.ErrNotBuiltIn.
func (*Solvers) SetDNS01Provider(challenge.Provider, ...dns01.ChallengeOption) error {
	return acme.ErrNotBuiltIn
}

// SetHTTP01Provider returns acme.ErrNotBuiltIn.
func (*Solvers) SetHTTP01Provider(challenge.Provider, ...http01.ChallengeOption) error {
	return acme.ErrNotBuiltIn
}

// SetTLSALPN01Provider returns acme.ErrNotBuiltIn.
func (*Solvers) SetTLSALPN01Provider(challenge.Provider, ...tlsalpn01.ChallengeOption) error {
	return acme.ErrNotBuiltIn
}
