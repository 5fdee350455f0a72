package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The gRPC service without generated code: messages are google.protobuf.StringValue, and there is one method
// of one message and one of many.
const (
	say  = "/witness.Witness/Say"
	talk = "/witness.Witness/Talk"
)

// calls serves both methods by way of net/http, which has the port.
func (s *service) calls() http.Handler {
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "witness.Witness",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Say",
			Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				said := new(wrapperspb.StringValue)
				if err := decode(said); err != nil {
					return nil, err
				}
				return s.heard(ctx, said)
			},
		}},
		Streams: []grpc.StreamDesc{{
			StreamName:    "Talk",
			ServerStreams: true,
			ClientStreams: true,
			Handler:       func(_ any, stream grpc.ServerStream) error { return s.talk(stream) },
		}},
	}, s)
	return server
}

// talk answers each message before it reads the next.
func (s *service) talk(stream grpc.ServerStream) error {
	for {
		said := new(wrapperspb.StringValue)
		if err := stream.RecvMsg(said); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer, err := s.heard(stream.Context(), said)
		if err != nil {
			return err
		}
		if err := stream.SendMsg(answer); err != nil {
			return err
		}
	}
}

type heard struct {
	Seen seen   `json:"seen"`
	Text string `json:"text"`
}

func (s *service) heard(ctx context.Context, said *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	context, _ := metadata.FromIncomingContext(ctx)
	var host string
	if authority := context.Get(":authority"); len(authority) > 0 {
		host = authority[0]
	}
	text, err := json.Marshal(heard{
		Seen: seen{Release: s.release, Pod: s.pod, Host: host, Headers: context},
		Text: said.GetValue(),
	})
	return wrapperspb.String(string(text)), err
}
