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
