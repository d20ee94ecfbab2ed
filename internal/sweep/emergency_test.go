package sweep_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// stopAll is an emergency stop of one flow.
const stopAll = `version: 1
policy: test
mode: enforce
protect: {when: execution.name startsWith "keep-"}
limits: {maxStops: 1, maxShare: 1%, floor: 1}
rules:
  - {name: stop-all, on: [event], flows: ["run-*"], when: 'event.data.action == "stop"', limits: none, for: 3h}
`

// events decodes the body of an event.
func events(t *testing.T, body string) []event.Event {
	t.Helper()
	all, err := event.Decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// happen is one invocation of the function with an event, as sweep is one by
// its timer.
func (p *process) happen(until time.Duration, body string) (*result.Report, error) {
	if p.http == nil {
		p.http = p.server
	}
	c, err := cloudflow.New(cloudflow.Options{
		Endpoint: "http://127.0.0.1:1", HTTPClient: p.http, Quota: p.quota, KeepRate: true,
		Credentials: cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	r, err := sweep.Run(context.Background(), sweep.Options{
		Policy: p.policy, Source: c, Stopper: c, Memory: p.memory, Quota: p.quota,
		Until: time.Now().Add(until), Events: events(p.t, body),
	})
	conforms(p.t, r)
	return r, err
}

// killed is a process that dies after a while: from then on nothing that it sends
// arrives, and what it writes was never written.
type killed struct {
	cloudflow.HTTPClient
	at time.Time
}

func (k killed) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	if time.Now().After(k.at) {
		return nil, errors.New("killed")
	}
	return k.HTTPClient.Call(r, t)
}

// kill kills the process after so long. What it returns is called when its sweep
// has ended, and leaves the file as the kill left it, if it was in time.
func (p *process) kill(after time.Duration) (restore func()) {
	http, wire := p.http, p.wire
	p.http = killed{p.wired(), time.Now().Add(after)}
	p.wire = p.http
	saved, copied := map[string][]byte{}, make(chan struct{})
	timer := time.AfterFunc(after, func() {
		defer close(copied)
		for _, name := range p.written() {
			if data, err := os.ReadFile(name); err == nil {
				saved[name] = data
			}
		}
	})
	return func() {
		p.http, p.wire = http, wire
		if timer.Stop() {
			return
		}
		<-copied
		for _, name := range p.written() {
			os.Remove(name)
		}
		for name, data := range saved {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

// written are the files that the state is kept in.
func (p *process) written() []string {
	claims, err := filepath.Glob(p.file + ".tries/*")
	if err != nil {
		p.t.Fatal(err)
	}
	return append(claims, p.file, p.file+".2")
}

// An emergency of more executions than one invocation can stop goes on in the
// sweeps of another function's timer, and after a kill; each is stopped once.
func TestSoakEmergencyAcrossInvocations(t *testing.T) {
	running := 2000
	if os.Getenv("FLOWREAPER_SOAK") != "" {
		running = 10_000
	}
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(&account.Account{Generate: []account.Generate{
			{Flows: 1, Prefix: "run-", Live: running, MaxAge: account.Duration(6 * time.Hour), Seed: 1},
			{Flows: 30, Prefix: "other-", Live: 2, MaxAge: account.Duration(6 * time.Hour), Seed: 2},
		}}, emulator.Options{Latency: 30 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		urgent := &process{t: t, server: server, policy: parse(t, stopAll), file: file}
		urgent.start()
		time.Sleep(time.Hour)

		begun := time.Now()
		restore := urgent.kill(2 * time.Minute)
		urgent.happen(4*time.Minute, `{"action":"stop"}`)
		restore()
		before := server.Stats().Stops
		if first := before[0].At.Sub(begun); first > time.Second {
			t.Errorf("the first stop came after %v", first)
		}
		inOrder(t, before, 20)

		timer := &process{t: t, server: server, policy: parse(t, stopAll), file: file}
		timer.start()
		resumed := begun.Add(5 * time.Minute)
		working := 0 // ticks of which nothing was left in the end
		for at, more := resumed, true; more; at = at.Add(time.Minute) {
			time.Sleep(time.Until(at))
			left := running - len(server.Stats().Stops)
			report, err := timer.sweep(50 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if more = report.Resumable != nil; !more {
				break
			}
			if working++; !*report.Resumable {
				t.Fatal("it has a file, and isn't resumable")
			}
			rest := running - len(server.Stats().Stops)
			if rest > 0 && (report.Complete || report.Estimate == nil) {
				t.Fatalf("%d are left, and it is complete (%v), estimate %v", rest, report.Complete, report.Estimate)
			}
			if e := report.Estimate; e != nil && (e.StopsLeft < rest || e.StopsLeft > rest+killedUnderWay || e.Seconds < float64(rest)/1.961) {
				t.Fatalf("%d are left, of %d before; the estimate is %+v", rest, left, *e)
			}
			if lists := report.Calls.ListExecutions; working > 1 && rest > 0 && lists > 20 {
				t.Fatalf("a sweep listed %d pages to stop %d", lists, left-rest)
			}
		}

		after := server.Stats().Stops
		once := map[string]bool{}
		for _, s := range after {
			if s.Flow != "run-0" || once[s.Execution] {
				t.Fatalf("%s of %s was stopped, perhaps twice", s.Execution, s.Flow)
			}
			once[s.Execution] = true
		}
		if len(after) != running || server.Stats().Throttled > 0 {
			t.Errorf("%d stopped, %d calls throttled", len(after), server.Stats().Throttled)
		}
		for name, part := range map[string][]emulator.Stop{"the event's": before, "the timer's": after[len(before):]} {
			took := part[len(part)-1].At.Sub(part[0].At).Seconds()
			if rate := float64(len(part)-1) / took; rate < 0.95*1.96 || rate > 1.05*1.96 {
				t.Errorf("%s stops came at %.3f a second", name, rate)
			}
		}
		if calls := server.Stats().Calls["StopExecution"]; calls > running+killedUnderWay {
			t.Errorf("%d StopExecution calls", calls)
		}
		t.Logf("%d stops, the first after %v, the last after %v, %d sweeps of the timer, calls %v",
			len(after), before[0].At.Sub(begun), after[len(after)-1].At.Sub(begun), working, server.Stats().Calls)
	})
}

// killedUnderWay is how many stops are tried between two savings of the state:
// of so many a kill leaves nobody who knows.
const killedUnderWay = 40

// inOrder expects the newest first, once the first few pages have been read.
func inOrder(t *testing.T, stops []emulator.Stop, from int) {
	t.Helper()
	wrong := 0
	for i := from + 1; i < len(stops); i++ {
		if stops[i].StartedTime.After(stops[i-1].StartedTime) {
			wrong++
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d stops came before one that started later", wrong, len(stops))
	}
}
