package sweep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/stops"
	"github.com/flowreaper/flowreaper/policy"
)

const (
	// maxBatch is how many stops the ledger counts before it is saved and they are
	// tried: a kill in between counts as many too many.
	maxBatch = 10

	// waitShare is the share of its time for which a sweep waits with stops while flows
	// are left in which nobody knows what runs, so that the limits are asked about as
	// much as can be known.
	waitShare = 0.6

	// verifyWait is how long one DescribeExecution waits for the execution to end:
	// CloudFlow answers as soon as it has.
	verifyWait = 5 * time.Second
)

// stopping is what the sweep does for its stops: it opens the gate for them, fetches what
// they hang on, sends them and has them verified.
type stopping struct{ *sweep }

// openGate lets in what waits, when the limits allow all that is known to be
// condemned. They are asked as late as stops can wait: when all that is due has
// been looked at, or at least all that was known before; but not so late that
// nothing can be stopped.
func (s stopping) openGate(wait bool) {
	if !s.stops.Waiting() || !s.seenEnough(wait) {
		return
	}
	looking := wait || s.underWay[opList] > 0 || len(s.together.waiting) > 0
	s.stops.Open(func(flow string) bool { // a look at it will tell, and nothing less can
		return looking && s.memory.questions[flow].Needs.Has(policy.NeedLive)
	})
}

func (s stopping) seenEnough(wait bool) bool {
	looking := s.underWay[opList] + s.underWay[opCheck] + s.underWay[opOther]
	switch {
	case looking == 0 && !wait:
		return true
	case s.Until.IsZero():
		return false
	case s.past(waitShare):
		return true
	}
	now := s.now()
	return s.regular() && s.underWay[opCheck]+s.underWay[opOther] == 0 && s.watch.Behind(now, 0).Checks == s.underWay[opEarly] && s.watch.Blind(now) == 0 && !s.events.Counting()
}

// stopNext fetches what the next stops hang on, and tries them, as the quota allows.
func (s stopping) stopNext() {
	for s.ctx.Err() == nil && s.stops.Queued() > 0 {
		task := s.stops.Next(stops.Room{
			Fetch:    s.underWay[opFresh] < most[opFresh],
			Stop:     s.underWay[opStop] < most[opStop] && s.level(cloudflow.OpStopExecution) > 0,
			Sendable: s.sendable(),
		})
		switch {
		case task.Fetch != nil:
			s.fetch(task.Fetch)
		case task.Stop != nil:
			s.stop(task.Stop)
		default:
			return
		}
	}
}

// sendable is how many stops can be tried in what is left of the sweep's time, at least
// one.
func (s stopping) sendable() int {
	if s.Until.IsZero() || s.Quota == nil {
		return maxBatch
	}
	left := s.Until.Sub(s.Now()).Seconds() * s.rate(cloudflow.OpStopExecution)
	return max(1, s.level(cloudflow.OpStopExecution)+int(left))
}

// fetch fetches what stops hang on.
func (s stopping) fetch(f *stops.Fetch) {
	work := s.fetchExecution
	switch f.What {
	case stops.TheFlow:
		work = s.fetchFlow
	case stops.TheLive:
		work = s.fetchLive
	case stops.TheTogether:
		work = s.fetchTogether(f)
	}
	s.inquire(opFresh, f.Flow.Name, func(in *judge.Inquiry) (func(), error) { return work(in, f) }, func(err error) {
		if s.outOfTime(err) {
			return // they stay marked, so that nobody asks again in this sweep
		}
		if !cloudflow.IsFatal(err) && s.ctx.Err() == nil { // else the sweep is over, and they are told as not tried
			s.stops.NotFound(f)
		}
		s.unread(f.Flow.Name, err)
	})
}

func (s stopping) fetchExecution(in *judge.Inquiry, f *stops.Fetch) (func(), error) {
	answer, asked, err := in.Live(f.Flow.Name, f.Name, f.Started)
	ended := func() { s.stops.Ended(f) }
	switch {
	case err != nil:
		return nil, err
	case answer == nil:
		return ended, nil
	case judge.Another(f.Started, answer.StartedTime):
		return func() {
			if s.stops.Replaced(f, answer.StartedTime) {
				s.Incomplete(f.Flow.Name, fmt.Sprintf("the execution %s of %s started at %s by a listing, and at %s by DescribeExecution: it is kept",
					f.Name, f.Flow.Name, f.Started.Format(time.RFC3339), answer.StartedTime.UTC().Format(time.RFC3339)))
			}
		}, nil
	}
	found := in.Described(f.By, f.Flow, *answer, asked)
	if found.Over() {
		return ended, nil
	}
	return func() { s.stops.Found(f, found) }, nil
}

// fetchFlow reads a flow. What can't be fetched protects.
func (s stopping) fetchFlow(in *judge.Inquiry, f *stops.Fetch) (func(), error) {
	asked := in.Clock.Ours()
	answer, err := s.Source.DescribeFlow(s.ctx, f.Flow.Name)
	switch {
	case cloudflow.IsGone(err), err == nil && !judge.IsFlow(answer, f.Flow):
		return func() { s.stops.Ended(f) }, nil
	case err == nil:
		return func() { s.stops.FlowFound(f, judge.WholeFlow(answer, f.Flow), asked) }, nil
	case s.outOfTime(err) || cloudflow.IsFatal(err):
		return nil, err
	}
	return func() {
		s.stops.FlowFound(f, nil, asked)
		s.failure(err)
	}, nil
}

// fetchLive lists a flow anew, and has its executions judged by what is live in it now.
func (s stopping) fetchLive(in *judge.Inquiry, f *stops.Fetch) (func(), error) {
	list, err := in.ListLive(f.Flow)
	if err != nil {
		return nil, err
	}
	return s.liveFound(f, in.Rows(f.By, f.Flow, list, true)), nil
}

// fetchTogether is fetchLive for what is counted together.
func (s stopping) fetchTogether(f *stops.Fetch) func(*judge.Inquiry, *stops.Fetch) (func(), error) {
	list := s.together.fetch(f.By, f.Flow)
	return func(in *judge.Inquiry, f *stops.Fetch) (func(), error) {
		found, err := list(in)
		if err != nil {
			return nil, err
		}
		return s.liveFound(f, found), nil
	}
}

func (s stopping) liveFound(f *stops.Fetch, found []judge.Finding) func() {
	return func() {
		for _, err := range s.stops.LiveFound(f, found) {
			s.unread(f.Flow.Name, err)
		}
	}
}

// stop sends a stop, and verifies it.
func (s stopping) stop(p *stops.Stop) {
	s.start(opStop, func() (func(), error) {
		answer, err := p.Send(s.ctx)
		s.results <- func() {
			s.endIfFatal(err) // before the next one's turn
			s.stops.StopAnswered(p)
		}
		if err != nil && s.unsent(err) {
			return func() { s.settle(p, stops.NotSent(timeIsOver(s.ctx))) }, nil
		}
		ctx, cancel := outlive(s.ctx, s.grace)
		defer cancel()
		a := p.Verify(ctx, s.verifyWait(), answer, err)
		return func() { s.settle(p, a) }, nil
	}, func(mistake error) {
		s.settle(p, stops.Answer{Outcome: result.Failed, Message: mistake.Error(), Err: mistake})
	})
}

// settle takes in what became of a stop.
func (s stopping) settle(p *stops.Stop, a stops.Answer) {
	for _, err := range []error{a.Unverified, a.Err} {
		if err != nil {
			s.failure(err)
		}
	}
	s.stops.Settle(p, a)
}

// unsent says that the sweep's time, or the sweep, was over before a stop was sent.
func (s stopping) unsent(err error) bool {
	var api *cloudflow.Error
	if errors.As(err, &api) && api.MaybeDone || cloudflow.IsFatal(err) {
		return false
	}
	return errors.Is(err, cloudflow.ErrOutOfTime) || s.ctx.Err() != nil && errors.Is(err, s.ctx.Err())
}

// verifyWait is how long the next verification may wait: less towards the end of
// the sweep's time.
func (s stopping) verifyWait() time.Duration {
	if s.Until.IsZero() {
		return verifyWait
	}
	left := s.Until.Add(s.grace).Sub(s.Now()) - time.Second // for the answer's way
	return min(verifyWait, max(time.Second, left.Truncate(time.Second)))
}

// outlive returns a context that ends so long after ctx.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() { stop(); cancel() }
}

// leave deals with what is left when the sweep is over: the next goes on with it, unless
// the limits withhold it.
func (s stopping) leave() {
	cause := context.Cause(s.ctx)
	s.stops.Leave(cause != nil && !errors.Is(cause, errTimeIsOver))
	if !s.memory.once {
		s.memory.refresh(s.now())
		s.events.FindOthers()
	}
	left := s.events.Left() + s.stops.LeftOfOwn()
	s.stops.NotTried(cause)
	s.estimated(max(left, len(s.stops.Recorded())))
	s.memory.giveWay = s.events.GiveWay(s.rate(cloudflow.OpListExecutions) * s.Now().Sub(s.started).Seconds())
	if s.events.Latches() {
		s.events.Release(s.begun(), s.memory.tick)
	}
}
