package sweep

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// Grace is how long Run may go on after its context has ended, to verify the
// stops that it had begun. A caller with a deadline ends the context that much
// earlier.
const Grace = 8 * time.Second

// Options is what a sweep needs. Policy and Source are required, and a Stopper
// but for [Plan].
type Options struct {
	Policy  *policy.Policy
	Source  Source
	Stopper Stopper

	// Mode softens the policy's when it is plan; it hardens nothing.
	Mode policy.Mode

	// Ledger is shared by all sweeps that share a limit; nil is an empty one.
	Ledger *Ledger

	// RunID is in every Cause, so that a stop leads to its log; "" makes one.
	RunID string

	// Trigger is what set the sweep off, as the report tells it, and Event as
	// rules see it. The one that is missing has the other's kind; without both
	// the sweep is manual.
	Trigger Trigger
	Event   *policy.Event

	// Flow narrows the sweep to flows with some names; nil looks at all that
	// the policy names.
	Flow func(name string) bool

	// Approved narrows what may be stopped to what a person has said yes to;
	// nil approves all. The rest is reported as planned.
	Approved func(flow, execution string) bool

	// Decided, unless nil, is called with each decision once its outcome is
	// known, one call at a time.
	Decided func(Decision)

	// Now is our clock, uncorrected; nil is time.Now.
	Now func() time.Time
}

// Run does one sweep. The report is never nil and tells what was done, whatever
// the error, which is nil or an [*Error].
//
// When ctx ends, nothing more is listed or stopped; stops already begun are
// verified for at most [Grace], and the rest is reported as failed, not tried.
func Run(ctx context.Context, o Options) (*Report, error) {
	s := begin(o)
	ctx, s.end = context.WithCancelCause(ctx)
	defer s.end(nil)
	all := s.look(ctx)
	s.checkClock()
	s.stopAll(ctx, all)
	return s.finish()
}

// Recording is what a plan would stop, in order.
type Recording []cloudflow.Stop

// Holds says whether the plan would stop this execution. It serves as
// [Options.Approved].
func (r Recording) Holds(flow, execution string) bool {
	return slices.ContainsFunc(r, func(s cloudflow.Stop) bool {
		return s.FlowName == flow && s.ExecutionName == execution
	})
}

// Plan does the sweep that Run would do, limits included, with a stopper that
// only records, and leaves the ledger as it is.
func Plan(ctx context.Context, o Options) (*Report, Recording, error) {
	recorder := &recorder{}
	o.Stopper = recorder
	o.Ledger = o.Ledger.copy()
	report, err := Run(ctx, o)
	report.Mode = policy.ModePlan
	return report, recorder.stops, err
}

// sweep is one sweep under way.
type sweep struct {
	Options
	*book
	clock *clock
	gate  *gate

	end     context.CancelCauseFunc // ends the sweep at once
	started time.Time               // by our clock: the offset is not known yet
	before  cloudflow.Stats
}

func begin(o Options) *sweep {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ledger == nil {
		o.Ledger = &Ledger{}
	}
	o.Mode = cmp.Or(o.Mode, policy.ModeEnforce)
	o.RunID = cmp.Or(o.RunID, strings.ReplaceAll(uuid.NewString(), "-", ""))
	s := &sweep{
		Options: o,
		book:    &book{decided: o.Decided},
		clock:   &clock{ours: o.Now, offset: o.Source.ClockOffset},
		started: o.Now(),
		before:  o.Source.Stats(),
	}
	if s.Event == nil {
		s.Event = &policy.Event{Kind: cmp.Or(s.Trigger.Kind, "manual"), Time: s.clock.now()}
	}
	s.Trigger.Kind = cmp.Or(s.Trigger.Kind, s.Event.Kind)
	s.gate = &gate{
		policy: o.Policy, soften: o.Mode, event: s.Event, approved: o.Approved,
		clock: s.clock, ledger: o.Ledger, stopper: o.Stopper, runID: o.RunID,
	}
	s.Stopper = nil // from here on only the gate can stop
	return s
}

// endIfFatal ends the sweep at once after an error that leaves nothing to hope
// for, and says whether it did.
func (s *sweep) endIfFatal(err error) bool {
	f := fatal(err)
	if f == nil {
		return false
	}
	s.fail(f.Code, f.Err)
	s.end(f)
	return true
}

// checkClock fails the sweep when ages can't be trusted, also when nothing is
// condemned: what seems young by a clock that is off may be overdue.
func (s *sweep) checkClock() {
	if off, ok := s.clock.check(); !ok {
		s.fail(CodeClockSkew, off)
	}
}

// finish closes the report.
func (s *sweep) finish() (*Report, error) {
	report := s.close()
	report.Version = 1
	report.RunID = s.RunID
	report.Trigger = s.Trigger
	report.Policy = PolicyRef{Name: s.Policy.Name, Hash: s.Policy.Hash}
	report.Mode = s.Policy.Mode.Softer(s.Mode)
	report.StartedAt = s.clock.corrected(s.started)
	report.FinishedAt = s.clock.now()
	report.Ledger = "memory"
	stats := s.Source.Stats()
	sent := func(operation string) int { return stats.Calls[operation] - s.before.Calls[operation] }
	report.Calls = Calls{
		ListFlows:           sent("ListFlows"),
		DescribeFlow:        sent("DescribeFlow"),
		ListExecutions:      sent("ListExecutions"),
		DescribeExecution:   sent("DescribeExecution"),
		GetExecutionHistory: sent("GetExecutionHistory"),
		StopExecution:       sent("StopExecution"),
	}
	report.Throttled = stats.Throttled - s.before.Throttled
	report.Retried = stats.Retried - s.before.Retried
	if s.err != nil {
		return report, s.err
	}
	return report, nil
}

// cutShort is the error of a sweep whose context has ended.
func cutShort(ctx context.Context) error {
	return fmt.Errorf("the sweep was cut short: %w", context.Cause(ctx))
}
