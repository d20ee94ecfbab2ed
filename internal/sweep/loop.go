package sweep

import (
	"context"
	"math"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/fault"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/stops"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// tickMargin is what a sweep leaves of its tick, to verify and report.
const tickMargin = 10 * time.Second

// operation is a kind of work that has a bound of its own.
type operation int

const (
	opOther  operation = iota
	opRelist           // the flows, while those known are watched
	opList
	opCheck
	opEarly
	opFresh // facts for a stop
	opStop  // and its verification
	operations
)

// most is how much of each kind may be under way at once. The client keeps to
// the quota; more than a few only wait there.
var most = [operations]int{opOther: 1, opRelist: 1, opList: 4, opCheck: 16, opEarly: 16, opFresh: 16, opStop: 16}

// loop hands out work and takes in its results, until nothing is left or the
// time is over. Work runs in goroutines of its own and touches nothing of the
// sweep's; what it returns runs in the loop.
type loop struct {
	ctx      context.Context // ends with the sweep's time
	results  chan func()
	underWay [operations]int
	answered int // results taken in
}

func newLoop(ctx context.Context, o Options) (*loop, context.CancelFunc) {
	l := &loop{results: make(chan func())}
	ctx, over := context.WithCancelCause(ctx)
	l.ctx = ctx
	free := func() { over(nil) }
	if !o.Until.IsZero() {
		l.ctx, free = context.WithTimeoutCause(ctx, o.Until.Sub(o.Now()), errTimeIsOver)
	}
	if o.Yield != nil {
		go func() {
			select {
			case <-o.Yield:
				over(errTimeIsOver)
			case <-ctx.Done():
			}
		}()
	}
	return l, func() { free(); over(nil) }
}

// start runs work, and in the loop what it returns; or failed, where it returns an
// error, or either panics.
func (s *sweep) start(op operation, work func() (func(), error), failed func(error)) {
	s.underWay[op]++
	go func() {
		var result func()
		var err error
		if mistake := fault.Attempt(func() { result, err = work() }); mistake != nil {
			err = mistake
		}
		s.results <- func() {
			s.underWay[op]--
			s.answered++
			if err == nil {
				err = fault.Attempt(result)
			}
			if err == nil {
				return
			}
			if mistake := fault.Attempt(func() { failed(err) }); mistake != nil {
				s.failure(mistake)
			}
		}
	}()
}

// inquire is start for an inquiry into a flow. What it noticed besides is reported in any
// case, and first.
func (s *sweep) inquire(op operation, flow string, work func(*judge.Inquiry) (func(), error), failed func(error)) {
	in := s.judge.Inquire(s.ctx)
	s.start(op, func() (func(), error) {
		take, err := work(in)
		return func() { s.tell(flow, in); take() }, err
	}, func(err error) { s.tell(flow, in); failed(err) })
}

func (l *loop) busy() bool {
	sum := 0
	for _, n := range l.underWay {
		sum += n
	}
	return sum > 0
}

// await takes in one result, or waits for at most so long.
func (l *loop) await(pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case result := <-l.results:
		result()
	case <-timer.C:
	case <-l.ctx.Done():
	}
}

// work does the sweep: looks and checks as the watch has them, and stops as
// soon as the gate opens, until nothing is due or the time is over.
func (s *sweep) work() {
	if s.regular() {
		s.watch.Begin(s.now())
		s.flows.retell()
		s.stops.Recall()
	}
	s.events.findFlows()
	for s.ctx.Err() == nil {
		if s.regular() {
			s.flows.list()
		}
		wait := s.handOut()
		s.events.hold()
		s.together.judge(wait)
		stopping{s}.openGate(wait)
		stopping{s}.stopNext()
		if !wait && !s.busy() && s.stops.Left() == 0 {
			break
		}
		s.await(s.pause(wait))
		s.progress()
	}
	for s.busy() { // what is under way ends soon: its context has
		(<-s.results)()
	}
	s.together.leave()
	stopping{s}.leave()
	s.behind()
	s.checkEnd()
}

// handOut starts the tasks for which there are tokens, those of events first, and says
// whether something that is due waits for more.
func (s *sweep) handOut() (wait bool) {
	wait = s.events.look(false)
	if s.regular() {
		wait = s.handOutWatched() || wait
	}
	if wait || s.flows.listing {
		return wait
	}
	return s.events.look(true)
}

func (s *sweep) handOutWatched() (wait bool) {
	for s.ctx.Err() == nil {
		task := s.watch.Next(s.now(), watch.Tokens{
			List:     s.tokens(cloudflow.OpListExecutions, opList),
			Describe: s.tokens(cloudflow.OpDescribeExecution, opCheck, opEarly, opFresh),
		})
		switch {
		case task.Look != nil:
			s.look(task.Look)
		case task.Check != nil:
			s.check(task.Check)
		default:
			return task.Wait
		}
	}
	return true
}

// tokens is how many calls of an operation may be started now. Those under way
// may not have taken theirs yet, so they count.
func (s *sweep) tokens(operation string, kinds ...operation) int {
	room, underWay := 0, 0
	for _, op := range kinds {
		room = max(room, most[op])
		underWay += s.underWay[op]
	}
	return max(0, min(room, s.level(operation))-underWay)
}

// level is how many tokens an operation's bucket holds.
func (o *Options) level(operation string) int {
	if o.Quota == nil {
		return math.MaxInt32
	}
	const rounding = 1e-6
	level, limited := o.Quota.Levels()[operation]
	if !limited {
		return math.MaxInt32
	}
	return int(level.Tokens + rounding)
}

// pause is how long to wait for a result before looking again at what can be
// done: until the next token of what waits for one.
func (s *sweep) pause(wait bool) time.Duration {
	pause := stops.Patience
	if left := s.stops.PatienceLeft(); left > 0 {
		pause = left
	}
	if s.Quota == nil {
		return pause
	}
	levels, rates := s.Quota.Levels(), s.Quota.Rates()
	next := func(operation string) {
		if rate, limited := rates[operation]; limited {
			missing := 1 - (levels[operation].Tokens - math.Floor(levels[operation].Tokens))
			pause = min(pause, time.Duration(missing/rate.PerSecond*float64(time.Second)))
		}
	}
	if wait {
		next(cloudflow.OpListExecutions)
		next(cloudflow.OpDescribeExecution)
	}
	if s.stops.Queued() > 0 {
		next(cloudflow.OpStopExecution)
	}
	return max(pause, time.Millisecond)
}
