package sweep_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

var (
	unavailable = apiError("InternalServerError", 500, cloudflow.Retry)
	badKey      = apiError("InvalidAccessKeyID", 403, cloudflow.Fatal)
)

func TestListingThatFailsHalfWayIsNoReasonForAnything(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{
		"broken": {running("overdue-1", 3*time.Hour), running("young-1", time.Minute)},
		"whole":  {running("overdue-2", 3*time.Hour)},
	})
	c.listErr["broken"] = unavailable
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"overdue-2"}, c.stopped()); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}
	if r.Complete {
		t.Error("complete, though a listing failed")
	}
	if diff := cmp.Diff([]result.FlowNote{{Flow: "broken", Reason: unavailable.Error()}}, r.Incomplete); diff != "" {
		t.Errorf("incomplete (-want +got):\n%s", diff)
	}
	if want := (result.FlowCounts{Seen: 2, Listed: 1}); r.Flows != want {
		t.Errorf("flows %+v, want %+v", r.Flows, want)
	}
	if want := (result.ExecutionCounts{Seen: 1, Condemned: 1}); r.Executions != want {
		t.Errorf("executions %+v, want %+v", r.Executions, want)
	}
	if diff := cmp.Diff([]result.ErrorNote{{Code: "InternalServerError", Message: unavailable.Error(), Count: 1}}, r.Errors); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func TestListFlowsThatFails(t *testing.T) {
	for _, test := range []struct {
		name    string
		pages   int
		err     error
		code    result.Code
		stopped []string
	}{
		{"half way: what came is looked at", 1, unavailable, "", []string{"overdue"}},
		{"at once: the sweep has failed", 0, unavailable, result.CodeSweep, []string{}},
		{"for good: the sweep ends", 1, badKey, result.CodeCredentials, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(map[string][]cloudflow.Execution{"f": {running("overdue", 3*time.Hour)}})
			c.flows, c.flowsErr = c.flows[:test.pages], test.err
			r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
			if got := codeOf(err); got != test.code {
				t.Errorf("code %q, want %q", got, test.code)
			}
			if diff := cmp.Diff(test.stopped, c.stopped()); diff != "" {
				t.Errorf("stopped (-want +got):\n%s", diff)
			}
			if r.Complete || len(r.Incomplete) == 0 || r.Incomplete[len(r.Incomplete)-1].Flow != "f" && r.Incomplete[0].Flow != "*" {
				t.Errorf("complete %v, incomplete %v", r.Complete, r.Incomplete)
			}
		})
	}
}

func TestNothingListedIsAFailure(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"a": nil, "b": nil})
	denied := apiError("AccessDenied", 403, cloudflow.Operation)
	c.listErr["a"], c.listErr["b"] = denied, denied
	_, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	want := "none of the 2 flows could be listed: " + denied.Error()
	if codeOf(err) != result.CodeSweep || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestFatalErrorEndsTheSweep(t *testing.T) {
	for code, want := range map[string]result.Code{
		"InvalidAccessKeyID":   result.CodeCredentials,
		"SignatureNotMatch":    result.CodeCredentials,
		"RequestTimeTooSkewed": result.CodeClockSkew,
		"ActionNotSupported":   result.CodeSweep,
	} {
		t.Run(code, func(t *testing.T) {
			c := newCloud(map[string][]cloudflow.Execution{"good": {running("overdue", 3*time.Hour)}, "bad": nil})
			c.listErr["bad"] = apiError(code, 403, cloudflow.Fatal)
			r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
			if got := codeOf(err); got != want {
				t.Errorf("code %q, want %q", got, want)
			}
			if got := c.stopped(); len(got) != 0 || r.Complete {
				t.Errorf("stopped %v, complete %v", got, r.Complete)
			}
			for _, d := range r.Decisions {
				if d.Outcome != result.NotTried || d.Message == "" {
					t.Errorf("%s %s: %q", d.Execution, d.Outcome, d.Message)
				}
			}
		})
	}
}

func TestDeletedFlowIsNotIncomplete(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"deleted": {running("overdue", 3*time.Hour)}})
	c.listErr["deleted"] = apiError("FlowNotExists", 404, cloudflow.Tolerated)
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	if err != nil || !r.Complete || len(r.Decisions) != 0 || r.Executions.Seen != 0 {
		t.Errorf("error %v, complete %v, %+v, decisions %v", err, r.Complete, r.Executions, r.Decisions)
	}
}

func TestShiftedPagesAreJudgedOnce(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": nil})
	ended := running("ended-meanwhile", 3*time.Hour)
	ended.Status = "Succeeded"
	c.flows = append(c.flows, c.flows[0])
	c.executions["f"] = []cloudflow.Page[cloudflow.Execution]{
		{Items: []cloudflow.Execution{running("twice", 3*time.Hour), running("ended-meanwhile", 3*time.Hour)}},
		{Items: []cloudflow.Execution{running("twice", 3*time.Hour), ended}},
	}
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"twice"}, c.stopped()); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}
	if r.Flows.Seen != 1 || r.Executions.Seen != 1 {
		t.Errorf("%+v %+v", r.Flows, r.Executions)
	}
}

func TestExpressIsNotCovered(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"express": {running("overdue", 3*time.Hour)}})
	c.flows[0].Items[0].ExecutionMode = "Express"
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	if err != nil || !r.Complete {
		t.Errorf("error %v, complete %v", err, r.Complete)
	}
	if diff := cmp.Diff([]result.FlowNote{{Flow: "express", Reason: "Express"}}, r.NotCovered); diff != "" {
		t.Errorf("notCovered (-want +got):\n%s", diff)
	}
	if c.calls["ListExecutions"] != 0 || len(c.stopped()) != 0 {
		t.Errorf("calls %v", c.calls)
	}
}

func TestOnlyFlowsInScopeAreListed(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"etl-a": nil, "etl-b": nil, "other": nil})
	o := c.options(parse(t, twoHours+"    flows: [\"etl-*\"]\n"))
	o.Flow = func(name string) bool { return name != "etl-b" }
	r, err := sweep.Run(t.Context(), o)
	if err != nil || r.Flows.Seen != 1 || c.calls["ListExecutions"] != 1 {
		t.Errorf("error %v, flows %+v, calls %v", err, r.Flows, c.calls)
	}
}

// What an answer left out is unknown: not nil, not zero, not two thousand years
// old.
func TestNoStartedTimeIsUndecided(t *testing.T) {
	timeless := running("timeless", 0)
	timeless.StartedTime = time.Time{}
	c := newCloud(map[string][]cloudflow.Execution{"f": {timeless}})
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	if err != nil || len(c.stopped()) != 0 {
		t.Errorf("error %v, stopped %v", err, c.stopped())
	}
	if len(r.Undecided) != 1 || r.Undecided[0].Execution != "timeless" {
		t.Errorf("undecided %v", r.Undecided)
	}
}

// A rule that asks for no age may stop what has none, or starts in the future by
// a clock that is a little off. The report makes up neither.
func TestAgesThatCannotBeAreNotReported(t *testing.T) {
	timeless, future := running("timeless", 0), running("future", -10*time.Second)
	timeless.StartedTime = time.Time{}
	c := newCloud(map[string][]cloudflow.Execution{"f": {timeless, future}})
	r, err := sweep.Run(t.Context(), c.options(parse(t, `
version: 1
policy: test
mode: enforce
rules:
  - {name: all, when: true}
`)))
	if err != nil || len(r.Decisions) != 2 {
		t.Fatalf("error %v, decisions %+v", err, r.Decisions)
	}
	for _, d := range r.Decisions {
		text, err := json.Marshal(d)
		if told := strings.Contains(string(text), `"startedTime"`); err != nil || d.AgeSeconds != 0 || told != (d.Execution == "future") {
			t.Errorf("%s, %v", text, err)
		}
	}
}

func TestInputThatWasNotFetchedIsUndecided(t *testing.T) {
	bare := running("bare", 3*time.Hour)
	bare.InputFetched = false
	c := newCloud(map[string][]cloudflow.Execution{"f": {bare}})
	r, err := sweep.Run(t.Context(), c.options(parse(t, `
version: 1
policy: test
mode: enforce
rules:
  - {name: no-owner, when: execution.input.owner == nil}
`)))
	if err != nil || len(c.stopped()) != 0 || len(r.Undecided) != 1 {
		t.Errorf("error %v, stopped %v, undecided %v", err, c.stopped(), r.Undecided)
	}
}

func TestUndecidedIsReportedAndCut(t *testing.T) {
	var executions []cloudflow.Execution
	for i := range 120 {
		executions = append(executions, running(fmt.Sprint("e", i), 3*time.Hour))
	}
	c := newCloud(map[string][]cloudflow.Execution{"f": executions})
	r, err := sweep.Run(t.Context(), c.options(parse(t, `
version: 1
policy: test
mode: enforce
rules:
  - {name: broken, when: execution.input.missing > 3}
`)))
	if err != nil || len(c.stopped()) != 0 {
		t.Errorf("error %v, stopped %v", err, c.stopped())
	}
	if len(r.Undecided) != 100 || len(r.Errors) != 1 || r.Errors[0].Code != "Undecided" || r.Errors[0].Count != 120 {
		t.Errorf("%d undecided, errors %v", len(r.Undecided), r.Errors)
	}
}

// Flows of which no list comes, more than are listed at once, hold up no others: neither in
// one sweep after the other, nor for an event. And what goes wrong is said.
func TestFlowsOfWhichNoListComesHoldUpNoOthers(t *testing.T) {
	const text = `
version: 1
policy: test
mode: enforce
limits: {maxShare: 100%}
rules:
  - {name: slow, maxRuntime: 2h}
  - {name: all, on: [event], when: 'event.data.stop == true'}
`
	for _, happens := range []bool{false, true} {
		a := &account.Account{}
		for _, name := range []string{"a", "b", "c", "d", "e", "v", "w", "x", "y", "z"} {
			a.Flows = append(a.Flows, hanging(name, 1, 3*time.Hour))
		}
		timed(t, a, text, "", func(t *testing.T, p *process) {
			for _, flow := range a.Flows[:5] {
				p.server.AddFaults(account.Fault{Operation: "ListExecutions", Flow: flow.Name, Kind: "slow", Delay: ago(time.Hour)})
			}
			if happens {
				p.policy = parse(t, strings.Replace(strings.Replace(text, "2h", "9h", 1), "when:", "limits: none, when:", 1))
				_, _ = p.happen(45*time.Second, `{"stop":true}`) // perhaps it could look at none
			}
			told := ""
			for range 10 {
				r, _ := p.next()
				for _, e := range r.Errors {
					if e.Code == "NoAnswer" {
						told = e.Message
					}
				}
			}
			if stopped := len(p.server.Stats().Stops); stopped != 5 || !strings.Contains(told, "no answer in time (15s)") {
				t.Errorf("an event %t: %d stopped; told %q", happens, stopped, told)
			}
		})
	}
}

// Nor does a flow that DescribeFlow doesn't answer for, of those that a policy names.
func TestANamedFlowThatIsNotAnsweredForHoldsUpNoOther(t *testing.T) {
	const text = `
version: 1
policy: test
mode: enforce
limits: {maxShare: 100%}
rules:
  - {name: two-hours, flows: [a, b], maxRuntime: 2h}
`
	a := &account.Account{Flows: []account.Flow{hanging("a", 1, 3*time.Hour), hanging("b", 1, 3*time.Hour)}}
	timed(t, a, text, "", func(t *testing.T, p *process) {
		p.server.AddFaults(account.Fault{Operation: "DescribeFlow", Flow: "a", Kind: "slow", Delay: ago(time.Hour)})
		for range 3 {
			_, _ = p.next()
		}
		if n := len(p.server.Stats().Stops); n != 1 {
			t.Errorf("%d stopped", n)
		}
	})
}
