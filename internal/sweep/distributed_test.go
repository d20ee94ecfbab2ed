package sweep_test

import (
	"testing"
	"testing/synctest"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

const mapped = `
flows:
  - name: plain
    definition: "Type: StateMachine\nStates: [{Name: wait, Type: Wait}]"
    executions: [{name: a, startedAgo: 3h}, {name: b, startedAgo: 2h}, {name: c, startedAgo: 1h}]
  - name: mapped
    definition: "Type: StateMachine\nStates: [{Name: all, Type: Map, ProcessorConfig: {ExecutionMode: Standard}}]"
    executions: [{name: parent, startedAgo: 3h}, {name: child-1, startedAgo: 2h}, {name: child-2, startedAgo: 1h}]
`

// The children of a distributed Map are executions of its own flow. Whether they
// count against maxConcurrent is the policy's to say; until it does, none of
// that flow is stopped.
func TestDistributedMapIsUndecidedUntilThePolicySays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := account.Parse("account.yaml", []byte(mapped))
		if err != nil {
			t.Fatal(err)
		}
		server, c := emulate(t, a)
		p := parse(t, "version: 1\nmode: enforce\nrules: [{name: crowd, maxConcurrent: 2}]\n")
		r, err := sweep.Run(t.Context(), sweep.Options{Policy: p, Source: c, Stopper: c})
		if err != nil {
			t.Fatal(err)
		}
		stops := server.Stats().Stops
		if len(stops) != 1 || stops[0].Flow != "plain" || stops[0].Execution != "c" {
			t.Errorf("stops %+v, want the newest of the plain flow", stops)
		}
		if len(r.Undecided) != 3 || r.Undecided[0].Flow != "mapped" {
			t.Errorf("undecided %+v, want the three of the mapped flow", r.Undecided)
		}
	})
}
