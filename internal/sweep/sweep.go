package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/fault"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/stops"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// Grace is how long Run may go on after its time or its context has ended, to
// verify the stops that it had begun. A caller with a deadline ends the sweep
// that much earlier.
const Grace = 8 * time.Second

// Options is what a sweep needs. Policy and Source are required, and a Stopper
// but for [Plan].
type Options struct {
	Policy  *policy.Policy
	Source  Source
	Stopper Stopper

	// Mode softens the policy's when it is plan; it hardens nothing.
	Mode policy.Mode

	// Memory is what the sweeps before this one have found out, and tried. Nil
	// is a sweep that nothing came before and nothing follows: it looks at
	// everything once.
	Memory *Memory

	// Ledger is what a sweep without a Memory counts its stops in, with those of the
	// sweeps before it. Nil counts this sweep's alone.
	Ledger *Ledger

	// Until is when the sweep's time is over, by our clock: what isn't done by
	// then is left to the next, and the report says so. The zero time is no
	// bound.
	Until time.Time

	// Yield, when closed, ends the sweep's time: something else goes first. Nil
	// never does.
	Yield <-chan struct{}

	// Quota is the one that the source keeps to; nil: none that is known of.
	Quota *cloudflow.Quota

	// Place is where the source is, for the report.
	Place result.Place

	// RunID is in every Cause, so that a stop leads to its log; "" makes one.
	RunID string

	// By, unless nil, is who has it done, for every Cause. It is called once a stop is
	// about to be tried, and may take a while.
	By func() string

	// Trigger is what set the sweep off, as the report tells it, and Event as
	// rules see it. The one that is missing has the other's kind; without both
	// the sweep is manual.
	Trigger result.Trigger
	Event   *policy.Event

	// Events are what has happened, for an event sweep, which works on events
	// alone: rules on events judge by each, and it stays in force for as long as
	// they say. Sweeps by Event go on with it, if they share its Memory or file.
	Events []event.Event

	// Flow narrows the sweep to flows with some names; nil looks at all that
	// the policy names. FlowGlobs are the globs that it is made of, if it is, for
	// the report to say which of them name no flow.
	Flow      func(name string) bool
	FlowGlobs []string

	// MustMatch has the sweep look at nothing where one of FlowGlobs names no flow,
	// beside others that do.
	MustMatch bool

	// Approved narrows what may be stopped to what a person has said yes to,
	// in a plan: nothing else is stopped, and what has become of the plan since
	// is told as drift. Nil approves all.
	Approved result.Recording

	// Beyond, unless "", says that Approved is as much as a person wants stopped at
	// most, and why: what else is condemned is withheld, not planned.
	Beyond string

	// Allowed lets the sweep pass the policy's limits, this once. Only a
	// person who has read the plan may say so.
	Allowed bool

	// Decided, unless nil, is called with each decision once its outcome is
	// known, one call at a time.
	Decided func(result.Decision)

	// Progress, unless nil, is called whenever the sweep has got ahead, one
	// call at a time.
	Progress func(result.Progress)

	// Now is our clock, uncorrected; nil is time.Now.
	Now func() time.Time
}

// Run does one sweep. The report is never nil and tells what was done, whatever
// the error, which is nil or an [*result.Error].
//
// When ctx ends, nothing more is listed or stopped; stops already begun are
// verified for at most [Grace], and the rest is reported as not tried.
func Run(ctx context.Context, o Options) (*result.Report, error) {
	s := begin(ctx, o)
	defer s.close()
	s.work()
	s.checkClock()
	s.remember()
	return ending{s}.finish()
}

// Plan does the sweep that Run would do, limits included, with a stopper that
// only records. Of earlier sweeps it knows the ledger alone, and leaves them nothing.
func Plan(ctx context.Context, o Options) (*result.Report, result.Recording, error) {
	o.Stopper = stops.Recorder{}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Memory = oneShot(o.Ledger, o.Now())
	o.Memory.plans = true
	s := begin(ctx, o)
	defer s.close()
	s.work()
	s.checkClock()
	report, err := ending{s}.finish()
	report.Mode = policy.ModePlan
	return report, s.stops.Recorded(), err
}

// sign is what every cause says of the sweep: one and the same in the report and in
// the stop.
func (s *sweep) sign() policy.Tail {
	t := policy.Tail{Run: s.RunID, At: s.begun()}
	if s.By != nil {
		t.By = s.By()
	}
	return t
}

// sweep is one sweep under way. But for what start runs, everything happens in
// the one goroutine that called Run.
type sweep struct {
	Options
	*loop
	*result.Collector
	clock  *judge.Clock
	judge  *judge.Judge
	stops  *stops.Stops
	memory *Memory
	watch  *watch.Watch
	own    *judge.Basis // the policy, under what set the sweep off
	scope  *policy.Scope

	end     context.CancelCauseFunc // ends the sweep at once
	free    context.CancelFunc
	grace   time.Duration // what is left of Grace, to verify stops
	started time.Time     // by our clock: the offset is not known yet
	before  cloudflow.Stats

	flows    *flows
	together *together
	events   *events

	seen           map[judge.Key]bool
	listed         map[string]bool // flows whose executions have been listed, all of them, by key
	firstUnlisted  error           // of them
	flowsSeen      int
	executionsSeen int
	share          float64 // that progress has told
	estimate       *result.Estimate
}

func begin(ctx context.Context, o Options) *sweep {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Memory == nil {
		o.Memory = oneShot(o.Ledger, o.Now())
	}
	o.Memory.mu.Lock()
	o.Mode = cmp.Or(o.Mode, policy.ModeEnforce)
	o.RunID = cmp.Or(o.RunID, strings.ReplaceAll(uuid.NewString(), "-", ""))
	s := &sweep{
		Options: o, Collector: &result.Collector{Decided: o.Decided},
		clock:  judge.NewClock(o.Now, o.Source.ClockOffset),
		memory: o.Memory, watch: o.Memory.watch,
		started: o.Now(), before: o.Source.Stats(),
		seen: map[judge.Key]bool{}, listed: map[string]bool{},
	}
	s.judge = judge.New(o.Source, s.clock)
	s.nameTrigger()
	s.own = &judge.Basis{Rules: s.Policy, Event: s.Event, Warned: s.memory.warned(s.Policy)}
	s.scope = s.Policy.Scope(s.clock.Judging(), s.Event)
	s.watch.Ledger.Keep(s.Policy.Limits.Per)
	s.flows = &flows{sweep: s, matched: map[string]bool{}, acting: actingRules(s.Policy)}
	s.together = &together{s, map[string]listed{}}
	s.stops = s.newStops()
	s.Stopper = nil // from here on only the gate can stop
	ctx, s.end = context.WithCancelCause(ctx)
	s.events = s.raise()
	s.judge.Doubted = s.memory.doubted(s.now())
	s.lend(ctx)
	s.loop, s.free = newLoop(ctx, s.Options)
	return s
}

func (s *sweep) newStops() *stops.Stops {
	batch := 1
	if s.memory.file != nil {
		batch = maxBatch
	}
	return stops.New(s.Stopper, stops.Options{
		Judge: s.judge, Source: s.Source, Watch: s.watch, Report: s.Collector,
		Limits: s.Policy.Limits, Mode: s.Mode, Allowed: s.Allowed, Approved: s.Approved, Beyond: s.Beyond, OneShot: s.memory.once,
		Mark: fmt.Sprintf("%.23s/%s", s.Policy.Hash, s.Mode), Own: s.own, Started: s.started, Batch: batch,
		Sign:     sync.OnceValue(s.sign),
		Flow:     func(key string) *policy.Flow { return s.memory.flows[key] },
		Live:     func() int { return s.watch.Live() + s.events.moreLive },
		Answered: func() bool { return s.answered > 0 },
		Claim:    func(tries []watch.Try) error { return s.memory.claim(tries, s.now()) },
		Settled:  func(k judge.Key) { s.events.Settled(k) },
		Failed:   s.unread,
	})
}

// lend has a sweep that goes on with an emergency go on for a part of its grace,
// so that stops are tried at the quota's rate from one sweep to the next; their
// verification has the rest.
func (s *sweep) lend(ctx context.Context) {
	s.grace = Grace
	const lent = Grace - 3*time.Second
	deadline, bounded := ctx.Deadline()
	short := bounded && deadline.Before(s.Until.Add(Grace)) // less than its grace was left for it
	if s.regular() && s.events.Latches() && !s.Until.IsZero() && !short {
		s.Until = s.Until.Add(lent)
		s.grace -= lent
	}
}

func (s *sweep) close() {
	s.memory.keepOffset(s.now().Sub(s.Now()))
	s.free()
	s.end(nil)
	s.memory.mu.Unlock()
}

func (s *sweep) nameTrigger() {
	if len(s.Events) > 0 {
		s.Trigger = result.Trigger{Kind: s.Events[0].Kind, Name: s.Events[0].Name()}
	}
	if s.Event == nil {
		s.Event = &policy.Event{Kind: cmp.Or(s.Trigger.Kind, event.Manual), Time: s.clock.Now()}
	}
	s.Trigger.Kind = cmp.Or(s.Trigger.Kind, s.Event.Kind)
}

// regular says that the sweep judges by rules on timers, too, or by hand.
func (s *sweep) regular() bool { return len(s.Events) == 0 }

// now is the time by CloudFlow's clock.
func (s *sweep) now() time.Time { return s.clock.Now() }

// begun is when the sweep began by CloudFlow's clock, as far as that is known by now.
func (s *sweep) begun() time.Time { return s.clock.Corrected(s.started) }

// endIfFatal ends the sweep at once after an error that leaves nothing to hope
// for, and says whether it did.
func (s *sweep) endIfFatal(err error) bool {
	f := fatal(err)
	if f == nil {
		return false
	}
	s.Fail(f.Code, f.Err)
	s.end(f)
	return true
}

// failure counts an error of a call, but for those that end the sweep. A mistake of
// ours fails the sweep, and doesn't end it.
func (s *sweep) failure(err error) {
	if s.endIfFatal(err) {
		return
	}
	s.Note(codeOf(err), err.Error())
	if fault.Is(err) {
		s.FailQuietly(err)
	}
}

// cutShort says that a look at a flow was cut short by the end of the time, which is no
// error, and reports it.
func (s *sweep) cutShort(flow string, err error) bool {
	if !s.outOfTime(err) {
		return false
	}
	s.Incomplete(flow, timeIsOver(s.ctx).Error())
	return true
}

// unread reports what could not be read of a flow.
func (s *sweep) unread(flow string, err error) {
	if !s.cutShort(flow, err) {
		s.failure(err)
		s.Incomplete(flow, err.Error())
	}
}

// listingFailed reports a listing that failed by itself.
func (s *sweep) listingFailed(flow string, err error) {
	s.failure(err)
	s.Incomplete(flow, err.Error())
	s.firstUnlisted = cmp.Or(s.firstUnlisted, err)
}

// tell reports what an inquiry into a flow noticed besides, once.
func (s *sweep) tell(flow string, in *judge.Inquiry) {
	for _, name := range in.Differ {
		s.Note("SameName", fmt.Sprintf("rows of one listing differ in what they say of the execution %s of %s: what DescribeExecution says counts", name, flow))
	}
	for _, err := range in.Unread {
		s.unread(flow, err)
	}
	in.Differ, in.Unread = nil, nil
}

// checkClock fails the sweep when ages can't be trusted, also when nothing is
// condemned: what seems young by a clock that is off may be overdue. A sweep in
// which nothing was due has nothing to check it by.
func (s *sweep) checkClock() {
	if off, ok := s.clock.Check(); !ok && (off.Known || s.asked()) {
		s.Fail(result.CodeClockSkew, off)
	}
}

// asked says whether any call was made.
func (s *sweep) asked() bool {
	for operation, n := range s.Source.Stats().Calls {
		if n > s.before.Calls[operation] {
			return true
		}
	}
	return false
}

// remember saves what was found out. What can't be saved the next process finds
// out again, so nothing but the saving has failed. By a clock that is off the
// ledger would forget the wrong stops, so then the file stays as it is.
func (s *sweep) remember() {
	if off, ok := s.clock.Check(); !ok && off.Known {
		return
	}
	if err := s.memory.save(s.now()); err != nil {
		s.Fail(result.CodeSweep, err)
	}
}

// errTimeIsOver ends a sweep that has a bound. It isn't an error.
var errTimeIsOver = errors.New("the time of this sweep is over; the next one goes on")

// outOfTime says that a call was cut short by the end of the sweep's time, or not
// sent since its turn by the quota comes later; the next sweep asks. A sweep that
// has no next one failed to send it: its person needs to hear why. And what CloudFlow
// hadn't answered before then has failed: the next sweep must not begin with it.
func (s *sweep) outOfTime(err error) bool {
	api, called := errors.AsType[*cloudflow.Error](err)
	failed := fault.Is(err) || called && (api.Unanswered || api.Class == cloudflow.Fatal)
	unsent := errors.Is(err, cloudflow.ErrOutOfTime) && !s.memory.once
	return !failed && (s.ctx.Err() != nil || unsent)
}

// timeIsOver is why a call was cut short: the time is over, or the whole sweep
// ended early.
func timeIsOver(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errTimeIsOver) {
		return fmt.Errorf("the sweep was cut short: %w", cause)
	}
	return errTimeIsOver
}

// checkEnd fails a sweep that was cut short, or saw nothing of what it was to
// look at: a stopper that may list nothing must not look healthy.
func (s *sweep) checkEnd() {
	if cut := s.ctx.Err() != nil; cut && !errors.Is(context.Cause(s.ctx), errTimeIsOver) {
		s.Fail(result.CodeSweep, timeIsOver(s.ctx))
	}
	nothing := s.firstUnlisted != nil && len(s.listed) == 0 && s.executionsSeen == 0
	switch {
	case nothing && !s.regular():
		s.Fail(result.CodeSweep, fmt.Errorf("nothing of what the event is about could be looked at: %w", s.firstUnlisted))
	case nothing && s.flowsSeen > 0:
		s.Fail(result.CodeSweep, fmt.Errorf("none of the %d flows could be listed: %w", s.flowsSeen, s.firstUnlisted))
	case s.ctx.Err() != nil && s.answered == 0:
		s.Fail(result.CodeSweep, fmt.Errorf("nothing was answered in time: %w", timeIsOver(s.ctx)))
	}
	s.FailIfRefused()
}
