package stops

import (
	"time"

	"github.com/flowreaper/flowreaper/internal/fault"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// Patience is how long the next stop waits for the one before it, so that
// they arrive in order, and one that hangs doesn't hold up the others.
const Patience = time.Second

// Room is what the quota and the sweep's time leave for.
type Room struct {
	Fetch    bool // facts can be fetched
	Stop     bool // a stop can be sent
	Sendable int  // stops, in what is left of the time
}

// Task is what is next: facts to fetch, a stop to try, or nothing for now.
type Task struct {
	Fetch *Fetch
	Stop  *Stop
}

// Next returns what is next, as far as there is room for it.
func (s *Stops) Next(room Room) Task {
	for s.Queued() > 0 {
		s.sort()
		s.stepAside()
		if room.Fetch {
			if f := s.fetch(); f != nil {
				return Task{Fetch: f}
			}
		}
		if !room.Stop || s.PatienceLeft() > 0 {
			break
		}
		if len(s.batch) == 0 {
			s.countNext(room.Sendable)
		}
		if len(s.batch) == 0 || !s.fresh(s.batch[0]) {
			break
		}
		c := s.batch[0]
		s.batch = s.batch[1:]
		var stop *Stop
		s.about(c, func() { stop = s.takeTurn(c) })
		if stop != nil {
			return Task{Stop: stop}
		}
	}
	return Task{}
}

// PatienceLeft is for how long the next stop still waits for the one before it.
func (s *Stops) PatienceLeft() time.Duration {
	if !s.unanswered {
		return 0
	}
	return max(0, Patience-time.Since(s.lastSent))
}

// about does something about one execution. A mistake of ours fails that one, which
// the next sweep asks about again, and no other.
func (s *Stops) about(c *condemned, do func()) {
	if err := fault.Attempt(do); err != nil {
		c.fetching = time.Time{}
		s.forget(c.key(), c.By)
		s.Failed(c.flowName, err)
	}
}

// takeTurn judges an execution at its turn. Where nothing has changed since it was
// counted, it was judged then.
func (s *Stops) takeTurn(c *condemned) *Stop {
	if !s.sameMoment(c.pass) {
		var no refusal
		if c.pass, c.Finding, no = s.pass(c.Finding); no != nil {
			s.refuse(c, no)
			return nil
		}
	}
	if !c.inLedger && !c.Unlimited() { // judged anew, another rule condemns it
		c.waits = true
		return nil
	}
	return s.try(c)
}

// countNext has the ledger count the next stops, at most as many as are sendable,
// before the first of them is tried. Without a file that is one at a time, and none too
// many. What no limit holds back is not counted.
func (s *Stops) countNext(sendable int) {
	var tries []watch.Try
	for len(s.queue) > 0 && s.fresh(s.queue[0]) && len(s.batch) < min(s.Batch, sendable) {
		c := s.next()
		s.about(c, func() {
			if s.takeIn(c) {
				tries = append(tries, c.pass.try(s.Judge.Clock.Now()))
			}
		})
	}
	if len(tries) > 0 {
		s.saveCount(tries)
	}
}

// takeIn makes an execution one of the next to be tried, and says whether the ledger is
// to count it: once.
func (s *Stops) takeIn(c *condemned) (counts bool) {
	p, judged, no := s.pass(c.Finding)
	c.Finding, c.pass = judged, p
	switch {
	case no != nil:
		s.refuse(c, no)
		return false
	case !c.mayPass():
		c.waits = true
		return false
	}
	counts = !c.inLedger && !c.Unlimited()
	c.inLedger = c.inLedger || counts
	s.batch = append(s.batch, c)
	return counts
}

// saveCount counts stops in the ledger. Where that can't be saved what counts is not
// tried; and where it has told of another process's stops, or of a loss, the limits
// are asked anew: of several processes that count at once the last knows of all.
func (s *Stops) saveCount(tries []watch.Try) {
	s.askedAt.tried += len(tries)
	if err := s.Claim(tries); err != nil {
		s.Report.Fail(result.CodeSweep, err)
		s.refuseBut((*condemned).unheld, notTried{err})
		return
	}
	if s.standing(s.askedAt.from) == s.askedAt {
		return
	}
	if no := s.withhold(); no != nil {
		s.refuseAll(no)
	}
}

// planned is the record of what was condemned.
func planned(f judge.Finding) result.PlannedStop {
	return result.PlannedStop{
		Flow: f.Flow.Name, FlowID: f.Flow.ID, Execution: f.Execution.Name, StartedTime: f.Execution.StartedTime,
		Rule: f.Verdict.Rule.Name, Reason: f.Verdict.Reason(),
	}
}
