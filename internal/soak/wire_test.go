package soak

import (
	"net/http"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
)

// call is one request as it went over the wire.
type call struct {
	at        time.Time
	operation string
	flow      string
	execution string
	failed    bool
}

// wire is the emulator in memory, and notes what is asked of it.
type wire struct {
	*emulator.Server

	mu     sync.Mutex
	listed map[string][]time.Time // by flow: when its first pages were answered
	stops  []time.Time            // when StopExecution was called
	latest []call                 // the calls since forget
}

func newWire(server *emulator.Server) *wire {
	return &wire{Server: server, listed: map[string][]time.Time{}}
}

// Call is the HttpClient of the transport.
func (w *wire) Call(request *http.Request, transport *http.Transport) (*http.Response, error) {
	query := request.URL.Query()
	response, err := w.Server.Call(request, transport)
	c := call{
		at: time.Now(), operation: query.Get("Action"), flow: query.Get("FlowName"), execution: query.Get("ExecutionName"),
		failed: err != nil || response.StatusCode != http.StatusOK,
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.latest = append(w.latest, c)
	switch {
	case c.operation == cloudflow.OpListExecutions && !c.failed && query.Get("NextToken") == "":
		w.listed[c.flow] = append(w.listed[c.flow], c.at)
	case c.operation == cloudflow.OpStopExecution:
		w.stops = append(w.stops, c.at)
	}
	return response, err
}

// forget begins a sweep: what it calls is in calls.
func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.latest = w.latest[:0]
}

func (w *wire) calls(operation string) []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	var calls []call
	for _, c := range w.latest {
		if c.operation == operation {
			calls = append(calls, c)
		}
	}
	return calls
}

// client is what one sweep calls with.
func (w *wire) client(t interface{ Fatal(...any) }, quota *cloudflow.Quota) *cloudflow.Client {
	client, err := cloudflow.New(cloudflow.Options{
		Endpoint:    "http://127.0.0.1:1", // nobody listens: every call stays in this process
		Credentials: cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
		HTTPClient:  w, Quota: quota,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}
