package hostile

import (
	"fmt"
	"testing"
	"time"
)

const atMostTwo = `version: 1
policy: imports
mode: enforce
limits: {maxStops: 10000, maxShare: 100%}
protect: {when: 'PROTECT'}
rules:
  - {name: at-most-two, maxConcurrent: 2}
`

// Nobody is stopped in the stead of one that is protected, or held by doubt.
func TestNobodyInAProtectedOnesStead(t *testing.T) {
	t.Parallel()
	const none = `execution.name == "nobody"`
	input1 := input(`{"keep":true}`)
	for name, test := range map[string]struct {
		protect   string
		newest    string
		decisions []string
		stops     []string
	}{
		"none is protected":    {none, row("etl", "newest", ago(time.Minute)), []string{"etl/newest stopped"}, []string{"etl/newest"}},
		"the newest is":        {`execution.name == "newest"`, row("etl", "newest", ago(time.Minute)), []string{"etl/newest protected"}, nil},
		"by its input":         {`execution.input.keep == true`, row("etl", "newest", ago(time.Minute), input1), []string{"etl/newest protected"}, nil},
		"perhaps by its input": {`execution.input.keep == true`, row("etl", "newest", ago(time.Minute), input(`{"keep`)), []string{"etl/newest protected"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			policy := replace(atMostTwo, "PROTECT", test.protect)
			both(t, policy, func(w *wire) {
				w.account.rows = []string{test.newest, row("etl", "middle", ago(time.Hour), input(`{}`)), row("etl", "oldest", ago(2*time.Hour), input(`{}`))}
			}, func(w *wire, r *result) {
				r.want(0, test.decisions...)
				w.stopped(test.stops...)
			})
		})
	}
}

// A page that repeats rows, or tells of one in two statuses, makes no more of them.
func TestConcurrentOnesAreCountedOnce(t *testing.T) {
	t.Parallel()
	both(t, replace(atMostTwo, "PROTECT", `execution.name == "nobody"`), func(w *wire) {
		one, other := row("etl", "run-1", ago(time.Hour)), row("etl", "run-2", ago(time.Minute))
		w.on("ListExecutions", func(c call) *answer {
			if c.Get("NextToken") == "" {
				return page("Executions", "a", one, other, one)
			}
			return page("Executions", "", other, rowIn("Starting", "etl", "run-1", ago(time.Hour)))
		})
	}, func(w *wire, r *result) {
		r.want(0)
		w.stopped()
	})
}

// The runaway that maxConcurrent is for is counted within the function's time.
func TestAFlowThatRanAway(t *testing.T) {
	w := overdue(t)
	const live = 5000
	for i := range live {
		w.account.rows = append(w.account.rows, row("etl", fmt.Sprintf("run-%04d", i), ago(time.Hour-time.Duration(i)*time.Millisecond)))
	}
	rows := w.account.rows
	w.on("ListExecutions", func(c call) *answer {
		if len(w.account.stopped) > 0 || c.Get("Status") == "Starting" {
			return page("Executions", "")
		}
		if c.Get("NextToken") == "" {
			return page("Executions", "1000", rows[:1000]...)
		}
		var from int
		if _, err := fmt.Sscan(c.Get("NextToken"), &from); err != nil {
			return refuse(400, "InvalidArgument", "Parameter error.")
		}
		next := ""
		if from+1000 < live {
			next = fmt.Sprint(from + 1000)
		}
		return page("Executions", next, rows[from:from+1000]...)
	})
	policy := replace(replace(atMostTwo, "PROTECT", `execution.name == "run-0000"`), "maxStops: 10000", "maxStops: 10")
	r := w.machine(policy).invoke(timer, "--timeout", "30s")
	if r.status != 1 || r.report.Withheld == nil || r.report.Withheld.Condemned != live-2 {
		t.Errorf("status %d, withheld %+v\n%s", r.status, r.report.Withheld, r)
	}
	w.stopped()
}
