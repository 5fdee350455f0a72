// Package dns01 stands in for the ACME client's DNS challenge.
package dns01

import (
	"strings"
	"time"
)

// Options of a DNS client.
type Options struct{ RecursiveNameservers []string }

// Client asks nobody.
type Client struct{}

// ChallengeOption changes nothing.
type ChallengeOption func()

// NewClient returns a client that asks nobody.
func NewClient(*Options) *Client { return &Client{} }

// SetDefaultClient forgets the client.
func SetDefaultClient(*Client) {}

// CondOptions returns an option that changes nothing.
func CondOptions(bool, ...ChallengeOption) ChallengeOption { return func() {} }

// DisableAuthoritativeNssPropagationRequirement changes nothing.
func DisableAuthoritativeNssPropagationRequirement() ChallengeOption { return func() {} }

// DisableRecursiveNSsPropagationRequirement changes nothing.
func DisableRecursiveNSsPropagationRequirement() ChallengeOption { return func() {} }

// PropagationWait changes nothing.
func PropagationWait(time.Duration, bool) ChallengeOption { return func() {} }

// UnFqdn takes the final dot off a name.
func UnFqdn(name string) string { return strings.TrimSuffix(name, ".") }
