package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc/messages"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

var guardrails = func() *policy.Policy {
	p, err := policy.Parse("policy.yaml", []byte("version: 1\npolicy: guardrails\nmode: enforce\nrules: [{name: two-hours, maxRuntime: 2h}, {name: team, on: [event], when: event.data.team == \"etl\"}]\n"))
	if err != nil {
		panic(err)
	}
	return p
}()

// working is a function whose policy has been compiled, with its log.
func working(endpoint string) (*function, *bytes.Buffer) {
	log := &bytes.Buffer{}
	return &function{
		settings: settings{mode: policy.ModeEnforce, endpoint: endpoint, region: "cn-hangzhou", tick: time.Minute},
		policy:   guardrails,
		log:      newLog(log),
		quota:    cloudflow.Unlimited(),
		sweep:    sweep.Run,
	}, log
}

func withCredentials(ctx context.Context, c fccontext.Credentials) context.Context {
	return fccontext.NewContext(ctx, &fccontext.FcContext{RequestID: "request", Region: "cn-hangzhou", Credentials: c})
}

var someone = fccontext.Credentials{AccessKeyId: "STS.someone", AccessKeySecret: "a-secret", SecurityToken: "a-token"}

// emptyAccount answers ListFlows with no flows, and notes who asked.
func emptyAccount(t *testing.T) (endpoint string, keys func() []string) {
	t.Helper()
	var mu sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.URL.Query().Get("AccessKeyId"))
		io.WriteString(w, `{"RequestId":"r","Flows":[]}`)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

// lines decodes a log.
func lines(t *testing.T, log *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for decoder := json.NewDecoder(bytes.NewReader(log.Bytes())); decoder.More(); {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatalf("%v in the log\n%s", err, log)
		}
		all = append(all, line)
	}
	return all
}

// wantError expects an error as the SDK takes it: a value of its own struct.
func wantError(t *testing.T, err error, typ, message string) {
	t.Helper()
	want := messages.InvokeResponse_Error{Type: typ, Message: message}
	if got, ok := err.(messages.InvokeResponse_Error); !ok || !cmp.Equal(want, got) { //nolint:errorlint // so does the SDK
		t.Errorf("error %#v\nwant  %#v", err, want)
	}
}

// Function Compute's credentials are temporary: each invocation calls with its
// own.
func TestEachInvocationHasItsCredentials(t *testing.T) {
	endpoint, keys := emptyAccount(t)
	f, _ := working(endpoint)
	for _, id := range []string{"first", "second"} {
		report, err := f.handle(withCredentials(t.Context(), fccontext.Credentials{AccessKeyId: id, AccessKeySecret: "secret"}), timerEvent(t))
		if err != nil {
			t.Fatal(err)
		}
		if !report.Complete || report.Calls.ListFlows != 1 || report.Policy.Name != "guardrails" {
			t.Errorf("report %+v, want a complete one with one call", report)
		}
		if want := (result.Trigger{Kind: "timer", Name: "every-minute"}); report.Trigger != want {
			t.Errorf("trigger %+v, want %+v", report.Trigger, want)
		}
	}
	if diff := cmp.Diff([]string{"first", "second"}, keys()); diff != "" {
		t.Error(diff)
	}
}

func TestOffMakesNoCall(t *testing.T) {
	endpoint, keys := emptyAccount(t)
	f, log := working(endpoint)
	f.settings.off, f.settings.mode = true, policy.ModePlan
	report, err := f.handle(withCredentials(t.Context(), someone), timerEvent(t))
	if err != nil {
		t.Fatal(err)
	}
	if report.Answered != "off" || report.Complete || report.Mode != policy.ModePlan {
		t.Errorf("report %+v, want one answered off that claims nothing", report)
	}
	if len(keys()) > 0 {
		t.Errorf("%d calls", len(keys()))
	}
	if line := lines(t, log)[0]; line["msg"] != "sweep" || line["answered"] != "off" {
		t.Errorf("log line %v", line)
	}
}

func TestSecondInvocationAtOnceAnswersBusy(t *testing.T) {
	f, _ := working("http://127.0.0.1:1")
	begun, finish := make(chan struct{}), make(chan struct{})
	var underWay atomic.Int32
	f.sweep = func(context.Context, sweep.Options) (*result.Report, error) {
		defer underWay.Add(-1)
		if underWay.Add(1) > 1 {
			t.Error("two sweeps at once")
			return &result.Report{}, nil
		}
		begun <- struct{}{}
		<-finish
		return &result.Report{}, nil
	}
	sweepOnce := func() *result.Report {
		report, err := f.handle(withCredentials(context.Background(), someone), timerEvent(t))
		if err != nil {
			t.Error(err)
		}
		return report
	}
	first := make(chan *result.Report)
	go func() { first <- sweepOnce() }()
	<-begun
	if report := sweepOnce(); report.Answered != "busy" || report.Complete {
		t.Errorf("report %+v, want one answered busy that claims nothing", report)
	}
	finish <- struct{}{}
	if report := <-first; report.Answered != "" {
		t.Errorf("the first is answered %q", report.Answered)
	}
	go func() { first <- sweepOnce() }() // and the next one sweeps again
	<-begun
	finish <- struct{}{}
	<-first
}

func TestWhatASweepIsGiven(t *testing.T) {
	f, _ := working("http://127.0.0.1:1")
	f.settings.mode = policy.ModePlan
	var got sweep.Options
	f.sweep = func(_ context.Context, o sweep.Options) (*result.Report, error) {
		got = o
		return &result.Report{}, nil
	}
	begun := time.Now()
	if _, err := f.handle(withCredentials(t.Context(), someone), timerEvent(t)); err != nil {
		t.Fatal(err)
	}
	if got.Policy != guardrails || got.Memory == nil || got.Quota != f.quota || got.Mode != policy.ModePlan || got.Event.Kind != "timer" || got.RunID == "" {
		t.Errorf("options %+v", got)
	}
	if until := got.Until.Sub(begun); until < 50*time.Second || until > 51*time.Second {
		t.Errorf("the sweep has %s, want a tick less 10 s", until)
	}
	first := got.Memory
	if _, err := f.handle(withCredentials(t.Context(), someone), timerEvent(t)); err != nil || got.Memory != first {
		t.Errorf("error %v; the second sweep has a memory of its own", err)
	}
}

func TestSweepTime(t *testing.T) {
	now := time.Now()
	for _, test := range []struct{ timeout, tick, want time.Duration }{
		{time.Hour, time.Minute, 50 * time.Second},
		{time.Minute, time.Minute, 50 * time.Second},
		{time.Minute, 5 * time.Minute, 50 * time.Second},
		{10 * time.Second, time.Minute, 5 * time.Second},
		{3 * time.Second, time.Minute, 1500 * time.Millisecond},
		{0, 5 * time.Minute, 290 * time.Second},
	} {
		ctx := t.Context()
		if test.timeout > 0 {
			bounded, cancel := context.WithDeadline(ctx, now.Add(test.timeout))
			defer cancel()
			ctx = bounded
		}
		f := &function{settings: settings{tick: test.tick}}
		if got := f.until(ctx, now, false).Sub(now); got != test.want {
			t.Errorf("with a timeout of %s and a tick of %s a sweep has %s, want %s", test.timeout, test.tick, got, test.want)
		}
	}
}

// An event that waited in a queue says nothing about now, and the ones after it
// have been swept for already.
func TestStaleTimerEventIsNotSweptFor(t *testing.T) {
	endpoint, keys := emptyAccount(t)
	f, _ := working(endpoint)
	f.settings.tick = 5 * time.Minute
	event := func(age time.Duration) []byte {
		return fmt.Appendf(nil, `{"triggerTime":%q,"triggerName":"t","payload":""}`, time.Now().Add(-age).UTC().Format(time.RFC3339))
	}
	report, err := f.handle(withCredentials(t.Context(), someone), event(10*time.Minute+2*time.Second))
	if err != nil || report.Answered != "stale" || report.Complete || len(keys()) != 0 {
		t.Errorf("error %v, report %+v, %d calls", err, report, len(keys()))
	}
	report, err = f.handle(withCredentials(t.Context(), someone), event(9*time.Minute))
	if err != nil || report.Answered != "" {
		t.Errorf("error %v, answered %q", err, report.Answered)
	}
}

func TestSweepThatFails(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{&result.Error{Code: result.CodeWithheld, Err: errors.New("too many")}, "FlowReaperWithheld"},
		{&result.Error{Code: result.CodeClockSkew, Err: errors.New("40 s")}, "FlowReaperClockSkew"},
		{&result.Error{Code: result.CodeCredentials, Err: errors.New("unknown key")}, "FlowReaperCredentials"},
		{&result.Error{Code: result.CodeSweep, Err: errors.New("cut short")}, "FlowReaperSweep"},
		{fmt.Errorf("something else"), "FlowReaperSweep"},
	} {
		t.Run(test.want, func(t *testing.T) {
			f, log := working("http://127.0.0.1:1")
			decision := result.Decision{Flow: "etl", Execution: "run-1", Outcome: result.WithheldOutcome, Verdict: policy.Stop}
			f.sweep = func(_ context.Context, o sweep.Options) (*result.Report, error) {
				o.Decided(decision)
				return &result.Report{Version: 1, RunID: o.RunID, Decisions: []result.Decision{decision}}, test.err
			}
			report, err := f.handle(withCredentials(t.Context(), someone), timerEvent(t))
			if report != nil {
				t.Error("the SDK drops a report beside an error")
			}
			wantError(t, err, test.want, test.err.Error())

			logged := lines(t, log)
			if len(logged) != 2 {
				t.Fatalf("%d lines, want a decision and the report:\n%s", len(logged), log)
			}
			if d := logged[0]; d["msg"] != "decision" || d["execution"] != "run-1" || d["outcome"] != "withheld" || d["level"] != "WARN" {
				t.Errorf("decision %v", d)
			}
			if s := logged[1]; s["msg"] != "sweep" || s["level"] != "ERROR" || s["errorType"] != test.want || s["errorMessage"] != test.err.Error() {
				t.Errorf("sweep %v", s)
			}
			if logged[0]["runId"] != logged[1]["runId"] || logged[0]["runId"] == "" {
				t.Errorf("run %v of the decision, %v of the report", logged[0]["runId"], logged[1]["runId"])
			}
		})
	}
}

// The line is the report: each of its members, as the answer has them.
func TestReportLine(t *testing.T) {
	endpoint, _ := emptyAccount(t)
	f, log := working(endpoint)
	report, err := f.handle(withCredentials(t.Context(), someone), timerEvent(t))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal(answer, &want); err != nil {
		t.Fatal(err)
	}
	logged := lines(t, log)
	got := logged[len(logged)-1]
	if got["msg"] != "sweep" || got["level"] != "INFO" {
		t.Errorf("line %v", got)
	}
	for _, ours := range []string{"time", "level", "msg"} {
		delete(got, ours)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestInvocationsThatFailBeforeASweep(t *testing.T) {
	event := timerEvent(t)
	for _, test := range []struct {
		name        string
		change      func(*function)
		credentials fccontext.Credentials
		body        []byte
		typ, want   string
	}{
		{"event", nil, someone, []byte("[]"), "FlowReaperEvent", "event refused: the array is empty; expected a timer event, a CloudEvents 1.0 object, a CloudMonitor alert as JSON or form, another JSON object, or an array of these; to sweep by hand send {\"kind\":\"manual\"}"},
		{"credentials", nil, fccontext.Credentials{}, event, "FlowReaperCredentials",
			"the credentials have no AccessKey id: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or give the function a role"},
		{"broken", func(f *function) { f.broken = fail(policyError, errors.New("policy.yaml:3:1: unknown key")) }, someone, event,
			"FlowReaperPolicy", "policy.yaml:3:1: unknown key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, log := working("http://127.0.0.1:1")
			f.sweep = func(context.Context, sweep.Options) (*result.Report, error) {
				t.Error("it sweeps")
				return &result.Report{}, nil
			}
			if test.change != nil {
				test.change(f)
			}
			_, err := f.handle(withCredentials(t.Context(), test.credentials), test.body)
			wantError(t, err, test.typ, test.want)
			logged := lines(t, log)
			if len(logged) != 1 || logged[0]["msg"] != "failed" || logged[0]["errorType"] != test.typ {
				t.Errorf("log %v", logged)
			}
		})
	}
}

func TestNoRegionAtAll(t *testing.T) {
	f, _ := working("")
	f.settings.region = ""
	_, err := f.handle(fccontext.NewContext(t.Context(), &fccontext.FcContext{Credentials: someone}), timerEvent(t))
	wantError(t, err, "FlowReaperConfig", "neither an endpoint nor a region is set: give a region such as cn-hangzhou, or an endpoint")
}

// What refuses the key quotes it: the secret and the token stay out of log and
// answer all the same.
func TestCredentialsAreNotLogged(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"Code":"SignatureNotMatch","Message":"The request signature we calculated for %s does not match; secret a-secret","RequestId":"r"}`, r.URL.Query().Get("SecurityToken"))
	}))
	defer server.Close()
	f, log := working(server.URL)
	_, err := f.handle(withCredentials(t.Context(), someone), timerEvent(t))
	var answered messages.InvokeResponse_Error
	if !errors.As(err, &answered) || answered.Type != "FlowReaperCredentials" {
		t.Fatalf("error %v, want FlowReaperCredentials", err)
	}
	for _, secret := range []string{someone.AccessKeySecret, someone.SecurityToken} {
		if strings.Contains(answered.Message+log.String(), secret) {
			t.Errorf("%q is told:\n%s\n%s", secret, answered.Message, log)
		}
	}
}
