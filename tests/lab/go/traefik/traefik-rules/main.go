// Traefik-rules says what Traefik reads of rules, and which of them its router takes for a request: its own parser,
// matchers and muxer, without anything around them.
//
// On stdin come frames: four bytes of length, big-endian, and a question as JSON. For each of them goes
// one frame to stdout: the answer as JSON. Whatever the question is, the next one is answered too; the end
// of stdin ends it.
//
// It judges nothing: which rules there ought to be is not asked here.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rs/zerolog"
)

// question is one table of rules, and the requests that are put to it.
type question struct {
	Routes []route `json:"routes"`
	// Each as it comes over the wire, up to and with the empty line.
	Requests []string `json:"requests"`
	// Whether the rules' trees are wanted.
	Trees bool `json:"trees"`
}

type route struct {
	Rule string `json:"rule"`
	// v2 or v3.
	Syntax string `json:"syntax"`
	// None is the length of the rule.
	Priority int `json:"priority"`
}

type answer struct {
	// One for each route.
	Rules []reading `json:"rules"`
	// One for each request.
	Requests []outcome `json:"requests"`
}

func main() {
	// What the router would log of a rule is in the answer.
	zerolog.SetGlobalLevel(zerolog.Disabled)
	if err := serve(bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)); err != nil {
		fmt.Fprintf(os.Stderr, "traefik-rules: %v\n", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out *bufio.Writer) error {
	reader, err := newReader()
	if err != nil {
		return fmt.Errorf("make Traefik's parsers: %w", err)
	}
	for {
		frame, err := readFrame(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a question: %w", err)
		}
		var asked question
		if err := json.Unmarshal(frame, &asked); err != nil {
			return fmt.Errorf("read a question as JSON: %w", err)
		}
		told, err := json.Marshal(reader.answer(asked))
		if err != nil {
			return fmt.Errorf("write an answer as JSON: %w", err)
		}
		if err := writeFrame(out, told); err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}
	}
}

// readFrame returns io.EOF only where no frame has begun.
func readFrame(in io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(length[:]))
	if _, err := io.ReadFull(in, frame); err != nil {
		return nil, fmt.Errorf("the frame ends early: %v", err)
	}
	return frame, nil
}

func writeFrame(out *bufio.Writer, frame []byte) error {
	if err := binary.Write(out, binary.BigEndian, uint32(len(frame))); err != nil {
		return err
	}
	if _, err := out.Write(frame); err != nil {
		return err
	}
	return out.Flush()
}
