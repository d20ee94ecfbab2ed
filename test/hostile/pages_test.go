package hostile

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// brakes stop by an event and by a timer, so that it shows when one's trouble is
// the other's. What keeps the limits lists a flow whole before it stops anything;
// what doesn't stops page by page.
var brakes = map[string]string{"in one": brake, "page by page": strings.Replace(brake, `"runaway"}`, `"runaway", limits: none}`, 1)}

const brake = `version: 1
policy: brake
mode: enforce
limits: {maxStops: 1000, maxShare: 100%}
rules:
  - {name: two-hours, flows: ["nightly"], maxRuntime: 2h}
  - {name: runaway, on: [event], flows: ["etl*"], when: event.type == "runaway"}
`

// runaway is an account with something for both to stop.
func runaway(t *testing.T) *wire {
	t.Parallel()
	w := serve(t)
	w.account.flows = []string{flow("etl"), flow("etl-other"), flow("nightly")}
	w.account.rows = []string{
		row("etl", "run-1", ago(time.Minute)), row("etl", "run-2", ago(time.Hour)),
		row("etl-other", "run-3", ago(time.Minute)), row("nightly", "run-4", ago(3*time.Hour)),
	}
	return w
}

// pagesOf scripts the pages of one flow's executions, by their tokens; in
// whatever status they are asked for.
func (w *wire) pagesOf(flow string, pages map[string]*answer) {
	w.on("ListExecutions", func(c call) *answer {
		if c.Get("FlowName") != flow {
			return nil
		}
		return pages[c.Get("NextToken")]
	})
}

// The same on a terminal, where a timer's rules look.
func TestPagesOnATerminal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pages  map[string]*answer
		status int
		stops  []string
	}{
		"an empty one with a token": {map[string]*answer{"": page("Executions", "0"), "0": page("Executions", "", row("nightly", "run-4", ago(3*time.Hour)))}, 0, []string{"nightly/run-4"}},
		"a token that comes again":  {map[string]*answer{"": page("Executions", "a"), "a": page("Executions", "a", row("nightly", "run-4", ago(3*time.Hour)))}, 3, nil},
		"two rows of one name that differ": {map[string]*answer{"": page("Executions", "a", row("nightly", "run-4", ago(3*time.Hour))),
			"a": page("Executions", "", row("nightly", "run-4", ago(4*time.Hour)))}, 0, []string{"nightly/run-4"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := runaway(t)
			w.pagesOf("nightly", test.pages)
			r := w.machine(brake).apply()
			if r.status != test.status || r.report.Complete != (test.status == 0) {
				t.Errorf("status %d, want %d; complete %t\n%s", r.status, test.status, r.report.Complete, r)
			}
			w.stopped(test.stops...)
		})
	}
}

// A list of flows that can't be read whole is never taken for all of them.
func TestPagesOfFlows(t *testing.T) {
	t.Parallel()
	nightly := flow("nightly")
	for name, test := range map[string]struct {
		flows func(c call) *answer
		whole bool
		stops []string
	}{
		"empty pages first": {func(c call) *answer {
			if c.n < 3 {
				return page("Flows", fmt.Sprint(c.n))
			}
			return page("Flows", "", nightly)
		}, true, []string{"nightly/run-4"}},
		"one that comes again": {func(c call) *answer {
			if c.Get("NextToken") == "" {
				return page("Flows", "a", nightly)
			}
			return page("Flows", "", nightly)
		}, true, []string{"nightly/run-4"}},
		"a token that comes again": {func(call) *answer { return page("Flows", "a", nightly) }, false, []string{"nightly/run-4"}},
		"a second page torn": {func(c call) *answer {
			if c.Get("NextToken") == "" {
				return page("Flows", "a", nightly)
			}
			return &answer{body: page("Flows", "", flow("etl")).body, torn: 10}
		}, false, []string{"nightly/run-4"}},
		"no flow at all, and no list": {func(call) *answer { return say(`{"TotalCount":3}`) }, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := runaway(t)
			w.on("ListFlows", test.flows)
			m := w.machine(strings.Replace(brake, `flows: ["nightly"]`, `flows: ["night*"]`, 1))
			r := m.invoke(timer).whole(test.whole)
			if failed := len(test.stops) == 0; failed != (r.status != 0) {
				t.Errorf("status %d\n%s", r.status, r)
			}
			w.stopped(test.stops...)
		})
	}
}

// Whatever the pages of a listing are, what they hold is stopped, once; and the
// timer's own work is done.
func TestPagesThatHoldEverything(t *testing.T) {
	t.Parallel()
	one, other := row("etl", "run-1", ago(time.Minute)), row("etl", "run-2", ago(time.Hour))
	for name, pages := range map[string]map[string]*answer{
		"an empty one with a token":        {"": page("Executions", "0"), "0": page("Executions", "", one, other)},
		"null with a token":                {"": say(`{"Executions":null,"NextToken":"0"}`), "0": page("Executions", "", one, other)},
		"empty ones between":               {"": page("Executions", "a", one), "a": page("Executions", "b"), "b": page("Executions", "c"), "c": page("Executions", "", other)},
		"an empty one at the end":          {"": page("Executions", "a", one, other), "a": page("Executions", "")},
		"one row each":                     {"": page("Executions", "a", one), "a": page("Executions", "", other)},
		"a row that comes again":           {"": page("Executions", "a", one, other), "a": page("Executions", "", other, one)},
		"a row twice on a page":            {"": page("Executions", "", one, one, other, other)},
		"a token that is a URL's trouble":  {"": page("Executions", "a+b/c==&Action=StopExecution#", one), "a+b/c==&Action=StopExecution#": page("Executions", "", other)},
		"the rest of a page's fields gone": {"": say(`{"Executions":[%s,%s]}`, one, other)},
		"what isn't known, beside":         {"": say(`{"Tomorrow":{"Executions":[{}],"x":[[[]]]},"Executions":[%s,%s],"Name":"run-9"}`, one, other)},
		"compressed":                       {"": zipped(page("Executions", "", one, other))},
		"in two halves":                    {"": {body: page("Executions", "", one, other).body, pause: 300 * time.Millisecond}},
	} {
		for how, policy := range brakes {
			t.Run(name+", "+how, func(t *testing.T) {
				w := runaway(t)
				w.on("ListExecutions", func(c call) *answer {
					if c.Get("FlowName") != "etl" || len(w.account.stopped) > 0 || c.Get("Status") == "Starting" {
						return nil
					}
					return pages[c.Get("NextToken")]
				})
				m := w.machine(policy)
				m.invoke(alarm).want(0, "etl/run-1 stopped", "etl/run-2 stopped", "etl-other/run-3 stopped")
				m.invoke(timer).want(0, "nightly/run-4 stopped").whole(true)
				w.stopped("etl/run-1", "etl/run-2", "etl-other/run-3", "nightly/run-4")
			})
		}
	}
}

// A listing that can't be read to its end is said to be incomplete, and ends
// nothing else: not the event's other flows, not another's work.
func TestPagesWithoutEnd(t *testing.T) {
	t.Parallel()
	broken := map[string]func(c call) *answer{
		"a token that comes again": func(call) *answer { return page("Executions", "a") },
		"empty pages without end":  func(c call) *answer { return page("Executions", fmt.Sprint(c.n)) },
		"no list":                  func(call) *answer { return say(`{"RequestId":"r"}`) },
		"an empty object":          func(call) *answer { return say(`{}`) },
		"an error in a success":    func(call) *answer { return say(`{"Code":"InternalError","Message":"oops"}`) },
		"a list twice":             func(call) *answer { return say(`{"Executions":[],"Executions":[]}`) },
		"another flow's":           func(call) *answer { return page("Executions", "", row("payroll", "run-1", ago(time.Hour))) },
		"a row without a name":     func(call) *answer { return page("Executions", "", `{"FlowName":"etl","Status":"Running"}`) },
		"something behind its end": func(call) *answer { return say(`{"Executions":[]}{"Executions":[]}`) },
		"a list of texts":          func(call) *answer { return say(`{"Executions":["run-1"]}`) },
		"no object":                func(call) *answer { return say(`[]`) },
	}
	for name, etl := range broken {
		for how, policy := range brakes {
			t.Run(name+", "+how, func(t *testing.T) {
				w := runaway(t)
				w.on("ListExecutions", func(c call) *answer {
					if c.Get("FlowName") != "etl" {
						return nil
					}
					return etl(c)
				})
				m := w.machine(policy)
				m.invoke(alarm).want(0, "etl-other/run-3 stopped").whole(false)
				m.invoke(timer).want(0, "nightly/run-4 stopped").whole(false)
				w.stopped("etl-other/run-3", "nightly/run-4")
			})
		}
	}
}
