// Package acme stands in for the ACME client's protocol types.
package acme

import "errors"

// ErrNotBuiltIn is what every action of this stand-in returns.
var ErrNotBuiltIn = errors.New("ACME is not built in")

// Account is an account at an ACME server.
type Account struct {
	Status  string   `json:"status,omitempty"`
	Contact []string `json:"contact,omitempty"`
}

// ExtendedAccount is an account and where it lives.
type ExtendedAccount struct {
	Account
	Location string
}
