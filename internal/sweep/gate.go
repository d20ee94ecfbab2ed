package sweep

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// gate is the one place in front of the only call to the Stopper, which it
// alone holds, for every trigger and for the terminal alike. In order:
//
//   - examine asks what can be said of one execution alone: the mode, protect,
//     and whether a person who had to approve has;
//   - withhold asks the limits, about all executions that are condemned;
//   - pass asks at an execution's turn once more: the clock, and with facts that
//     are fresh, the rules, the mode and protect;
//   - send calls the Stopper, and takes nothing but a pass.
//
// Refused means alive.
type gate struct {
	limits    policy.Limits
	soften    policy.Mode
	approved  func(*policy.Flow, *policy.Execution) bool // nil approves all
	allowed   bool                                       // a person lets this one sweep pass the limits
	clock     *clock
	ledger    *watch.Ledger
	stopper   Stopper
	signature func() policy.Tail // of every cause
}

// pass is the permission to try one stop, now. Only gate.pass makes one. What is
// sent is made with it, since a finding may be read in the loop alone.
type pass struct {
	finding
	stop cloudflow.Stop
}

// refusal is the gate's no, with what the report calls it.
type refusal interface {
	error
	outcome() result.Outcome
}

type (
	planMode    struct{}            // the rule, the policy or the run is in plan mode
	protection  struct{}            // protect holds it
	notApproved struct{}            // not in the plan that a person said yes to
	notTried    struct{ why error } // the sweep ended before its turn came
	spared      struct{}            // at its turn no rule condemned it any more
)

func (planMode) Error() string    { return "" }
func (protection) Error() string  { return "" }
func (notApproved) Error() string { return "not in the plan that was approved" }
func (spared) Error() string      { return "no rule condemns it any more" }
func (n notTried) Error() string  { return fmt.Sprintf("not tried: %v", n.why) }

func (planMode) outcome() result.Outcome    { return result.Planned }
func (protection) outcome() result.Outcome  { return result.ProtectedOutcome }
func (notApproved) outcome() result.Outcome { return result.Planned }
func (overLimit) outcome() result.Outcome   { return result.WithheldOutcome }
func (notTried) outcome() result.Outcome    { return result.NotTried }
func (spared) outcome() result.Outcome      { return "" }

// overLimit refuses all: a limit is exceeded, or nobody knows whether it is.
type overLimit struct{ withheld result.Withheld }

func (o overLimit) Error() string {
	if o.withheld.Until != nil {
		return o.withheld.String()
	}
	return o.withheld.String() + ": nothing is stopped"
}

// examine asks what can be said of one execution alone.
func (g *gate) examine(f finding) refusal {
	switch {
	case f.verdict.Decision == policy.Protected:
		return protection{}
	case f.verdict.Decision != policy.Stop, f.tooLate(), f.flow.ExecutionMode != standard:
		return spared{}
	case f.verdict.Mode.Softer(g.soften) != policy.ModeEnforce:
		return planMode{}
	case g.approved != nil && !g.approved(f.flow, f.execution):
		return notApproved{}
	}
	return nil
}

// withhold asks the limits about so many condemned executions, of which the
// ledger has counted some already, when so many are live; it returns nil where
// all may be stopped. A person who has read the plan may let a sweep pass.
func (g *gate) withhold(condemned, counted, live int) refusal {
	if g.allowed || condemned == 0 {
		return nil
	}
	limits, now := g.limits, g.clock.now()
	recent := max(0, g.ledger.Since(now.Add(-limits.Per))-counted)
	w := result.Withheld{Condemned: condemned, Recent: recent, Window: duration.Format(limits.Per)}
	if until := g.ledger.KnownSince().Add(limits.Per); now.Before(until) {
		w.Limit, w.Max, w.Until = maxStops, limits.MaxStops, &until // nothing is left of it, as far as is known
		return overLimit{w}
	}
	for _, limit := range []struct {
		name string
		most int
	}{{maxStops, limits.MaxStops}, {"maxShare", share(limits, live)}} {
		if condemned+recent > limit.most {
			w.Limit, w.Max, w.Allowed = limit.name, limit.most, max(0, limit.most-recent)
			return overLimit{w}
		}
	}
	return nil
}

const maxStops = "maxStops"

// share is how many of the live executions may be stopped.
func share(limits policy.Limits, live int) int {
	if limits.MaxShare >= 1 {
		return math.MaxInt
	}
	const rounding = 1e-9 // 0.29 × 100 is 28.999…
	return max(limits.Floor, int(limits.MaxShare*float64(live)+rounding))
}

// pass judges an execution at its turn. That may come long after it was found:
// at two stops a second a thousand take eight minutes. The finding returned
// says what was judged last.
func (g *gate) pass(f finding) (pass, finding, refusal) {
	if off, ok := g.clock.check(); !ok {
		return pass{}, f, off
	}
	f = g.again(f)
	if no := g.examine(f); no != nil {
		return pass{}, f, no
	}
	f, still := g.withoutMargin(f)
	if !still {
		return pass{}, f, spared{}
	}
	if no := g.examine(f); no != nil {
		return pass{}, f, no
	}
	return pass{f, g.stop(f)}, f, nil
}

// withoutMargin judges once more, without the margin that rules are judged with.
// It is there so that nothing is stopped too early, and would stop for as long
// after a window has closed. What it returns is condemned with and without.
func (g *gate) withoutMargin(f finding) (finding, bool) {
	now := g.judgeAt(g.clock.now(), f.by, f.flow, f.execution)
	now.asked = f.asked
	switch {
	case now.condemnedBy(f.verdict.Rule):
		return f, true
	case now.verdict.Decision == policy.Stop && f.condemnedBy(now.verdict.Rule):
		return now, true
	}
	return f, false
}

// condemnedBy says that the rule condemns, alone or as one of several.
func (f finding) condemnedBy(rule *policy.Rule) bool {
	return f.verdict.Decision == policy.Stop && (f.verdict.Rule == rule || slices.Contains(f.verdict.WouldAlso, rule.Name))
}

// tries is how the ledger counts stops that are about to be tried.
func (g *gate) tries(passes []pass) []watch.Try {
	tries := make([]watch.Try, len(passes))
	for i, p := range passes {
		tries[i] = watch.Try{At: g.clock.now(), Flow: keyOf(p.flow), Execution: p.execution.Name}
	}
	return tries
}

func (g *gate) stop(f finding) cloudflow.Stop {
	return cloudflow.Stop{
		FlowName:      f.flow.Name,
		ExecutionName: f.execution.Name,
		Error:         f.verdict.Rule.Error,
		Cause:         f.by.policy.Cause(f.verdict, g.signature()),
	}
}

// send tries the stop that p permits, which the ledger counts already.
func (g *gate) send(ctx context.Context, p pass) (cloudflow.Execution, error) {
	return g.stopper.StopExecution(ctx, p.stop)
}
