// Package certcrypto stands in for the ACME client's key types.
package certcrypto

// KeyType names a kind of private key.
type KeyType string

// The kinds that Traefik offers.
const (
	EC256   KeyType = "P256"
	EC384   KeyType = "P384"
	RSA2048 KeyType = "2048"
	RSA4096 KeyType = "4096"
	RSA8192 KeyType = "8192"
)
