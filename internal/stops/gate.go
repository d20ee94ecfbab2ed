package stops

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// gate is the one place in front of the only call to the Stopper, which it
// alone holds, for every trigger and for the terminal alike. In order:
//
//   - examine asks what can be said of one execution alone: whether a rule condemns
//     it, in a Standard flow, the mode, protect, and whether a person who had to
//     approve has;
//   - withhold asks the limits, about all executions that are condemned;
//   - pass asks at an execution's turn once more: the clock, and on facts of which its
//     caller has seen that they are fresh, the rules, the mode and protect;
//   - send calls the Stopper, and takes nothing but a pass.
//
// Refused means alive.
type gate struct {
	limits   policy.Limits
	soften   policy.Mode
	approved func(*policy.Flow, *policy.Execution) bool // nil approves all
	beyond   string                                     // unless "", why what isn't is withheld
	allowed  bool
	oneShot  bool // nobody is warned
	judge    *judge.Judge
	ledger   *watch.Ledger
	stopper  Stopper
	sign     func() policy.Tail
}

func newGate(stopper Stopper, o Options) gate {
	g := gate{limits: o.Limits, soften: o.Mode, allowed: o.Allowed, oneShot: o.OneShot, beyond: o.Beyond, judge: o.Judge, ledger: &o.Watch.Ledger, stopper: stopper, sign: o.Sign}
	if o.Approved != nil {
		g.approved = approves(o.Approved)
	}
	return g
}

// approves returns whether the plan would stop an execution: of the same flow, not
// of another by its name, and started when the plan says.
func approves(r result.Recording) func(*policy.Flow, *policy.Execution) bool {
	index := make(map[[2]string]result.PlannedStop, len(r))
	for _, p := range r {
		index[[2]string{p.Flow, p.Execution}] = p
	}
	return func(flow *policy.Flow, e *policy.Execution) bool {
		p, ok := index[[2]string{flow.Name, e.Name}]
		return ok && p.FlowID == flow.ID && p.StartedTime.Equal(e.StartedTime)
	}
}

// pass is the permission to try one stop, once and now. Only gate.pass makes one. What
// is sent is made with it, since a finding may be read in the loop alone.
type pass struct {
	judge.Finding
	stop cloudflow.Stop
	used atomic.Bool
}

// refusal is the gate's no, with what the report calls it.
type refusal interface {
	error
	outcome() result.Outcome
}

type (
	planMode    struct{}                  // the rule, the policy or the run is in plan mode
	protection  struct{}                  // protect holds it
	notApproved struct{}                  // not in the plan that a person said yes to
	beyondOwn   struct{ why string }      // beyond what a person wants stopped at most
	notWarned   struct{ why string }      // its warning has not gone out, or not long enough ago
	notTried    struct{ why error }       // the sweep ended before its turn came
	spared      struct{}                  // at its turn no rule condemned it any more
	overLimit   struct{ result.Withheld } // refuses all, or what is beyond it: a limit is exceeded, or nobody knows whether it is
	clockOff    struct{ judge.ClockOff }
)

func (planMode) Error() string    { return "" }
func (protection) Error() string  { return "" }
func (notApproved) Error() string { return "not in the plan that was approved" }
func (b beyondOwn) Error() string { return b.why }
func (n notWarned) Error() string { return n.why }
func (spared) Error() string      { return "no rule condemns it any more" }
func (n notTried) Error() string  { return fmt.Sprintf("not tried: %v", n.why) }
func (o overLimit) Error() string { return o.Refusal() }

func (planMode) outcome() result.Outcome    { return result.Planned }
func (protection) outcome() result.Outcome  { return result.ProtectedOutcome }
func (notApproved) outcome() result.Outcome { return result.Planned }
func (beyondOwn) outcome() result.Outcome   { return result.WithheldOutcome }
func (overLimit) outcome() result.Outcome   { return result.WithheldOutcome }
func (clockOff) outcome() result.Outcome    { return result.WithheldOutcome }
func (notWarned) outcome() result.Outcome   { return result.NotWarned }
func (notTried) outcome() result.Outcome    { return result.NotTried }
func (spared) outcome() result.Outcome      { return "" }

// examine asks what can be said of one execution alone.
func (g *gate) examine(f judge.Finding) refusal {
	switch {
	case f.Verdict.Decision == policy.Protected:
		return protection{}
	case f.Verdict.Decision != policy.Stop, f.StartedTooLate(), f.Flow.ExecutionMode != judge.Standard:
		return spared{}
	case f.Verdict.Mode.Softer(g.soften) != policy.ModeEnforce:
		return planMode{}
	case f.Verdict.NotWarned:
		return notWarned{g.unwarned(f)}
	case g.approved == nil || g.approved(f.Flow, f.Execution):
		return nil
	case g.beyond != "":
		return beyondOwn{g.beyond}
	}
	return notApproved{}
}

// unwarned says why an execution that must be warned of is not stopped yet.
func (g *gate) unwarned(f judge.Finding) string {
	before := duration.Format(f.Verdict.Rule.WarnBefore)
	if from, warned := f.StopsFrom(); warned {
		return fmt.Sprintf("it is stopped from %s on, %s after its warning", from.Format(time.RFC3339), before)
	}
	if g.oneShot {
		return fmt.Sprintf("it must be warned of %s before, and only the function's sweeps on timers warn; flowreaper stop stops it at once", before)
	}
	return fmt.Sprintf("it must be warned of %s before, and no channel has taken the warning yet", before)
}

// withhold asks the limits about so many condemned executions, of which the
// ledger has counted some already, when so many are live; it returns nil where
// all may be stopped. A person who has read the plan may let a sweep pass.
func (g *gate) withhold(condemned, counted, live int) refusal {
	if g.allowed || condemned == 0 {
		return nil
	}
	limits, now := g.limits, g.judge.Clock.Now()
	recent := max(0, g.ledger.Since(now.Add(-limits.Per))-counted)
	w := result.Withheld{Condemned: condemned, Recent: recent, Window: duration.Format(limits.Per)}
	if until := g.ledger.KnownSince().Add(limits.Per); now.Before(until) {
		w.Limit, w.Max, w.Until = maxStops, limits.MaxStops, &until // nothing is left of it, as far as is known
		return overLimit{w}
	}
	w.Limit, w.Max = maxStops, limits.MaxStops
	if share := share(limits, live); share < w.Max { // the tighter of the two
		w.Limit, w.Max = "maxShare", share
	}
	if condemned+recent <= w.Max {
		return nil
	}
	w.Allowed, w.Trickle = max(0, w.Max-recent), limits.Over == policy.Trickle
	return overLimit{w}
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

// off is the refusal of a gate that doesn't know what time it is, or nil.
func (g *gate) off() refusal {
	if off, ok := g.judge.Clock.Check(); !ok {
		return clockOff{off}
	}
	return nil
}

// pass judges an execution at its turn. That may come long after it was found:
// at two stops a second a thousand take eight minutes. Where the time can undo
// a verdict it is asked twice, with the margin and without. The finding returned
// says what was judged last.
func (g *gate) pass(f judge.Finding) (*pass, judge.Finding, refusal) {
	if no := g.off(); no != nil {
		return nil, f, no
	}
	f = g.judge.Again(f)
	if no := g.examine(f); no != nil {
		return nil, f, no
	}
	f, still := g.judge.WithoutMargin(f)
	if !still {
		return nil, f, spared{}
	}
	if no := g.examine(f); no != nil {
		return nil, f, no
	}
	return &pass{Finding: f, stop: cloudflow.Stop{
		FlowName: f.Flow.Name, ExecutionName: f.Execution.Name, Error: f.Verdict.Rule.Error, Cause: g.cause(f),
	}}, f, nil
}

// sameMoment says that a pass was made in this very millisecond. Whoever changes the facts
// that it was made on sets it to nil.
func (g *gate) sameMoment(p *pass) bool {
	return p != nil && p.JudgedAt.Equal(g.judge.Clock.Judging())
}

func (g *gate) cause(f judge.Finding) string { return f.By.Rules.Cause(f.Verdict, g.sign()) }

// try is how the ledger counts the stop.
func (p *pass) try(at time.Time) watch.Try {
	return watch.Try{At: at, Flow: judge.FlowKey(p.Flow), Execution: p.Execution.Name}
}

// send tries the stop that p permits, which the ledger counts already: once.
func (g *gate) send(ctx context.Context, p *pass) (cloudflow.Execution, error) {
	if p.used.Swap(true) {
		return cloudflow.Execution{}, errUsed
	}
	return g.stopper.StopExecution(ctx, p.stop)
}

var errUsed = errors.New("the stop has been sent before; this is a bug in flowreaper")

// Recorder is the Stopper of a plan: it stops nothing.
type Recorder struct{}

// StopExecution only takes note.
func (Recorder) StopExecution(context.Context, cloudflow.Stop) (cloudflow.Execution, error) {
	return cloudflow.Execution{}, errRecorded
}

// errRecorded is the answer of a stopper that only takes note.
var errRecorded = errors.New("recorded, not stopped")
