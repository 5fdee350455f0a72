package main

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"

	"github.com/traefik/traefik/v3/pkg/middlewares/requestdecorator"
	httpmuxer "github.com/traefik/traefik/v3/pkg/muxer/http"
	"github.com/traefik/traefik/v3/pkg/rules"
	"github.com/vulcand/predicate"
)

// The matchers of each syntax; the router keeps its own lists to itself.
var matchers = map[string][]string{
	"v2": {"Host", "HostHeader", "HostRegexp", "ClientIP", "Path", "PathPrefix", "Method", "Headers", "HeadersRegexp", "Query"},
	"v3": {"ClientIP", "Method", "Host", "HostRegexp", "Path", "PathRegexp", "PathPrefix", "Header", "HeaderRegexp", "Query", "QueryRegexp"},
}

// reading is what is read of one rule.
type reading struct {
	Tree *rules.Tree `json:"tree,omitempty"`
	// Why the router leaves the rule out.
	Error string `json:"error,omitempty"`
}

// outcome is what becomes of one request, by the places of routes in the question.
type outcome struct {
	// Every route that takes it, alone.
	Takes []int `json:"takes"`
	// The one that the whole table leads it to; -1 is none.
	Winner int    `json:"winner"`
	Error  string `json:"error,omitempty"`
}

type reader struct {
	syntax  httpmuxer.SyntaxParser
	parsers map[string]predicate.Parser
}

func newReader() (reader, error) {
	syntax, err := httpmuxer.NewSyntaxParser()
	if err != nil {
		return reader{}, err
	}
	parsers := map[string]predicate.Parser{}
	for name, words := range matchers {
		if parsers[name], err = rules.NewParser(words); err != nil {
			return reader{}, err
		}
	}
	return reader{syntax, parsers}, nil
}

func (r reader) answer(asked question) answer {
	told := answer{Rules: make([]reading, len(asked.Routes)), Requests: make([]outcome, len(asked.Requests))}
	table := httpmuxer.NewMuxer(r.syntax, nil)
	alone := make([]*httpmuxer.Muxer, len(asked.Routes))
	for index, route := range asked.Routes {
		read := &told.Rules[index]
		if asked.Trees {
			if read.Tree, read.Error = r.tree(route); read.Error != "" {
				continue
			}
		}
		priority := route.Priority
		if priority == 0 {
			priority = httpmuxer.GetRulePriority(route.Rule)
		}
		own := httpmuxer.NewMuxer(r.syntax, nil)
		if err := add(own, route, priority, index); err != nil {
			read.Error = err.Error()
			continue
		}
		alone[index] = own
		// What one muxer takes, another does.
		if err := add(table, route, priority, index); err != nil {
			read.Error = err.Error()
		}
	}
	for index, text := range asked.Requests {
		told.Requests[index] = ask(text, table, alone)
	}
	return told
}

// tree takes a panic of the parser for an error: it must not keep the next rule from its answer.
func (r reader) tree(asked route) (tree *rules.Tree, failed string) {
	defer func() {
		if cause := recover(); cause != nil {
			tree, failed = nil, fmt.Sprintf("panic: %v", cause)
		}
	}()
	parsed, err := r.parsers[asked.Syntax].Parse(asked.Rule)
	if err != nil {
		return nil, err.Error()
	}
	build, ok := parsed.(rules.TreeBuilder)
	if !ok {
		return nil, "no tree can be built"
	}
	return build(), ""
}

func add(muxer *httpmuxer.Muxer, asked route, priority, index int) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	handler := http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		writer.(*seen).route = index
	})
	return muxer.AddRoute(asked.Rule, asked.Syntax, priority, "", handler)
}

// ask reads the request as the server does, and has it go where the router's would.
func ask(text string, table *httpmuxer.Muxer, alone []*httpmuxer.Muxer) outcome {
	told := outcome{Takes: []int{}, Winner: -1}
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		told.Error = err.Error()
		return told
	}
	if request.Host == "" {
		told.Error = "a request without a host"
		return told
	}
	for index, muxer := range alone {
		if muxer != nil && lead(muxer, request) >= 0 {
			told.Takes = append(told.Takes, index)
		}
	}
	told.Winner = lead(table, request)
	return told
}

// lead has the muxer serve the request behind the middleware that it has in the router.
func lead(muxer *httpmuxer.Muxer, request *http.Request) int {
	writer := &seen{route: -1}
	requestdecorator.New(nil).ServeHTTP(writer, request, muxer.ServeHTTP)
	return writer.route
}

// seen is where handlers leave which route they stand for.
type seen struct{ route int }

func (*seen) Header() http.Header             { return http.Header{} }
func (*seen) Write(bytes []byte) (int, error) { return len(bytes), nil }
func (*seen) WriteHeader(int)                 {}
