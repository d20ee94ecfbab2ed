package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// channelled is a policy whose channel has its URL in HOOK.
func channelled(t *testing.T, more string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte("version: 1\nnotify:\n  - {name: hook, kind: webhook, urlEnv: HOOK"+more+"}\nrules:\n  - {name: day, maxRuntime: 1d}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// notifierAt tells a URL, and returns what it logs.
func notifierAt(t *testing.T, url string) (*notifier, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	n, err := newNotifier(channelled(t, ""), func(string) string { return url }, newLog(&log), nil)
	if err != nil {
		t.Fatal(err)
	}
	return n, &log
}

func withheldReport() *result.Report {
	return &result.Report{
		Complete: true, Policy: result.PolicyRef{Name: "p"}, Mode: "enforce", Withheld: &result.Withheld{Limit: "maxStops", Condemned: 7},
		Decisions: []result.Decision{{Flow: "f", Execution: "e", Rule: "day", Outcome: result.WithheldOutcome}},
	}
}

func TestTellOfAReport(t *testing.T) {
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
	}))
	defer server.Close()
	n, log := notifierAt(t, server.URL)
	for range 3 { // three sweeps, a minute each
		n.tell(t.Context(), withheldReport())
	}
	var m notify.Message
	if len(bodies) != 1 || json.Unmarshal([]byte(bodies[0]), &m) != nil || m.Limit == nil || m.Limit.Condemned != 7 {
		t.Errorf("told %q", bodies)
	}
	if log.Len() > 0 {
		t.Errorf("logged %s", log)
	}
}

// TestTellFailsNothing: what goes wrong is logged, without the URL.
func TestTellFailsNothing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
	defer server.Close()
	n, log := notifierAt(t, server.URL+"/hunter2")
	n.tell(t.Context(), withheldReport())
	if got := log.String(); !strings.Contains(got, `"level":"WARN","msg":"notify","channel":"hook","error":"the answer is HTTP 500"`) || strings.Contains(got, "hunter2") {
		t.Errorf("logged %s", got)
	}
}

// TestTellTakesWhatIsLeft of the invocation's time, and 5 s at the most.
func TestTellTakesWhatIsLeft(t *testing.T) {
	for name, test := range map[string]struct{ left, want time.Duration }{
		"no deadline": {0, 5 * time.Second}, "plenty": {time.Hour, 5 * time.Second},
		"little": {2 * time.Second, 1500 * time.Millisecond}, "nothing": {100 * time.Millisecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hangs := roundTrips(func(r *http.Request) (*http.Response, error) {
					<-r.Context().Done()
					return nil, r.Context().Err()
				})
				channels, err := notify.For(channelled(t, ""), notify.Options{Getenv: func(string) string { return "https://hook.example/" }, Transport: hangs})
				if err != nil {
					t.Fatal(err)
				}
				var log bytes.Buffer
				n := &notifier{channels, newLog(&log)}
				ctx := t.Context()
				if test.left > 0 {
					bounded, cancel := context.WithTimeout(ctx, test.left)
					defer cancel()
					ctx = bounded
				}
				begun := time.Now()
				n.tell(ctx, withheldReport())
				if took := time.Since(begun); took != test.want {
					t.Errorf("it took %v, want %v", took, test.want)
				}
				if !strings.Contains(log.String(), `"error":"no answer `) {
					t.Errorf("logged %s", log.String())
				}
			})
		})
	}
}

type roundTrips func(*http.Request) (*http.Response, error)

func (f roundTrips) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestChannelsWithoutVariables are logged at the start, and keep nothing from
// starting; a template that can't work does, as any mistake in the policy.
func TestChannelsWithoutVariables(t *testing.T) {
	n, log := notifierAt(t, "")
	want := `"msg":"notify","channel":"hook","error":"the environment variable HOOK is not set; put the channel's URL there"`
	if !strings.Contains(log.String(), want) {
		t.Errorf("logged %s", log)
	}
	n.tell(t.Context(), &result.Report{Complete: true}) // nothing to tell: no warning more
	if strings.Count(log.String(), "\n") != 1 {
		t.Errorf("logged %s", log)
	}
	_, err := newNotifier(channelled(t, `, template: "{{.Nobody}}"`), func(string) string { return "" }, slog.New(slog.DiscardHandler), nil)
	var all policy.Errors
	if !errors.As(err, &all) || !strings.HasPrefix(err.Error(), "p.yaml:3:") {
		t.Errorf("error %v", err)
	}
}

// TestVariablesWithBlanks are said at the start, and never shown; a variable of blanks alone
// is one that isn't set.
func TestVariablesWithBlanks(t *testing.T) {
	const said = `"msg":"notify","channel":"hook","error":"the environment variable HOOK begins or ends with a blank or a line end, which is left out; store it without"`
	for value, want := range map[string]bool{"https://hook.example/hunter2": false, "https://hook.example/hunter2\n": true, "\u00a0https://hook.example/hunter2": true, "\r\n": true} {
		_, log := notifierAt(t, value)
		if got := strings.Contains(log.String(), said); got != want || strings.Contains(log.String(), "hunter2") {
			t.Errorf("%q: logged %s", value, log)
		}
		if got := strings.Contains(log.String(), "is not set"); got != (strings.TrimSpace(value) == "") {
			t.Errorf("%q: logged %s", value, log)
		}
	}
}

// TestNobodyToTell: a policy without channels tells nobody.
func TestNobodyToTell(t *testing.T) {
	var calls atomic.Int32
	p, err := policy.Parse("p.yaml", []byte("version: 1\nrules: [{name: day, maxRuntime: 1d}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNotifier(p, func(string) string { calls.Add(1); return "" }, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n.tell(t.Context(), withheldReport()); calls.Load() > 0 {
		t.Error("it read the environment")
	}
}
