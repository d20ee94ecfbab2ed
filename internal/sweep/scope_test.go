package sweep_test

import (
	"testing"
	"testing/synctest"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

const threeHundred = `
generate:
  - {flows: 288, prefix: other-, live: 2, maxAge: 6h, seed: 1}
  - {flows: 12, prefix: etl-, live: 2, maxAge: 6h, seed: 2}
`

// A sweep asks only about the flows that rules name, and where the rules say
// their names in full it doesn't even ask which flows there are.
func TestOnlyFlowsThatRulesNameAreListed(t *testing.T) {
	for _, test := range []struct {
		name, rule                string
		listFlows, listExecutions int
	}{
		{"globs", `{name: etl, flows: ["etl-*"], maxRuntime: 2h}`, 3, 12},
		{"a name", `{name: one, when: 'flow.name == "etl-3" and execution.age > duration("2h")'}`, 0, 1},
		{"names", `{name: two, when: 'flow.name in ["etl-3", "etl-4"]', maxRuntime: 2h}`, 0, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, err := account.Parse("account.yaml", []byte(threeHundred))
				if err != nil {
					t.Fatal(err)
				}
				server, c := emulate(t, a)
				p := parse(t, "version: 1\nrules: ["+test.rule+"]\n")
				if _, err := sweep.Run(t.Context(), sweep.Options{Policy: p, Source: c, Stopper: c}); err != nil {
					t.Fatal(err)
				}
				calls := server.Stats().Calls
				if calls["ListFlows"] != test.listFlows || calls["ListExecutions"] != test.listExecutions {
					t.Errorf("calls %v, want %d ListFlows, %d ListExecutions", calls, test.listFlows, test.listExecutions)
				}
			})
		})
	}
}
