package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator"
)

const one = "\nflows: [{name: flow, executions: [{name: exec, startedAgo: 1h, input: {a: 1}}, {name: ends, endsIn: 7s}]}]"

func TestBothSignatures(t *testing.T) {
	for _, test := range []struct {
		acs3 bool
		yaml string
		want string
	}{
		{false, one, ""},
		{true, one, ""},
		{false, "behaviour: {acs3: refuse}" + one, ""},
		{true, "behaviour: {acs3: refuse}" + one, "IncompleteSignature"},
	} {
		c := newClient(t, newServer(t, test.yaml, emulator.Options{}), test.acs3)
		if _, err := c.post(t.Context(), "StopExecution", "FlowName", "flow", "ExecutionName", "exec", "Cause", "好 ~*+%"); code(err) != test.want {
			t.Errorf("%+v: StopExecution: %v", test, err)
		}
		if _, err := c.get(t.Context(), "DescribeFlow", "Name", "flow"); code(err) != test.want {
			t.Errorf("%+v: DescribeFlow: %v", test, err)
		}
		stops := c.server.Stats().Stops
		if test.want == "" && (len(stops) != 1 || stops[0].Cause != "好 ~*+%") {
			t.Errorf("%+v: stops %+v", test, stops)
		}
	}
}

func TestAnswersHaveTheDocumentedShape(t *testing.T) {
	c := newClient(t, newServer(t, `
flows: [{name: flow, description: d, definition: def, roleArn: arn, environment: {B: "2", A: "1"}, executions: [{name: exec, startedAgo: 1h, input: {a: 1}}]}]`, emulator.Options{}), false)
	environment := map[string]any{"Variables": []any{
		map[string]any{"Name": "A", "Value": "1", "Description": ""}, map[string]any{"Name": "B", "Value": "2", "Description": ""},
	}}
	page, err := c.get(t.Context(), "ListExecutions", "FlowName", "flow")
	if err != nil {
		t.Fatal(err)
	}
	row := page["Executions"].([]any)[0].(map[string]any)
	want := map[string]any{
		"Name": "exec", "FlowName": "flow", "Status": "Running", "StartedTime": row["StartedTime"], "StoppedTime": "",
		"Input": `{"a":1}`, "Output": "", "FlowDefinition": "def", "Environment": environment,
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Errorf("a row of ListExecutions (-want +got):\n%s", diff)
	}

	page, err = c.get(t.Context(), "ListExecutions", "FlowName", "flow", "MetadataOnly", "true")
	if err != nil {
		t.Fatal(err)
	}
	delete(want, "Input")
	delete(want, "Output")
	delete(want, "FlowDefinition")
	if diff := cmp.Diff(want, page["Executions"].([]any)[0]); diff != "" {
		t.Errorf("with MetadataOnly (-want +got):\n%s", diff)
	}

	flow, err := c.get(t.Context(), "DescribeFlow", "Name", "flow")
	if err != nil {
		t.Fatal(err)
	}
	wantFlow := map[string]any{
		"Name": "flow", "Id": flow["Id"], "Description": "d", "Definition": "def", "Type": "FDL", "RoleArn": "arn", "ExecutionMode": "",
		"CreatedTime": flow["CreatedTime"], "LastModifiedTime": flow["LastModifiedTime"], "ResourceGroupId": "rg-emulator",
		"Environment": environment, "RequestId": flow["RequestId"],
	}
	if diff := cmp.Diff(wantFlow, flow); diff != "" || flow["RequestId"] == "" || flow["Id"] == "" {
		t.Errorf("DescribeFlow (-want +got):\n%s", diff)
	}
}

func TestLongPoll(t *testing.T) {
	for _, test := range []struct {
		name, yaml, execution, wait string
		stopAfter                   time.Duration
		status                      string
		after                       time.Duration
	}{
		{"until the execution ends", one, "ends", "60", 0, "Succeeded", 7 * time.Second},
		{"until the time is over", one, "exec", "5", 0, "Running", 5 * time.Second},
		{"not at all", one, "exec", "0", 0, "Running", 0},
		{"until somebody stops it", one, "exec", "60", 20 * time.Second, "Stopped", 20 * time.Second},
		{"until the stop takes effect", "behaviour: {stopDelay: 3s}" + one, "exec", "60", 20 * time.Second, "Stopped", 23 * time.Second},
		{"in vain, where a stop never shows", "behaviour: {describeAfterStop: running}" + one, "exec", "30", 20 * time.Second, "Running", 30 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, newServer(t, test.yaml, emulator.Options{}), false)
				stopper := newClient(t, c.server, false)
				var stopping sync.WaitGroup
				defer stopping.Wait()
				if test.stopAfter > 0 {
					stopping.Go(func() {
						time.Sleep(test.stopAfter)
						if _, err := stopper.post(t.Context(), "StopExecution", "FlowName", "flow", "ExecutionName", test.execution); err != nil {
							t.Error(err)
						}
					})
				}
				start := time.Now()
				answer, err := c.get(t.Context(), "DescribeExecution", "FlowName", "flow", "ExecutionName", test.execution, "WaitTimeSeconds", test.wait)
				if err != nil || answer["Status"] != test.status || time.Since(start) != test.after {
					t.Errorf("after %s it is %v, %v; want %s after %s", time.Since(start), answer["Status"], err, test.status, test.after)
				}
			})
		})
	}
}

func TestLongPollEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, newServer(t, one, emulator.Options{}), false)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.get(ctx, "DescribeExecution", "FlowName", "flow", "ExecutionName", "exec", "WaitTimeSeconds", "60")
		if !strings.Contains(fmt.Sprint(err), context.DeadlineExceeded.Error()) || time.Since(start) != 2*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, newServer(t, one, emulator.Options{}), false)
		count := func(operation string, parameters ...string) int {
			for passed := range 100 {
				if _, err := c.get(t.Context(), operation, parameters...); code(err) == "ResourceThrottled" {
					return passed
				} else if err != nil {
					t.Fatal(err)
				}
			}
			return 100
		}
		describe := []string{"FlowName", "flow", "ExecutionName", "exec"}
		got := []int{count("ListFlows"), count("ListExecutions", "FlowName", "flow"), count("DescribeExecution", describe...), count("GetExecutionHistory", describe...)}
		time.Sleep(3 * time.Second)
		got = append(got, count("ListFlows"), count("DescribeExecution", describe...))
		time.Sleep(time.Hour)
		got = append(got, count("ListFlows"), count("DescribeExecution", describe...))
		want := []int{10, 10, 50, 50, 6, 15, 10, 50}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("calls that passed (-want +got):\n%s", diff)
		}
		if s := c.server.Stats(); s.Throttled != 8 || s.Calls["ListFlows"] != 10+6+10+3 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestWithoutQuota(t *testing.T) {
	c := newClient(t, newServer(t, one, emulator.Options{NoQuota: true}), false)
	for range 100 {
		if _, err := c.get(t.Context(), "ListFlows"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, newServer(t, one, emulator.Options{Latency: 20 * time.Millisecond}), false)
		start := time.Now()
		if _, err := c.get(t.Context(), "ListFlows"); err != nil || time.Since(start) != 20*time.Millisecond {
			t.Errorf("answered after %s, %v", time.Since(start), err)
		}
	})
}

// The emulator's own clock shows in Date, in the executions' times, and in
// what it takes for too far away.
func TestClockOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, newServer(t, "behaviour: {clockOffset: 5m}"+one, emulator.Options{}), false)
		answer, err := c.get(t.Context(), "DescribeExecution", "FlowName", "flow", "ExecutionName", "exec")
		if err != nil {
			t.Fatal(err)
		}
		const date, started = "Sat, 01 Jan 2000 00:05:00 GMT", "1999-12-31T23:05:00.000Z"
		if got := c.last.Header.Get("Date"); got != date || answer["StartedTime"] != started {
			t.Errorf("Date %s, StartedTime %s; want %s, %s", got, answer["StartedTime"], date, started)
		}
		skewed := newClient(t, newServer(t, "behaviour: {clockOffset: -16m}"+one, emulator.Options{}), false)
		if _, err := skewed.get(t.Context(), "ListFlows"); code(err) != "RequestTimeTooSkewed" {
			t.Errorf("16 minutes away: %v", err)
		}
		strict := newClient(t, newServer(t, "behaviour: {clockOffset: 5m, maxSkew: 4m}"+one, emulator.Options{}), false)
		if _, err := strict.get(t.Context(), "ListFlows"); code(err) != "RequestTimeTooSkewed" {
			t.Errorf("5 minutes away, 4 allowed: %v", err)
		}
	})
}

// A day of an account at the documented quota passes without a goroutine
// that would keep the bubble from ending.
func TestASimulatedDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, newServer(t, "generate: [{flows: 20, prefix: load-, live: 3, every: 30m, median: 8m, hang: 1%, seed: 1}]", emulator.Options{}), false)
		start, pages := time.Now(), 0
		for time.Since(start) < 24*time.Hour {
			page, err := c.get(t.Context(), "ListExecutions", "FlowName", fmt.Sprintf("load-%d", pages%20), "Status", "Running", "MetadataOnly", "true")
			if err != nil || len(page["Executions"].([]any)) < 3 {
				t.Fatal(len(page), err)
			}
			pages++
			time.Sleep(time.Minute)
		}
		if s := c.server.Stats(); s.Calls["ListExecutions"] != 24*60 || s.Throttled != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestBrokenConnectionsInMemory(t *testing.T) {
	for kind, wantStops := range map[string]int{"resetBefore": 0, "resetAfter": 1} {
		server := newServer(t, "faults: [{operation: StopExecution, kind: "+kind+", times: 1}]"+one, emulator.Options{})
		c := newClient(t, server, false)
		raw := &rawClient{server: server}
		c.transport.HttpClient = raw
		_, err := c.post(t.Context(), "StopExecution", "FlowName", "flow", "ExecutionName", "exec")
		if err == nil || !errors.Is(raw.err, syscall.ECONNRESET) || !strings.HasPrefix(raw.err.Error(), `Post "http://emulator.invalid/?`) {
			t.Errorf("%s: %v, from %v", kind, err, raw.err)
		}
		if got := len(server.Stats().Stops); got != wantStops {
			t.Errorf("%s: %d stops took effect, want %d", kind, got, wantStops)
		}
	}
}

func TestStatsAsJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, newServer(t, one, emulator.Options{}), false)
		empty, err := json.Marshal(c.server.Stats())
		if want := `{"calls":{},"throttled":0,"stops":[]}`; err != nil || string(empty) != want {
			t.Errorf("at first %s, %v; want %s", empty, err, want)
		}
		if _, err := c.post(t.Context(), "StopExecution", "FlowName", "flow", "ExecutionName", "exec", "Error", "E", "Cause", "C"); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(c.server.Stats())
		want := `{"calls":{"StopExecution":1},"throttled":0,"stops":[{"flow":"flow","execution":"exec","error":"E","cause":"C","startedTime":"1999-12-31T23:00:00Z","at":"2000-01-01T00:00:00Z"}]}`
		if err != nil || string(text) != want {
			t.Errorf("got  %s, %v\nwant %s", text, err, want)
		}
	})
}
