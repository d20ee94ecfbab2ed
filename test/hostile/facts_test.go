package hostile

import (
	"strings"
	"testing"
	"time"
)

// guarded are rules that owners can opt out of.
const guarded = `version: 1
policy: guarded
mode: enforce
limits: {maxStops: 100, maxShare: 100%}
protect:
  when: |
    PROTECT
rules:
  - {name: two-hours, maxRuntime: 2h}
`

// both runs a scenario on a terminal and as the function, which ask differently.
func both(t *testing.T, policy string, account func(w *wire), then func(w *wire, r *result)) {
	t.Run("terminal", func(t *testing.T) {
		w := overdue(t)
		account(w)
		then(w, w.machine(policy).apply())
	})
	t.Run("function", func(t *testing.T) {
		w := overdue(t)
		account(w)
		then(w, w.machine(policy).invoke(timer))
	})
}

// An input larger than anybody means is not looked into, and costs no more than
// its row.
func TestInputsWithoutBounds(t *testing.T) {
	t.Parallel()
	list := `{"files":[` + strings.TrimSuffix(strings.Repeat(`{"size":1},`, 500_000), ",") + `]}`
	for name, text := range map[string]string{
		"a long list": list, "a long text": `{"files":"` + strings.Repeat("x", 6<<20) + `"}`, "deep": strings.Repeat(`{"files":`, 100_000) + "1" + strings.Repeat("}", 100_000),
		"no JSON": `{"files":[`, "two values": `{"files":[]} {"files":[]}`, "white space": strings.Repeat(" ", 5<<20) + `{"files":[{"size":9}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			both(t, twoHours+`    when: 'any(execution.input.files, #.size > 5)'
`, func(w *wire) {
				w.account.rows = []string{row("etl", "run-1", ago(3*time.Hour), input(text)), row("etl", "run-2", ago(3*time.Hour), input(`{"files":[{"size":7}]}`))}
			}, func(w *wire, r *result) {
				r.undecided(1)
				w.stopped("etl/run-2")
			})
		})
	}
}

// Which of two values of one key counts is anybody's guess, so that neither does.
func TestAKeyGivenTwice(t *testing.T) {
	t.Parallel()
	const keep = `execution.input.keep == true`
	for _, test := range []struct{ name, protect, input string }{
		{"the last says no", keep, `{"keep":true,"keep":false}`},
		{"the first says no", keep, `{"keep":false,"keep":true}`},
		{"by an escape", keep, `{"keep":true,"k\u0065ep":false}`},
		{"deeper", `execution.input.a.keep == true`, `{"a":{"keep":true,"keep":false}}`},
		{"an object of it", `execution.input.a.keep == true`, `{"a":{"keep":true},"a":{}}`},
		{"in a list", `any(execution.input.a ?? [], #.keep == true)`, `{"a":[{"keep":true,"keep":false}]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			both(t, strings.Replace(guarded, "PROTECT", test.protect, 1), func(w *wire) {
				w.account.rows = []string{row("etl", "run-1", ago(3*time.Hour), input(test.input)), row("etl", "run-2", ago(3*time.Hour), input(`{}`))}
			}, func(w *wire, r *result) {
				r.held("run-1")
				w.stopped("etl/run-2")
			})
		})
	}
}

// A status that nobody has heard of is a live one, of which nothing is known.
func TestStatusesUnheardOf(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"Paused", "", "running", "RUNNING", "Stopping", "Ended"} {
		t.Run("status "+status, func(t *testing.T) {
			both(t, twoHours, func(w *wire) {
				w.account.rows = []string{rowIn(status, "etl", "run-1", ago(3*time.Hour)), row("etl", "run-2", ago(3*time.Hour))}
			}, func(w *wire, r *result) {
				if len(r.report.Errors) == 0 || !strings.Contains(r.report.Errors[0].Message, "run-1") || !strings.Contains(r.report.Errors[0].Message, status) {
					w.Errorf("errors %+v: nothing is said of it\n%s", r.report.Errors, r)
				}
				w.stopped("etl/run-2")
			})
		})
	}
}

func TestAVariableGivenTwice(t *testing.T) {
	t.Parallel()
	const twice = `"Environment":{"Variables":[{"Name":"FLOWREAPER","Value":"off"},{"Name":"FLOWREAPER","Value":"on"}]}`
	for name, account := range map[string]struct {
		protect, flow, row string
	}{
		"of a flow":               {`flow.env.FLOWREAPER == "off"`, flowWithout("etl", twice), row("etl", "run-1", ago(3*time.Hour))},
		"of an execution":         {`execution.env.FLOWREAPER == "off"`, flow("etl"), row("etl", "run-1", ago(3*time.Hour), twice)},
		"Environment given twice": {`flow.env.FLOWREAPER == "off"`, flowWithout("etl", env("FLOWREAPER", "off"), env("OTHER", "1")), row("etl", "run-1", ago(3*time.Hour))},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, strings.Replace(guarded, "PROTECT", account.protect, 1), func(w *wire) {
				w.account.flows, w.account.rows = []string{account.flow}, []string{account.row}
			}, func(w *wire, r *result) {
				r.held("run-1")
				w.stopped()
			})
		})
	}
}

// Two flows with one Id are two flows.
func TestTwoFlowsWithOneId(t *testing.T) {
	t.Parallel()
	both(t, twoHours, func(w *wire) {
		other := strings.Replace(flow("other"), "id-other", "id-etl", 1)
		w.account.flows = []string{flow("etl"), other}
		w.account.rows = []string{row("etl", "run-1", ago(3*time.Hour)), row("other", "run-2", ago(3*time.Hour))}
	}, func(w *wire, r *result) {
		r.says("id-etl")
		r.want(0, "etl/run-1 stopped", "other/run-2 stopped")
		w.stopped("etl/run-1", "other/run-2")
	})
}

// An Environment that isn't told is not an empty one: the owner's opt-out may be
// in it.
func TestAnEnvironmentLeftOut(t *testing.T) {
	t.Parallel()
	off := env("FLOWREAPER", "off")
	overdue := func(more ...string) string { return row("etl", "run-1", append(more, ago(3*time.Hour))...) }
	for name, test := range map[string]struct {
		protect                               string
		listedFlow, described, listed, looked string
		outcome                               string
	}{
		"of a flow, which opts out": {`flow.env.FLOWREAPER == "off"`, flowWithout("etl"), flowWithout("etl", off), overdue(), overdue(), "protected"},
		"of a flow, which doesn't":  {`flow.env.FLOWREAPER == "off"`, flowWithout("etl"), flow("etl"), overdue(), overdue(), "stopped"},
		"of a flow, null":           {`flow.env.FLOWREAPER == "off"`, flowWithout("etl", `"Environment":null`), flowWithout("etl", off), overdue(), overdue(), "protected"},
		"of a row, which opts out":  {`execution.env.FLOWREAPER == "off"`, flow("etl"), flow("etl"), overdue(), overdue(off), "protected"},
		"of a row, which doesn't":   {`execution.env.FLOWREAPER == "off"`, flow("etl"), flow("etl"), overdue(), overdue(env("X", "1")), "stopped"},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, strings.Replace(guarded, "PROTECT", test.protect, 1), func(w *wire) {
				w.account.flows, w.account.rows = []string{test.listedFlow}, []string{test.listed}
				w.on("DescribeFlow", func(call) *answer { return say("%s", test.described) })
				w.on("DescribeExecution", func(call) *answer {
					if w.account.stopped["etl/run-1"] {
						return nil
					}
					return say("%s", test.looked)
				})
			}, func(w *wire, r *result) {
				r.want(0, "etl/run-1 "+test.outcome)
				if test.outcome == "stopped" {
					w.stopped("etl/run-1")
				} else {
					w.stopped()
				}
			})
		})
	}
}
