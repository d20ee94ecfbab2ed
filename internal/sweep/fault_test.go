package sweep_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// mined is a CloudFlow behind which an operation on the flow "a" sets off a mistake
// in this program.
type mined struct {
	cloudflow.HTTPClient
	operation string
	late      bool // it goes off when the sweep's time is over
}

func (m mined) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	values := r.URL.Query()
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		values.Set("FlowName", values.Get("FlowName")+form.Get("FlowName"))
	}
	if values.Get("Action") == m.operation && (m.operation == "ListFlows" || values.Get("FlowName")+values.Get("Name") == "a") {
		if m.late {
			<-r.Context().Done()
		}
		panic("stepped on a mine")
	}
	return m.HTTPClient.Call(r, t)
}

const faultRules = `version: 1
policy: test
mode: enforce
limits: {maxShare: 100%%}
protect: {when: 'flow.env["FLOWREAPER"] == "off"'}
rules:
  - {name: first, on: [event], flows: [a], when: 'event.data.stop == 1 and history.idle > duration("1s")'%[1]s}
  - {name: second, on: [event], when: 'event.data.stop == 2 and flow.name == "b"'%[1]s}
  - {name: old, flows: ["a*", "c*"], maxRuntime: 2m}
`

// A mistake of ours that one event sets off, wherever that is, ends neither another
// event's work nor the timer's: those are done, the sweep fails, and says why.
func TestAMistakeInOneEventsWorkEndsNoOther(t *testing.T) {
	for _, limits := range []string{"", ", limits: none"} {
		for _, operation := range []string{"ListExecutions", "DescribeFlow", "GetExecutionHistory", "DescribeExecution", "StopExecution"} {
			t.Run(operation+limits, func(t *testing.T) {
				accident(t, map[string]int{"a": 4, "b": 2, "c": 5}, fmt.Sprintf(faultRules, limits), func(t *testing.T, p *process) {
					p.wire = mined{HTTPClient: p.server, operation: operation}
					p.http = p.wire
					first, err := p.happen(time.Minute, `[{"stop":1},{"stop":2}]`)
					wantFault(t, first, err)
					time.Sleep(time.Minute)
					second, err := p.sweep(50 * time.Second)
					if operation != "DescribeExecution" { // it told of stops that had been made
						wantFault(t, second, err)
					}
					others := slices.DeleteFunc(p.stopped(), func(name string) bool { return strings.HasPrefix(name, "a-") })
					if got, want := fmt.Sprint(others), "[b-000 b-001 c-000 c-001 c-002 c-003 c-004]"; got != want {
						t.Errorf("stopped %s, want %s", got, want)
					}
					p.wire = nil
					for range 3 {
						time.Sleep(time.Minute)
						if _, err := p.sweep(50 * time.Second); err != nil {
							t.Error(err)
						}
					}
					if n := len(p.stopped()); n != 11 {
						t.Errorf("%d of 11 are stopped once the mistake is mended", n)
					}
				})
			})
		}
	}
}

func wantFault(t *testing.T, r *result.Report, err error) {
	t.Helper()
	const want = "a mistake in flowreaper, at fault_test.go:49: stepped on a mine. Please report it"
	if codeOf(err) != result.CodeSweep || err.Error() != want || r.Complete {
		t.Errorf("error %v, complete %v", err, r.Complete)
	}
	if !slices.ContainsFunc(r.Errors, func(n result.ErrorNote) bool { return n.Code == "Fault" && n.Message == want }) {
		t.Errorf("errors %+v", r.Errors)
	}
}

// So is one that is set off when flows are listed, for all that waits for them.
func TestAMistakeInTheListingOfFlows(t *testing.T) {
	rules := []string{"name: all, on: [event], when: 'event.data.stop == true'", "name: slow, maxRuntime: 9h"}
	accident(t, map[string]int{"b": 2}, eventPolicy("limits: {maxShare: 100%}", rules...), func(t *testing.T, p *process) {
		p.wire = mined{HTTPClient: p.server, operation: "ListFlows"}
		p.http = p.wire
		r, err := p.happen(time.Minute, `{"stop":true}`)
		wantFault(t, r, err)
		time.Sleep(time.Minute)
		r, err = p.sweep(50 * time.Second)
		wantFault(t, r, err)
		p.wire = nil
		time.Sleep(time.Minute)
		if _, err := p.sweep(50 * time.Second); err != nil {
			t.Error(err)
		}
		p.wantStopped("b-000", "b-001")
	})
}

// What is done in turn, with what came, is no other case: a report that can't be
// told of one flow's executions.
func TestAMistakeInWhatIsDoneWithAnAnswer(t *testing.T) {
	for _, limits := range []string{"", ", limits: none"} {
		rules := []string{everything + limits, "name: old, flows: [c], maxRuntime: 2m"}
		text := eventPolicy("limits: {maxShare: 100%}\nprotect: {when: execution.name == \"a-000\"}", rules...)
		accident(t, map[string]int{"a": 2, "b": 2, "c": 4}, text, func(t *testing.T, p *process) {
			run := func(o sweep.Options) (*result.Report, error) {
				c := client(t, cloudflow.Options{Endpoint: "http://127.0.0.1:1", HTTPClient: p.server, Quota: p.quota})
				o.Policy, o.Source, o.Stopper, o.Memory, o.Quota, o.Until = p.policy, c, c, p.memory, p.quota, time.Now().Add(50*time.Second)
				o.Decided = func(d result.Decision) {
					if d.Flow == "a" {
						panic("no room")
					}
				}
				return sweep.Run(t.Context(), o)
			}
			for _, o := range []sweep.Options{{Events: events(t, `{"stop":true}`)}, {Trigger: result.Trigger{Kind: "timer"}}} {
				r, err := run(o)
				if codeOf(err) != result.CodeSweep || !strings.HasSuffix(err.Error(), ": no room. Please report it") || r.Complete {
					t.Errorf("error %v, complete %v", err, r.Complete)
				}
				time.Sleep(time.Minute)
			}
			if n := p.stopped(); !slices.Contains(n, "b-001") || !slices.Contains(n, "c-000") {
				t.Errorf("stopped %v", n)
			}
		})
	}
}

// An event that can't even be taken up keeps no other from it.
func TestAMistakeInTakingUpAnEvent(t *testing.T) {
	accident(t, map[string]int{"a": 2}, eventPolicy("", "name: all, on: [event], flows: [a]"), func(t *testing.T, p *process) {
		both := events(t, `[{"first":true},{"second":true}]`)
		both[0].Data["unheard of"] = make(chan int)
		c := client(t, cloudflow.Options{Endpoint: "http://127.0.0.1:1", HTTPClient: p.server, Quota: p.quota})
		r, err := sweep.Run(context.Background(), sweep.Options{Policy: p.policy, Source: c, Stopper: c, Memory: p.memory, Events: both, Until: time.Now().Add(time.Minute)})
		const want = "the custom event is not gone on with: a mistake in flowreaper, at event.go:"
		if codeOf(err) != result.CodeSweep || !strings.HasPrefix(err.Error(), want) || r.Complete {
			t.Errorf("error %v, complete %v", err, r.Complete)
		}
		p.wantStopped("a-000", "a-001")
	})
}

// … or a flow that can't be told to it, of those known.
func TestAMistakeInTellingAnEventOfAFlow(t *testing.T) {
	rules := []string{"name: all, on: [event], when: 'event.data.stop == true', limits: none", "name: slow, maxRuntime: 9h"}
	accident(t, map[string]int{"a": 1, "b": 2}, eventPolicy("", rules...), func(t *testing.T, p *process) {
		if _, err := p.sweep(50 * time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		c := client(t, cloudflow.Options{Endpoint: "http://127.0.0.1:1", HTTPClient: p.server, Quota: p.quota})
		r, err := sweep.Run(t.Context(), sweep.Options{
			Policy: p.policy, Source: c, Stopper: c, Memory: p.memory, Events: events(t, `{"stop":true}`), Until: time.Now().Add(time.Minute),
			Flow: func(name string) bool {
				if name == "a" {
					panic("not this one")
				}
				return true
			},
		})
		if codeOf(err) != result.CodeSweep || !slices.ContainsFunc(r.Incomplete, func(n result.FlowNote) bool { return n.Flow == "a" }) {
			t.Errorf("error %v, incomplete %v", err, r.Incomplete)
		}
		p.wantStopped("b-000", "b-001")
	})
}

// A mistake is told also where the sweep's time was over all the same.
func TestAMistakeWhenTheTimeIsOver(t *testing.T) {
	accident(t, map[string]int{"a": 2}, eventPolicy("", everything), func(t *testing.T, p *process) {
		p.http = mined{HTTPClient: p.server, operation: "ListExecutions", late: true}
		r, err := p.happen(10*time.Second, `{"stop":true}`)
		wantFault(t, r, err)
	})
}

// … or a later page.
func TestAMistakeInWhatIsDoneWithAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := account.Flow{Name: "a"}
		for i := range 250 {
			f.Executions = append(f.Executions, account.Execution{Name: fmt.Sprintf("a-%03d", i), StartedAgo: account.Duration(time.Duration(i+1) * time.Minute)})
		}
		server, err := emulator.New(&account.Account{Flows: []account.Flow{f}, Behaviour: account.Behaviour{Order: "newest"}}, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		old := `protect: {when: 'execution.age > duration("4h")'}`
		p := &process{t: t, server: server, policy: parse(t, eventPolicy(old, everything+", limits: none"))}
		p.start()
		time.Sleep(10 * time.Second)
		c := client(t, cloudflow.Options{Endpoint: "http://127.0.0.1:1", HTTPClient: p.server, Quota: p.quota})
		r, err := sweep.Run(t.Context(), sweep.Options{
			Policy: p.policy, Source: c, Stopper: c, Memory: p.memory, Quota: p.quota, Events: events(t, `{"stop":true}`), Until: time.Now().Add(4 * time.Minute),
			Decided: func(d result.Decision) {
				if d.Outcome == result.ProtectedOutcome {
					panic("no room")
				}
			},
		})
		if codeOf(err) != result.CodeSweep || r.Complete || len(p.stopped()) < 99 {
			t.Errorf("error %v, complete %v, %d stopped", err, r.Complete, len(p.stopped()))
		}
	})
}

// One flow that a policy names and that can't be read keeps nobody from the others.
func TestANamedFlowThatCannotBeRead(t *testing.T) {
	accident(t, map[string]int{"a": 2, "b": 2, "c": 2}, eventPolicy("limits: {maxShare: 100%}", "name: old, flows: [a, b, c], maxRuntime: 10s"), func(t *testing.T, p *process) {
		p.server.AddFaults(account.Fault{Operation: "DescribeFlow", Flow: "a", Kind: "error", Code: "AccessDenied", Status: 403})
		r, err := p.sweep(50 * time.Second)
		if err != nil || r.Complete || len(r.Incomplete) != 1 || r.Incomplete[0].Flow != "*" {
			t.Errorf("error %v, complete %v, incomplete %v", err, r.Complete, r.Incomplete)
		}
		p.wantStopped("b-000", "b-001", "c-000", "c-001")
	})
}
