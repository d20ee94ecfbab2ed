package emulator_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator"
)

// rawClient keeps the error that came from the emulator.
type rawClient struct {
	server *emulator.Server
	err    error
}

func (c *rawClient) Call(r *http.Request, t *http.Transport) (answer *http.Response, err error) {
	answer, c.err = c.server.Call(r, t)
	return answer, c.err
}

func TestFaultsCountDown(t *testing.T) {
	c := newClient(t, newServer(t, `
faults:
  - {operation: DescribeExecution, flow: flow, execution: exec, skip: 1, times: 2, kind: error, code: ConcurrentUpdateError}
  - {operation: DescribeExecution, execution: exec, skip: 1, times: 1, kind: error, status: 500}`+one, emulator.Options{}), false)
	var got []string
	for range 5 {
		_, err := c.get(t.Context(), "DescribeExecution", "FlowName", "flow", "ExecutionName", "exec")
		got = append(got, code(err))
	}
	want := []string{"", "ConcurrentUpdateError", "ConcurrentUpdateError", "InternalServerError", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, other := range [][]string{{"FlowName", "flow", "ExecutionName", "ends"}} {
		if _, err := c.get(t.Context(), "DescribeExecution", other...); err != nil {
			t.Errorf("a fault met what it doesn't name: %v", err)
		}
	}
}

func TestErrorsOfFaults(t *testing.T) {
	for _, test := range []struct{ fault, status, code, message string }{
		{"code: ExecutionAlreadyCompleted", "400", "ExecutionAlreadyCompleted", "Execution 'exec' for flow 'flow' has already completed."},
		{"code: AccessDenied", "403", "AccessDenied", "The resources doesn't belong to you."},
		{"status: 429", "429", "ResourceThrottled", "The request is throttled. Please try again later."},
		{"status: 503, code: ServiceBusy", "503", "ServiceBusy", "An error that the emulator was asked for."},
		{"status: 503", "503", "InternalServerError", "An error that the emulator was asked for."},
		{"delay: 1ms", "500", "InternalServerError", "An internal error has occurred. Please retry."},
	} {
		server := newServer(t, "faults: [{kind: error, "+test.fault+"}]"+one, emulator.Options{})
		c := newClient(t, server, false)
		_, err := c.post(t.Context(), "StopExecution", "FlowName", "flow", "ExecutionName", "exec")
		wantStatus := test.status + " " + http.StatusText(c.last.StatusCode)
		if c.last.Status != wantStatus || code(err) != test.code || !contains(err.Error(), test.message) {
			t.Errorf("%s: %s %v; want %s %s %s", test.fault, c.last.Status, err, wantStatus, test.code, test.message)
		}
		if len(server.Stats().Stops) != 0 {
			t.Errorf("%s: the refused stop took effect", test.fault)
		}
	}
}

func TestThrottlingFaultsCountAsThrottled(t *testing.T) {
	c := newClient(t, newServer(t, "faults: [{kind: error, code: Throttling.User, times: 1}, {kind: error, status: 429, times: 1}, {kind: error, times: 1}]"+one, emulator.Options{}), false)
	for range 3 {
		if _, err := c.get(t.Context(), "ListFlows"); err == nil {
			t.Error("no fault")
		}
	}
	if s := c.server.Stats(); s.Throttled != 2 || s.Calls["ListFlows"] != 3 {
		t.Errorf("%+v, want 2 throttled of 3", s)
	}
}

func TestSlowAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, newServer(t, "faults: [{operation: StopExecution, kind: slow, delay: 30s}]"+one, emulator.Options{}), false)
		start := time.Now()
		if _, err := c.post(t.Context(), "StopExecution", "FlowName", "flow", "ExecutionName", "exec"); err != nil {
			t.Fatal(err)
		}
		stops := c.server.Stats().Stops
		if time.Since(start) != 30*time.Second || len(stops) != 1 || !stops[0].At.Equal(start) {
			t.Errorf("after %s: %+v", time.Since(start), stops)
		}
	})
}

// A gateway's faults meet requests before signature and quota; those of the
// service only requests that were let in.
func TestWhereFaultsMeetRequests(t *testing.T) {
	for kind, want := range map[string]int{"html502": http.StatusBadGateway, "empty503": http.StatusServiceUnavailable, "torn": http.StatusForbidden, "error": http.StatusForbidden} {
		c := newClient(t, newServer(t, "behaviour: {clockOffset: 1h}\nfaults: [{kind: "+kind+"}]"+one, emulator.Options{}), false)
		c.get(t.Context(), "ListFlows") // its answer's status is what counts
		if c.last.StatusCode != want {
			t.Errorf("%s: status %d, want %d", kind, c.last.StatusCode, want)
		}
	}
}

func TestTornInMemory(t *testing.T) {
	c := newClient(t, newServer(t, "faults: [{kind: torn}]"+one, emulator.Options{}), false)
	_, err := c.get(t.Context(), "ListFlows")
	if err == nil || !contains(err.Error(), "unexpected EOF") {
		t.Errorf("half a body came as %v", err)
	}
}
