package sweep

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// condemned is an execution that a rule condemns, with what it was judged on.
type condemned struct {
	flow      *policy.Flow
	execution *policy.Execution
	verdict   policy.Verdict
	judgedAt  time.Time // what the rules saw as now
}

// gate is the one place in front of the only call to the Stopper, which it
// alone holds, for every trigger and for the terminal alike.
//
// admit decides about all condemned executions of a sweep at once, since the
// limits are about all of them; stop judges each once more at its turn.
// Refused means alive: nothing but a pass leads to a stop. Every flow was read
// in this sweep before its executions were judged, so protect never sees older
// facts than that.
type gate struct {
	policy   *policy.Policy
	soften   policy.Mode
	event    *policy.Event
	approved func(flow, execution string) bool // nil approves all
	clock    *clock
	ledger   *Ledger
	stopper  Stopper
	runID    string
}

// pass is the permission to try one stop. Only admit makes one, and each holds
// a reservation in the ledger until stop uses it or gives it back.
type pass struct{ condemned }

// refusal is the gate's no, with what the report calls it.
type refusal interface {
	error
	outcome() Outcome
}

type (
	planMode    struct{}                    // the rule, the policy or the run is in plan mode
	protection  struct{}                    // protect holds it
	notApproved struct{}                    // not in the plan that a person said yes to
	overLimit   struct{ withheld Withheld } // a limit is exceeded: all are refused
	notTried    struct{ why error }         // the sweep ended before its turn came
	spared      struct{}                    // at its turn no rule condemned it any more
)

func (planMode) Error() string    { return "" }
func (protection) Error() string  { return "" }
func (notApproved) Error() string { return "not in the plan that was approved" }
func (spared) Error() string      { return "no rule condemns it any more" }
func (n notTried) Error() string  { return fmt.Sprintf("not tried: %v", n.why) }
func (o overLimit) Error() string {
	w := o.withheld
	return fmt.Sprintf("%d condemned and %d stops tried in the last %s, but %s allows %d: nothing is stopped",
		w.Condemned, w.Recent, w.Window, w.Limit, w.Recent+w.Allowed)
}

func (planMode) outcome() Outcome    { return Planned }
func (protection) outcome() Outcome  { return ProtectedOutcome }
func (notApproved) outcome() Outcome { return Planned }
func (overLimit) outcome() Outcome   { return WithheldOutcome }
func (notTried) outcome() Outcome    { return Failed }
func (spared) outcome() Outcome      { return "" }

// admit sorts all condemned executions of a sweep into those that may be
// stopped and those that may not. The limits count what neither the mode, nor
// protect, nor a missing approval has refused already.
func (g *gate) admit(all []condemned, refuse func(condemned, refusal)) []pass {
	var asking []pass
	for _, c := range all {
		if no := g.examine(c); no != nil {
			refuse(c, no)
			continue
		}
		asking = append(asking, pass{c})
	}
	if len(asking) == 0 {
		return nil
	}
	if no := g.withhold(len(asking)); no != nil {
		for _, p := range asking {
			refuse(p.condemned, no)
		}
		return nil
	}
	return asking
}

// examine asks what can be said of one execution alone.
func (g *gate) examine(c condemned) refusal {
	switch {
	case c.verdict.Decision == policy.Protected:
		return protection{}
	case c.verdict.Decision != policy.Stop:
		return spared{}
	case c.verdict.Mode.Softer(g.soften) != policy.ModeEnforce:
		return planMode{}
	case g.approved != nil && !g.approved(c.flow.Name, c.execution.Name):
		return notApproved{}
	}
	return nil
}

// withhold asks the limits about n stops, and reserves them in the ledger.
func (g *gate) withhold(n int) refusal {
	limits := g.policy.Limits
	recent, ok := g.ledger.reserve(n, limits.MaxStops, g.clock.now(), limits.Per)
	if ok {
		return nil
	}
	return overLimit{Withheld{
		Limit:     "maxStops",
		Condemned: n,
		Recent:    recent,
		Allowed:   max(0, limits.MaxStops-recent),
		Window:    ShortDuration(limits.Per),
	}}
}

// stop tries the stop that p permits, or returns a refusal. Its turn may come
// long after it was admitted: at two stops a second a thousand take eight
// minutes. So clock, rules, mode and protection are asked again, and c says
// what was judged last.
func (g *gate) stop(ctx context.Context, p pass) (c condemned, answer cloudflow.Execution, err error) {
	c = p.condemned
	if ctx.Err() != nil {
		g.ledger.release()
		return c, answer, notTried{context.Cause(ctx)}
	}
	if off, ok := g.clock.check(); !ok {
		g.ledger.release()
		return c, answer, off
	}
	c = g.judge(p.flow, p.execution)
	if no := g.examine(c); no != nil {
		g.ledger.release()
		return c, answer, no
	}
	g.ledger.try(g.clock.now())
	answer, err = g.stopper.StopExecution(ctx, cloudflow.Stop{
		FlowName:      c.flow.Name,
		ExecutionName: c.execution.Name,
		Error:         c.verdict.Rule.Error,
		Cause:         g.policy.Cause(c.verdict, g.runID),
	})
	return c, answer, err
}

// judge asks the policy about one execution, at this moment.
func (g *gate) judge(flow *policy.Flow, execution *policy.Execution) condemned {
	now := g.clock.judging()
	verdict := g.policy.Judge(&policy.Facts{Now: now, Event: g.event, Flow: flow, Execution: execution})
	return condemned{flow: flow, execution: execution, verdict: verdict, judgedAt: now}
}

// ShortDuration writes 1h where time.Duration writes 1h0m0s.
func ShortDuration(d time.Duration) string {
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}
