// Oracle says what Helm reads: it cuts a stream of manifests as Helm's Kubernetes client does
// (apimachinery's YAMLReader) and reads each document with Helm's own library (sigs.k8s.io/yaml).
//
// On stdin come frames: four bytes of length, big-endian, and a stream. For each of them goes one
// frame to stdout: a JSON array with an entry for each document of the stream, {"json": VALUE} or
// {"error": TEXT}. Whatever the stream is, the next one is answered too; the end of stdin ends it.
//
// It judges nothing: what a document means to Kubernetes, and whether a renderer was right, is not
// asked here.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	kubernetes "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := serve(bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)); err != nil {
		fmt.Fprintf(os.Stderr, "oracle: %v\n", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out *bufio.Writer) error {
	for {
		stream, err := readFrame(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a stream: %w", err)
		}
		answer, err := json.Marshal(documents(stream))
		if err != nil {
			return fmt.Errorf("write an answer as JSON: %w", err)
		}
		if err := writeFrame(out, answer); err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}
	}
}

// document is what is read from one document. Of its fields one is set.
type document struct {
	// The text that sigs.k8s.io/yaml made: its numbers are passed on digit by digit.
	JSON  json.RawMessage `json:"json,omitempty"`
	Error string          `json:"error,omitempty"`
}

// documents reads all that Helm would come to: where the stream cannot be cut any further, that is
// the last entry, as it is the last of Helm's reading.
func documents(stream []byte) []document {
	read := []document{}
	reader := kubernetes.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream)))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return read
		}
		if err != nil {
			return append(read, document{Error: err.Error()})
		}
		read = append(read, parse(text))
	}
}

// parse takes a panic of the library for an error: it must not keep the next stream from its answer.
func parse(text []byte) (read document) {
	defer func() {
		if cause := recover(); cause != nil {
			read = document{Error: fmt.Sprintf("panic: %v", cause)}
		}
	}()
	value, err := yaml.YAMLToJSON(text)
	if err != nil {
		return document{Error: err.Error()}
	}
	return document{JSON: value}
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
