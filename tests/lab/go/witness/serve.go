package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

const (
	events = 5
	// How long an event waits for the client to say that the one before it came.
	patience = 10 * time.Second
)

// service answers for one release.
type service struct {
	release, pod string
	// What STATE says: a pod that is `starting` never gets ready.
	ready bool
	// Those who send events, by the name that the client gave its stream.
	came sync.Map
}

// serve reads RELEASE, HOSTNAME, PORT and STATE, and answers until SIGTERM. STATE is ready, starting or crashed.
func serve(env func(string) string) error {
	s := &service{release: env("RELEASE"), pod: env("HOSTNAME")}
	switch state := env("STATE"); state {
	case "ready":
		s.ready = true
	case "starting":
	case "crashed":
		return errors.New("STATE is crashed")
	default:
		return fmt.Errorf("STATE is %q: expected ready, starting or crashed", state)
	}
	stop, release := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer release()
	// One port for all: gRPC comes in HTTP/2 without TLS.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Addr: ":" + env("PORT"), Handler: s.handler(), Protocols: &protocols}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve on port %s: %w", env("PORT"), err)
	case <-stop.Done():
		grace, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		return server.Shutdown(grace)
	}
}

func (s *service) handler() http.Handler {
	calls := s.calls()
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", s.health)
	mux.HandleFunc("/events", s.events)
	mux.HandleFunc("/events/came", s.eventCame)
	mux.HandleFunc("/socket", s.socket)
	mux.HandleFunc("/upload", s.upload)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { write(w, s.saw(r)) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			calls.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (s *service) saw(r *http.Request) seen {
	return seen{Release: s.release, Pod: s.pod, Host: r.Host, Headers: lower(r.Header)}
}

func (s *service) health(w http.ResponseWriter, _ *http.Request) {
	if !s.ready {
		http.Error(w, "starting", http.StatusServiceUnavailable)
	}
}

// events: each says who answers, and is sent when the client has said that the one before it came. So one that is
// held back on its way comes never, or too late.
func (s *service) events(w http.ResponseWriter, r *http.Request) {
	stream, came := r.URL.Query().Get("stream"), make(chan struct{}, events)
	s.came.Store(stream, came)
	defer s.came.Delete(stream)
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	for range events {
		text, err := json.Marshal(s.saw(r))
		if err == nil {
			_, err = fmt.Fprintf(w, "data: %s\n\n", text)
		}
		if err == nil {
			err = control.Flush()
		}
		if err != nil {
			log.Printf("send an event: %v", err)
			return
		}
		select {
		case <-came:
		case <-r.Context().Done():
			return
		case <-time.After(patience):
			log.Printf("an event did not come within %s", patience)
			return
		}
	}
}

func (s *service) eventCame(w http.ResponseWriter, r *http.Request) {
	came, found := s.came.Load(r.URL.Query().Get("stream"))
	if !found {
		http.Error(w, "no such stream", http.StatusNotFound)
		return
	}
	came.(chan struct{}) <- struct{}{}
	write(w, s.saw(r))
}

// socket says who answers, and then sends back what comes until the client is done.
func (s *service) socket(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	connection, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		log.Printf("upgrade to a WebSocket: %v", err)
		return
	}
	defer connection.Close()
	if err := connection.WriteJSON(s.saw(r)); err != nil {
		log.Printf("send through a WebSocket: %v", err)
		return
	}
	for {
		kind, message, err := connection.ReadMessage()
		if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			return
		}
		if err == nil {
			err = connection.WriteMessage(kind, message)
		}
		if err != nil {
			log.Printf("echo through a WebSocket: %v", err)
			return
		}
	}
}

// upload counts and hashes the body as it comes.
func (s *service) upload(w http.ResponseWriter, r *http.Request) {
	hash := sha256.New()
	count, err := io.Copy(hash, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	write(w, uploaded{Seen: s.saw(r), Bytes: count, Hash: fmt.Sprintf("%x", hash.Sum(nil))})
}

type uploaded struct {
	Seen  seen   `json:"seen"`
	Bytes int64  `json:"bytes"`
	Hash  string `json:"hash"`
}

func write(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("answer: %v", err)
	}
}

func lower(headers http.Header) map[string][]string {
	lowered := make(map[string][]string, len(headers))
	for name, values := range headers {
		lowered[strings.ToLower(name)] = values
	}
	return lowered
}
