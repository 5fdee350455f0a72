package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// question is one request, in whichever protocol.
type question struct {
	router, host string
	headers      http.Header
	size         int64
}

var protocols = map[string]func(context.Context, question) (testimony, error){
	"grpc":      askCalls,
	"websocket": askSocket,
	"events":    askEvents,
	"upload":    askUpload,
}

func ask(words []string) (testimony, error) {
	if len(words) == 0 || protocols[words[0]] == nil {
		return testimony{}, errors.New("expected ask grpc, websocket, events or upload")
	}
	q := question{headers: http.Header{}}
	flags := flag.NewFlagSet("ask", flag.ContinueOnError)
	flags.StringVar(&q.router, "router", "", "where the router listens")
	flags.StringVar(&q.host, "host", "", "the host that is asked for")
	flags.Int64Var(&q.size, "size", 64<<20, "bytes of an upload")
	flags.Func("header", "NAME: VALUE", func(text string) error {
		name, value, found := strings.Cut(text, ": ")
		if !found {
			return errors.New("expected NAME: VALUE")
		}
		q.headers.Add(name, value)
		return nil
	})
	if err := flags.Parse(words[1:]); err != nil {
		return testimony{}, err
	}
	within, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	told, err := protocols[words[0]](within, q)
	if err != nil {
		return testimony{}, fmt.Errorf("ask %s of %s: %w", words[0], q.host, err)
	}
	return told, nil
}

func askCalls(ctx context.Context, q question) (told testimony, err error) {
	connection, err := grpc.NewClient("passthrough:///"+q.router,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority(q.host), grpc.WithNoProxy())
	if err != nil {
		return told, err
	}
	defer connection.Close()
	for name, values := range q.headers {
		for _, value := range values {
			ctx = metadata.AppendToOutgoingContext(ctx, name, value)
		}
	}
	answer, headers := new(wrapperspb.StringValue), metadata.MD{}
	if err := connection.Invoke(ctx, say, wrapperspb.String("one"), answer, grpc.Header(&headers)); err != nil {
		return told, err
	}
	told.Headers = headers
	if err := told.hear(answer, "said"); err != nil {
		return told, err
	}
	stream, err := connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, talk)
	if err != nil {
		return told, err
	}
	for _, text := range []string{"two", "three"} {
		if err := stream.SendMsg(wrapperspb.String(text)); err != nil {
			return told, err
		}
		if err := stream.RecvMsg(answer); err != nil {
			return told, err
		}
		if err := told.hear(answer, "talked"); err != nil {
			return told, err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return told, err
	}
	if err := stream.RecvMsg(answer); !errors.Is(err, io.EOF) {
		return told, fmt.Errorf("a stream that does not end: %v", err)
	}
	return told, nil
}

// hear takes one answer down; all of them come from one release.
func (told *testimony) hear(answer *wrapperspb.StringValue, how string) error {
	var heard heard
	if err := json.Unmarshal([]byte(answer.GetValue()), &heard); err != nil {
		return err
	}
	told.Facts = append(told.Facts, how+" "+heard.Text)
	return told.by(heard.Seen)
}

func (told *testimony) by(who seen) error {
	if told.Seen.Release != "" && told.Seen.Release != who.Release {
		return fmt.Errorf("%s answered, and then %s", told.Seen.Release, who.Release)
	}
	told.Seen = who
	return nil
}

func askSocket(ctx context.Context, q question) (told testimony, err error) {
	dialer := websocket.Dialer{NetDialContext: q.dial}
	connection, response, err := dialer.DialContext(ctx, "ws://"+q.host+"/socket", q.headers)
	if err != nil {
		if response != nil {
			return told, fmt.Errorf("%s: %w", response.Status, err)
		}
		return told, err
	}
	defer connection.Close()
	told.Headers = lower(response.Header)
	if err := connection.ReadJSON(&told.Seen); err != nil {
		return told, err
	}
	for _, text := range []string{"one", "two"} {
		if err := connection.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			return told, err
		}
		_, echo, err := connection.ReadMessage()
		if err != nil {
			return told, err
		}
		told.Facts = append(told.Facts, "echoed "+string(echo))
	}
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	return told, connection.WriteMessage(websocket.CloseMessage, bye)
}

// askEvents says of each event that it came, and only then the next is sent. When a router holds one back, the service
// gives up, and events are missing.
func askEvents(ctx context.Context, q question) (told testimony, err error) {
	stream := fmt.Sprintf("?stream=%x", rand.Uint64())
	response, err := q.send(ctx, http.MethodGet, "/events"+stream, nil, 0)
	if err != nil {
		return told, err
	}
	defer response.Body.Close()
	told.Headers = lower(response.Header)
	count := 0
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		text, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found {
			continue
		}
		var who seen
		if err := json.Unmarshal([]byte(text), &who); err != nil {
			return told, err
		}
		if err := told.by(who); err != nil {
			return told, err
		}
		count++
		came, err := q.send(ctx, http.MethodPost, "/events/came"+stream, nil, 0)
		if err != nil {
			return told, fmt.Errorf("say that event %d came: %w", count, err)
		}
		if err := came.Body.Close(); err != nil {
			return told, err
		}
	}
	told.Facts = []string{fmt.Sprintf("%d events, each before the next was sent", count)}
	return told, lines.Err()
}

// askUpload sends bytes that no two runs have alike, and asks for their hash.
func askUpload(ctx context.Context, q question) (told testimony, err error) {
	hash := sha256.New()
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	body := io.TeeReader(io.LimitReader(rand.NewChaCha8(seed), q.size), hash)
	response, err := q.send(ctx, http.MethodPost, "/upload", body, q.size)
	if err != nil {
		return told, err
	}
	defer response.Body.Close()
	told.Headers = lower(response.Header)
	var answer uploaded
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return told, err
	}
	if want := fmt.Sprintf("%x", hash.Sum(nil)); answer.Hash != want {
		return told, fmt.Errorf("%d bytes of hash %s were sent, and %d of hash %s came", q.size, want, answer.Bytes, answer.Hash)
	}
	told.Facts = []string{fmt.Sprintf("%d bytes, as they were sent", answer.Bytes)}
	return told, told.by(answer.Seen)
}

func (q question) send(ctx context.Context, method, path string, body io.Reader, size int64) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+q.host+path, body)
	if err != nil {
		return nil, err
	}
	request.Header, request.ContentLength = q.headers, size
	client := http.Client{Transport: &http.Transport{DialContext: q.dial}}
	response, err := client.Do(request)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.Join(errors.New(response.Status), response.Body.Close())
	}
	return response, err
}

// dial leads to the router, whatever the host.
func (q question) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, q.router)
}
