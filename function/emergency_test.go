package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
	"github.com/flowreaper/flowreaper/schema/schematest"
)

// accident is an account in which something happens.
func accident(t *testing.T) *emulator.Server {
	t.Helper()
	executions := func(names ...string) (all []account.Execution) {
		for i, name := range names {
			all = append(all, account.Execution{Name: name, StartedAgo: account.Duration(time.Duration(i+1) * time.Minute)})
		}
		return all
	}
	server, err := emulator.New(&account.Account{Flows: []account.Flow{
		{Name: "etl-nightly", Executions: executions("run-1", "run-2", "keep-1")},
		{Name: "etl-hourly", Executions: executions("run-3")},
		{Name: "payroll-run", Executions: executions("run-4")},
		{Name: "orders", Executions: executions("run-5", "run-6")},
		{Name: "web", Executions: executions("run-7")},
	}}, emulator.Options{NoQuota: true})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

const emergencies = `version: 1
policy: emergencies
mode: enforce
protect: {flows: ["payroll-*"], when: 'execution.name startsWith "keep-"'}
rules:
  - {name: two-hours, maxRuntime: 2h}
  - {name: bill, on: [event], limits: none, flows: ["etl-*", "payroll-*"],
     when: 'event.kind == "alarm" and (event.data.alertState in ["ALERT", "ALARM"] or event.data.alert.alertStatus == "TRIGGERED") and flow.name startsWith "etl-"'}
  - {name: budget, on: [event], limits: none, flows: ["etl-*", "payroll-*"], when: 'event.kind == "cloudevent" and event.data.stop == true'}
  - {name: queue, on: [event], flows: [orders], when: 'event.type == "orders:Stuck" or event.data.team == "orders"'}
  - {name: brake, on: [event], flows: [web], when: 'event.source == "acs:mns" and event.data.messageBody == "停"'}
  - {name: team, on: [event], limits: none, flows: ["etl-*"], when: 'event.kind == "custom" and event.data.team == "etl"'}
`

// deployed is the function's binary under the runtime API, on an account.
type deployed struct {
	*testing.T
	runtime *fcruntime.Runtime
	logs    *bytes.Buffer
}

func deploy(t *testing.T, binary, policyText string, server http.Handler, env ...string) *deployed {
	t.Helper()
	loopback := httptest.NewServer(server)
	t.Cleanup(loopback.Close)
	policyFile := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policyFile, []byte(policyText), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &deployed{T: t, logs: &bytes.Buffer{}}
	rt, err := fcruntime.Start(t.Context(), fcruntime.Options{
		Binary: binary, Logs: d.logs, Region: "cn-hangzhou", AccountID: "1",
		Env: append([]string{
			"FLOWREAPER_POLICY=" + policyFile, "FLOWREAPER_ENDPOINT=" + loopback.URL,
			"FLOWREAPER_RATES=ListFlows=1000/100,ListExecutions=1000/100,DescribeExecution=1000/100,DescribeFlow=1000/100,StopExecution=1000/100",
		}, env...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	d.runtime = rt
	return d
}

func (d *deployed) invoke(body []byte) (*result.Report, error) {
	d.Helper()
	answer, err := d.runtime.Invoke(d.Context(), fcruntime.Invocation{
		Event: body, Timeout: time.Minute, Credentials: fcruntime.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	if err != nil {
		return nil, err
	}
	if err := schematest.Conforms(answer.Body); err != nil {
		d.Errorf("%v\n%s", err, answer.Body)
	}
	var report result.Report
	if err := json.Unmarshal(answer.Body, &report); err != nil {
		d.Fatal(err)
	}
	return &report, nil
}

func stopped(server *emulator.Server) []string {
	var names []string
	for _, s := range server.Stats().Stops {
		names = append(names, s.Flow+"/"+s.Execution)
	}
	slices.Sort(names)
	return names
}

// Every shape of event, as the documentation records it, sets off the function
// that is deployed, and stops what the rules say of it.
func TestEveryShapeOfEvent(t *testing.T) {
	binary := build(t)
	etl := []string{"etl-hourly/run-3", "etl-nightly/run-1", "etl-nightly/run-2"}
	for file, want := range map[string][]string{
		"alarm.json":              etl,
		"alarm.form":              etl,
		"alarm-cloudevent.json":   etl,
		"alarm-queue.json":        etl,
		"alarm-subscription.json": etl,
		"alarm-subscription.form": etl,
		"cloudevent.json":         etl,
		"custom.json":             etl,
		"objects.json":            {"orders/run-5", "orders/run-6"},
		"texts.json":              {"web/run-7"},
		"timer.json":              nil,
		"manual.json":             nil,
	} {
		t.Run(file, func(t *testing.T) {
			server := accident(t)
			report, err := deploy(t, binary, emergencies, server).invoke(sample(t, file, time.Now()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, stopped(server)); diff != "" {
				t.Errorf("stopped (-want +got):\n%s", diff)
			}
			for _, d := range report.Decisions {
				if protected := d.Execution == "keep-1" || d.Flow == "payroll-run"; protected != (d.Outcome == result.ProtectedOutcome) {
					t.Errorf("%s of %s is %s", d.Execution, d.Flow, d.Outcome)
				}
			}
			if !report.Complete || (report.Resumable != nil) != (want != nil) {
				t.Errorf("complete %t, resumable %v", report.Complete, report.Resumable)
			}
		})
	}
}

// What must not be acted on is refused, in words; nothing is called.
func TestEventsThatTheFunctionRefuses(t *testing.T) {
	server := accident(t)
	d := deploy(t, build(t), emergencies, server)
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for _, test := range []struct{ name, body, want string }{
		{"32 MB", `{"team":"etl","x":"` + strings.Repeat("x", 32<<20) + `"}`, "bytes long; at most 1048576 are read"},
		{"nested", deep, "nested more than 64 deep"},
		{"empty", "", "the body is empty"},
		{"a number", "3", "the body is"},
		{"null", "null", "the body is"},
		{"half an alarm", `{"alertName":"x","alertState":3}`, "alertState"},
		{"an old alarm", string(sample(t, "alarm.json", time.Now().Add(-time.Hour))), "what is older than 15m stops nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := d.invoke([]byte(test.body))
			var refused *fcruntime.FunctionError
			if !errors.As(err, &refused) || refused.Type != "FlowReaperEvent" || !strings.Contains(refused.Message, test.want) || len(refused.Message) > 2000 {
				t.Errorf("error %.500v, want a FlowReaperEvent that says %s", err, test.want)
			}
		})
	}
	if calls := server.Stats().Calls; len(calls) > 0 {
		t.Errorf("calls %v", calls)
	}
}

// A neighbour that can't be understood silences nobody, and doesn't go unseen.
func TestABadEventBesideAGoodOne(t *testing.T) {
	server := accident(t)
	_, err := deploy(t, build(t), emergencies, server).invoke([]byte(`[{"team":"orders"}, 3]`))
	var refused *fcruntime.FunctionError
	if !errors.As(err, &refused) || refused.Type != "FlowReaperEvent" {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"orders/run-5", "orders/run-6"}, stopped(server)); diff != "" {
		t.Error(diff)
	}
}

func TestOffAnswersAnEvent(t *testing.T) {
	server := accident(t)
	report, err := deploy(t, build(t), emergencies, server, "FLOWREAPER_MODE=off").invoke(sample(t, "alarm.json", time.Now()))
	if err != nil || report.Answered != "off" || report.Trigger != (result.Trigger{Kind: "alarm", Name: "etl-bill"}) || len(server.Stats().Calls) > 0 {
		t.Errorf("error %v, report %+v, calls %v", err, report, server.Stats().Calls)
	}
}

// An event goes first: the timer's sweep under way ends early, and timers that
// come meanwhile have nothing to do.
func TestAnEventGoesFirst(t *testing.T) {
	f, _ := working("http://127.0.0.1:1")
	begun := make(chan sweep.Options)
	var underWay atomic.Int32
	f.sweep = func(_ context.Context, o sweep.Options) (*result.Report, error) {
		defer underWay.Add(-1)
		if underWay.Add(1) > 1 {
			t.Error("two sweeps at once")
		}
		begun <- o
		if o.Yield != nil {
			<-o.Yield
		}
		return &result.Report{}, nil
	}
	answers := make(chan string)
	invoke := func(body []byte) {
		report, err := f.handle(withCredentials(context.Background(), someone), body)
		if err != nil {
			t.Error(err)
			report = &result.Report{Answered: "error"}
		}
		answers <- report.Answered
	}
	go invoke(timerEvent(t))
	<-begun
	go invoke([]byte(`{"team":"etl"}`))
	if o := <-begun; len(o.Events) != 1 || o.Event != nil || o.Yield != nil { // it begins only after the timer's has ended
		t.Errorf("options %+v", o)
	}
	<-answers
	<-answers
}

// An event that doesn't get its turn fails, so that it is delivered again.
func TestAnEventThatDoesNotGetItsTurn(t *testing.T) {
	f, _ := working("http://127.0.0.1:1")
	if err := f.sweeps.event(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(withCredentials(t.Context(), someone), 20*time.Millisecond)
	defer cancel()
	_, err := f.handle(ctx, []byte(`{"team":"etl"}`))
	if typ := typeOf(errors.New("any")); err == nil || !strings.Contains(err.Error(), "deliver this one again") || typ != "FlowReaperSweep" {
		t.Errorf("error %v", err)
	}
	if report, err := f.handle(withCredentials(t.Context(), someone), timerEvent(t)); err != nil || report.Answered != "busy" {
		t.Errorf("error %v, report %+v", err, report)
	}
	f.sweeps.done()
	f.sweep = func(context.Context, sweep.Options) (*result.Report, error) { return &result.Report{}, nil }
	if report, err := f.handle(withCredentials(t.Context(), someone), timerEvent(t)); err != nil || report.Answered != "" {
		t.Errorf("error %v, report %+v", err, report)
	}
}

// An event's sweep is bound by the timeout alone, and keeps its rate.
func TestWhatAnEventsSweepIsGiven(t *testing.T) {
	f, _ := working("http://127.0.0.1:1")
	var got sweep.Options
	f.sweep = func(_ context.Context, o sweep.Options) (*result.Report, error) {
		got = o
		return &result.Report{}, nil
	}
	ctx, cancel := context.WithTimeout(withCredentials(t.Context(), someone), 5*time.Minute)
	defer cancel()
	if _, err := f.handle(ctx, []byte(`{"team":"etl"}`)); err != nil {
		t.Fatal(err)
	}
	if left := time.Until(got.Until); left < 4*time.Minute || got.Policy != guardrails || got.Memory == nil || got.Mode != policy.ModeEnforce {
		t.Errorf("it has %v, options %+v", left, got)
	}
	if _, ok := got.Source.(*cloudflow.Client); !ok {
		t.Errorf("source %T", got.Source)
	}
}

// While the emergency's function works on an event, the timer's doesn't say that it
// is over.
func TestTheTimerWhileAnEventIsWorkedOn(t *testing.T) {
	binary, server, state := build(t), accident(t), filepath.Join(t.TempDir(), "state")
	stopping, release := make(chan struct{}, 1), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("Action") == "StopExecution" {
			select {
			case stopping <- struct{}{}:
			default:
			}
			<-release
		}
		server.ServeHTTP(w, r)
	})
	urgent := deploy(t, binary, emergencies, slow, "FLOWREAPER_STATE="+state)
	timer := deploy(t, binary, emergencies, server, "FLOWREAPER_STATE="+state)
	answered := make(chan error)
	go func() {
		_, err := urgent.invoke([]byte(`{"team":"etl"}`))
		answered <- err
	}()
	<-stopping
	during, err := timer.invoke(timerEvent(t))
	if err != nil || during.Complete || during.Resumable == nil || !*during.Resumable {
		t.Errorf("error %v, report %+v", err, during)
	}
	close(release)
	if err := <-answered; err != nil {
		t.Error(err)
	}
	after, err := timer.invoke(timerEvent(t))
	if err != nil || !after.Complete || after.Resumable == nil || after.Estimate != nil {
		t.Errorf("error %v, report %+v", err, after)
	}
}

// People hear of what was stopped; a channel that is down changes nothing.
func TestPeopleAreTold(t *testing.T) {
	messages := make(chan string, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		messages <- string(body)
	}))
	defer hook.Close()
	text := emergencies + "notify:\n  - {name: people, kind: webhook, urlEnv: HOOK}\n  - {name: down, kind: webhook, url: 'http://127.0.0.1:1/'}\n"
	server := accident(t)
	d := deploy(t, build(t), text, server, "HOOK="+hook.URL)
	report, err := d.invoke(sample(t, "objects.json", time.Now()))
	if err != nil || !report.Complete || len(stopped(server)) != 2 {
		t.Errorf("error %v, report %+v", err, report)
	}
	if message := <-messages; !strings.Contains(message, "run-5") || !strings.Contains(message, "run-6") {
		t.Errorf("message %s", message)
	}
	d.runtime.Close() // its logs are complete then
	if logs := d.logs.String(); !strings.Contains(logs, `"msg":"notify","channel":"down"`) || strings.Contains(logs, hook.URL) {
		t.Errorf("logs\n%s", logs)
	}
}

// What a rule in mode plan would have stopped is told once, however often sweeps find it.
func TestPeopleAreToldOfPlansOnce(t *testing.T) {
	messages := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		messages <- string(body)
	}))
	defer hook.Close()
	text := "version: 1\nmode: enforce\nnotify:\n  - {name: people, kind: webhook, urlEnv: HOOK, on: [planned]}\n" +
		"rules:\n  - {name: tried, flows: [orders], maxRuntime: 90s, mode: plan}\n  - {name: silent, flows: [web], maxRuntime: 30s, mode: plan, notify: []}\n"
	server := accident(t)
	d := deploy(t, build(t), text, server, "HOOK="+hook.URL)
	for range 3 {
		if report, err := d.invoke(sample(t, "timer.json", time.Now())); err != nil || !report.Complete || len(stopped(server)) > 0 {
			t.Errorf("error %v, report %+v", err, report)
		}
	}
	if message := <-messages; !strings.Contains(message, "run-6") || strings.Contains(message, "run-5") || strings.Contains(message, "run-7") || len(messages) > 0 {
		t.Errorf("%d more messages; the first %s", len(messages), message)
	}
}

// What will be stopped is told before, once: the state file knows it after a cold start.
// Nothing is stopped meanwhile, and the report says why.
func TestPeopleAreWarned(t *testing.T) {
	messages := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		messages <- string(body)
	}))
	defer hook.Close()
	text := "version: 1\nmode: enforce\nnotify:\n  - {name: people, kind: webhook, urlEnv: HOOK}\n" +
		"rules:\n  - {name: warned, flows: [orders], maxRuntime: 90s, warnBefore: 30m}\n"
	server, state := accident(t), "FLOWREAPER_STATE="+filepath.Join(t.TempDir(), "state")
	for _, warnings := range []int{2, 0} {
		d := deploy(t, build(t), text, server, "HOOK="+hook.URL, state)
		report, err := d.invoke(sample(t, "timer.json", time.Now()))
		if err != nil || len(stopped(server)) > 0 || len(report.Warnings) != warnings || warnings > 0 && report.Decisions[0].Outcome != result.NotWarned {
			t.Errorf("error %v, report %+v", err, report)
		}
		d.runtime.Close()
	}
	if message := <-messages; !strings.Contains(message, "run-6") || len(messages) > 0 {
		t.Errorf("%d more messages; the first %s", len(messages), message)
	}
}

// An event that no rule accepts has nothing to go first for: the timer's sweep
// under way goes on, and the event is answered at once.
func TestAnEventThatNoRuleAcceptsLeavesTheTimerAlone(t *testing.T) {
	f, _ := working("http://127.0.0.1:1")
	yield, ok := f.sweeps.timer()
	if !ok {
		t.Fatal("no turn")
	}
	report, err := f.handle(withCredentials(t.Context(), someone), []byte(`{"nobody":"asks for it"}`))
	if err != nil || len(report.Errors) != 1 || report.Errors[0].Code != "NoRule" || report.Calls != (result.Calls{}) {
		t.Errorf("error %v, report %+v", err, report)
	}
	select {
	case <-yield:
		t.Error("the timer's sweep was ended")
	default:
	}
}
