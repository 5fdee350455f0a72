// Witness is the service behind the routes that are tested, and the client that asks it. The service says
// which release answered and which headers reached it, over HTTP, gRPC, WebSocket and server-sent
// events, and it counts what is uploaded. Nothing here chooses a route.
//
//	witness serve
//	witness ask PROTOCOL --router=ADDRESS --host=HOST [--header='NAME: VALUE']... [--size=BYTES]
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "witness: %v\n", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	if len(words) == 0 {
		return errors.New("expected serve or ask")
	}
	switch words[0] {
	case "serve":
		return serve(os.Getenv)
	case "ask":
		testimony, err := ask(words[1:])
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(testimony)
	default:
		return fmt.Errorf("%s: expected serve or ask", words[0])
	}
}

// seen is what the service says of itself and of the request.
type seen struct {
	Release string              `json:"release"`
	Pod     string              `json:"pod"`
	Host    string              `json:"host"`
	Headers map[string][]string `json:"headers"`
}

// testimony is what the client got.
type testimony struct {
	Seen seen `json:"seen"`
	// Of the answer, as the router passed it on, with names in lower case.
	Headers map[string][]string `json:"headers"`
	// What the protocol is about, in words that do not change from one run to the next.
	Facts []string `json:"facts"`
}
