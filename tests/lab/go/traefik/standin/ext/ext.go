// Package ext stands in for Traefik's enterprise extension points.
package ext

// HTTP extends the dynamic HTTP configuration by nothing.
type HTTP struct{}

// Router extends a router by nothing.
type Router struct{}
