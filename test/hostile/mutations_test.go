package hostile

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// field is a field of JSON whose value holds no other object.
var field = regexp.MustCompile(`"(\w+)":("[^"]*"|\[\]|\[[^\[\]{}]*\]|\{[^{}]*\}|[a-z0-9.]+),?`)

// mutated is an answer with something wrong in it, chosen by r.
func mutated(r *rand.Rand, a *answer) *answer {
	fields := field.FindAllStringSubmatchIndex(a.body, -1)
	if r.IntN(8) == 0 || len(fields) == 0 {
		a.torn = r.IntN(len(a.body))
		return a
	}
	f := fields[r.IntN(len(fields))]
	whole, key := a.body[f[0]:f[1]], a.body[f[2]:f[3]]
	other := []string{"null", "0", "[]", "{}", "true", "1e400"}[r.IntN(6)]
	with := ""
	switch r.IntN(4) {
	case 0: // left out
	case 1: // given twice
		with = fmt.Sprintf(`"%s":%s,%s`, key, other, whole)
	default:
		with = fmt.Sprintf(`"%s":%s`, key, other)
		if strings.HasSuffix(whole, ",") {
			with += ","
		}
	}
	a.body = a.body[:f[0]] + with + a.body[f[1]:]
	return a
}

// Whatever is wrong in some of the answers, nothing is stopped but what is to be,
// and sweeps that say that they are whole have stopped all that is.
func TestAnswersWithSomethingWrong(t *testing.T) {
	t.Parallel()
	const policy = `version: 1
policy: guarded
mode: enforce
limits: {maxStops: 100, maxShare: 100%}
protect:
  flows: ["payroll"]
  when: flow.env.FLOWREAPER == "off" or execution.input.keep == true
rules:
  - {name: two-hours, maxRuntime: 2h}
  - {name: runaway, on: [event], limits: none, when: event.type == "runaway" and execution.name != "young"}
`
	for round := range rounds {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			w := overdue(t)
			seed := rand.Uint64()
			r := rand.New(rand.NewPCG(seed, seed))
			w.account.flows = []string{flow("etl"), flow("payroll"), flowWithout("opted-out", env("FLOWREAPER", "off"))}
			for _, flow := range []string{"etl", "payroll", "opted-out"} {
				w.account.rows = append(w.account.rows,
					row(flow, "old", ago(3*time.Hour), input(`{}`)), row(flow, "kept", ago(3*time.Hour), input(`{"keep":true}`)), row(flow, "young", ago(time.Minute), input(`{}`)))
			}
			for _, operation := range []string{"ListFlows", "DescribeFlow", "ListExecutions", "DescribeExecution", "StopExecution"} {
				w.on(operation, func(c call) *answer {
					if a := w.account.answer(c); r.IntN(3) > 0 {
						return a
					}
					return mutated(r, w.account.answer(c))
				})
			}
			m := w.machine(policy)
			var runs []*result
			switch round % 4 {
			case 0:
				runs = append(runs, m.apply("--timeout", "8s"))
			case 1:
				runs = append(runs, m.invoke(timer, "--timeout", "16s"))
			case 2:
				runs = append(runs, m.invoke(alarm, "--timeout", "16s"), m.invoke(timer, "--timeout", "16s"))
			default: // what one couldn't know the next must not forget
				runs = append(runs, m.invoke(timer, "--timeout", "16s"), m.invoke(timer, "--timeout", "16s"))
			}
			w.mu.Lock()
			stops := slices.Compact(slices.Sorted(slices.Values(w.stops)))
			w.mu.Unlock()
			whole := true
			for _, run := range runs {
				whole = whole && run.report.Complete && run.report.Resumable == nil && len(run.report.Undecided)+len(run.report.Errors) == 0
			}
			if len(stops) > 1 || len(stops) == 1 && stops[0] != "etl/old" || len(stops) == 0 && whole {
				t.Errorf("seed %d: stopped %q\n%s", seed, stops, runs)
			}
		})
	}
}

const rounds = 24
