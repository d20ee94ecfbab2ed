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
