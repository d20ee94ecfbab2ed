package sweep_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// uneven is an account of which the last flow has all the executions to stop:
// how much is left becomes known late.
func uneven(flows, executions int) *account.Account {
	a := &account.Account{Flows: make([]account.Flow, flows)}
	for i := range a.Flows {
		a.Flows[i].Name = fmt.Sprintf("etl-%02d", i)
	}
	last := &a.Flows[flows-1]
	for i := range executions {
		last.Executions = append(last.Executions, account.Execution{Name: fmt.Sprintf("run-%d", i), StartedAgo: account.Duration(5 * time.Hour)})
	}
	return a
}

func TestProgressNeverFalls(t *testing.T) {
	for name, run := range map[string]func(context.Context, sweep.Options) error{
		"a plan":             func(ctx context.Context, o sweep.Options) error { _, _, err := sweep.Plan(ctx, o); return err },
		"a sweep that stops": func(ctx context.Context, o sweep.Options) error { _, err := sweep.Run(ctx, o); return err },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, c := emulate(t, uneven(12, 50))
				var told []result.Progress
				o := sweep.Options{
					Policy: limited(t, 1000), Source: c, Stopper: c,
					Progress: func(p result.Progress) { told = append(told, p) },
				}
				if err := run(t.Context(), o); err != nil {
					t.Fatal(err)
				}
				last := told[len(told)-1]
				if last.Share != 1 || last.Left != 0 || (last.Tried == 50) == (name == "a plan") {
					t.Errorf("it ended with %+v", last)
				}
				for i, p := range told {
					if i > 0 && (p.Share < told[i-1].Share || p.Listed < told[i-1].Listed || p.Tried < told[i-1].Tried) {
						t.Fatalf("%+v, and then %+v", told[i-1], p)
					}
				}
			})
		})
	}
}
