package sweep

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

const (
	// batch is how many stops the ledger counts before it is saved and they are
	// tried: a kill in between counts as many too many.
	batch = 10

	// patience is how long the next stop waits for the one before it, so that
	// they arrive in order, and one that hangs doesn't hold up the others.
	patience = time.Second
)

// comesFirst orders stops: emergencies first, of those what started last, since
// that is what the event is about, unless the rule says otherwise; then the most
// overdue.
func (s *sweep) comesFirst(a, b *condemned) int {
	if first := cmp.Compare(urgency(b), urgency(a)); first != 0 {
		return first
	}
	if urgency(a) == newestFirst {
		return cmp.Or(b.started.Compare(a.started), cmp.Compare(a.name, b.name))
	}
	return cmp.Or(
		a.since.Compare(b.since), a.started.Compare(b.started),
		cmp.Compare(a.flowName, b.flowName), cmp.Compare(a.name, b.name),
	)
}

const (
	mostOverdue = iota
	oldestFirst
	newestFirst
)

// urgency tells in which order an execution's turn comes.
func urgency(c *condemned) int {
	switch rule := c.verdict.Rule; {
	case rule == nil, !c.by.onEvent():
		return mostOverdue
	case rule.StopFirst == policy.Oldest:
		return oldestFirst
	}
	return newestFirst
}

// stopNext tries what is next, as the quota allows.
func (s *sweep) stopNext() {
	for s.ctx.Err() == nil && len(s.queue)+len(s.counted) > 0 {
		s.sortQueue()
		s.freshen()
		if !s.mayStop() {
			return
		}
		if len(s.counted) == 0 {
			s.countNext()
		}
		if len(s.counted) == 0 {
			return
		}
		c := s.counted[0]
		if !s.fresh(c) {
			return
		}
		s.counted = s.counted[1:]
		s.about(c, func() { s.takeTurn(c) })
	}
}

func (s *sweep) takeTurn(c *condemned) {
	p, judged, no := s.gate.pass(c.finding)
	c.finding = judged
	switch {
	case no != nil:
		s.refuse(c, no)
	case !c.inLedger && !c.unlimited(): // judged anew, another rule condemns it
		s.wait(c)
	default:
		s.try(c, p)
	}
}

// about does something about one execution. A mistake of ours fails that one, which
// the next sweep asks about again, and no other.
func (s *sweep) about(c *condemned, do func()) {
	if fault := attempt(do); fault != nil {
		s.notFreshened(c, fault)
	}
}

func (s *sweep) sortQueue() {
	if s.unsorted {
		slices.SortFunc(s.queue, s.comesFirst)
		s.unsorted = false
	}
}

// mayStop says whether the next stop may be sent now.
func (s *sweep) mayStop() bool {
	return s.underWay[opStop] < most[opStop] && s.patienceLeft() <= 0 && s.level(cloudflow.OpStopExecution) > 0
}

func (s *sweep) patienceLeft() time.Duration {
	if !s.unanswered {
		return 0
	}
	return max(0, patience-time.Since(s.lastSent))
}

// countNext has the ledger count the next stops, before the first of them is
// tried. Without a file that is one at a time, and none too many. What no limit
// holds back is not counted.
func (s *sweep) countNext() {
	size := 1
	if s.memory.file != nil {
		size = s.sendable()
	}
	var passes []pass
	for len(s.queue) > 0 && s.fresh(s.queue[0]) && len(s.counted) < size {
		c := s.queue[0]
		s.queue = s.queue[1:]
		s.about(c, func() { passes = s.takeIn(c, passes) })
	}
	if len(passes) > 0 {
		s.saveCount(passes)
	}
}

// takeIn makes an execution one of the next to be tried, and adds what the ledger is
// to count.
func (s *sweep) takeIn(c *condemned, passes []pass) []pass {
	p, judged, no := s.gate.pass(c.finding)
	c.finding = judged
	switch {
	case no != nil:
		s.refuse(c, no)
		return passes
	case !c.mayPass():
		s.wait(c)
		return passes
	case !c.unlimited():
		c.inLedger = true
		passes = append(passes, p)
	}
	s.counted = append(s.counted, c)
	return passes
}

// saveCount counts stops in the ledger. Where that can't be saved they are not
// tried; and where it has told of another process's stops, or of a loss, the limits
// are asked anew: of several processes that count at once the last knows of all.
func (s *sweep) saveCount(passes []pass) {
	s.askedAt.tried += len(passes)
	if err := s.memory.claim(s.gate.tries(passes), s.now()); err != nil {
		s.fail(result.CodeSweep, err)
		s.refuseAll(notTried{err})
		return
	}
	if s.standing() == s.askedAt {
		return
	}
	if no := s.withhold(); no != nil {
		s.refuseAll(no)
	}
}

// sendable is how many stops can be tried in what is left of the sweep's time,
// at most a batch.
func (s *sweep) sendable() int {
	if s.Until.IsZero() || s.Quota == nil {
		return batch
	}
	left := s.Until.Sub(s.Now()).Seconds() * s.rate(cloudflow.OpStopExecution)
	return min(batch, max(1, s.level(cloudflow.OpStopExecution)+int(left)))
}

// leave deals with what is left when the sweep is over: the next goes on with
// it, unless the limits withhold it. That is told in every sweep.
func (s *sweep) leave() {
	cause := context.Cause(s.ctx)
	s.dropEnded()
	if cause == nil || errors.Is(cause, errTimeIsOver) {
		if no := s.withhold(); no != nil {
			s.refuseAll(no)
		}
	}
	s.findOthers()
	left := s.leftAfter()
	if len(s.waiting)+len(s.queue)+len(s.counted) > 0 {
		s.partial = true
		s.refuseAll(notTried{cause})
	}
	s.estimate(max(left, len(s.recorded)))
	s.memory.giveWay = s.giveWay()
	s.release()
}
