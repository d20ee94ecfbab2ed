package sweep

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// held is the share of its time for which a sweep waits with stops while flows
// are left in which nobody knows what runs, so that the limits are asked about as
// much as can be known.
const held = 0.6

// openGate lets in what waits, when the limits allow all that is known to be
// condemned. They are asked as late as stops can wait: when all that is due has
// been looked at, or at least all that was known before; but not so late that
// nothing can be stopped.
func (s *sweep) openGate(wait bool) {
	if len(s.waiting) == 0 || !s.seenEnough(wait) {
		return
	}
	s.dropEnded()
	if no := s.withhold(); no != nil {
		s.refuseAll(no)
		return
	}
	looking := wait || s.underWay[opList] > 0
	for k, c := range s.waiting {
		if looking && c.execution == nil && s.memory.questions[k.flow].live {
			continue // a look at its flow will tell, and nothing less can
		}
		delete(s.waiting, k)
		c.allowed = true
		s.enqueue(c)
	}
}

func (s *sweep) seenEnough(wait bool) bool {
	looking := s.underWay[opList] + s.underWay[opCheck] + s.underWay[opOther]
	switch {
	case looking == 0 && !wait:
		return true
	case s.Until.IsZero():
		return false
	case time.Since(s.begun) >= time.Duration(held*float64(s.Until.Sub(s.started))):
		return true
	}
	now := s.now()
	return s.regular() && s.underWay[opCheck]+s.underWay[opOther] == 0 && s.watch.Behind(now, 0).Checks == s.underWay[opEarly] && s.watch.Blind(now) == 0 && !s.counting()
}

// counting says that for some event there is still to be looked for what a limit
// may hold back.
func (s *sweep) counting() bool {
	return slices.ContainsFunc(s.inForce, func(e *emergency) bool { return !e.streams && (e.asking > 0 || len(e.surveys) > 0) })
}

// withhold asks the clock, since by one that is off nothing is known to be
// condemned, and then the limits about every execution known to be.
//
// Before the first answer nobody knows about the clock. What earlier sweeps
// condemned is asked about at its turn, and then the gate knows: refused now, in
// a sweep that has nothing else to ask, it would have no turn.
func (s *sweep) withhold() refusal {
	off, ok := s.clock.check()
	if !ok && (off.known || s.answered > 0) && len(s.waiting)+len(s.queue)+len(s.counted) > 0 {
		return off
	}
	counted := 0
	for _, c := range s.counted {
		if c.inLedger {
			counted++
		}
	}
	s.askedAt = s.standing()
	no := s.gate.withhold(s.known(), counted, s.watch.Live()+s.ended+s.moreLive)
	if no == nil { // once one was exceeded, nothing is stopped in this sweep
		no = s.held
	}
	return no
}

// known counts every execution that is known to be condemned, whether it was
// checked in this sweep or not. Those tried in this sweep are in the ledger, and
// what no limit holds back counts for none.
func (s *sweep) known() int {
	n := len(s.waiting)
	for _, c := range slices.Concat(s.queue, s.counted) {
		if !c.unlimited() {
			n++
		}
	}
	for o := range s.watch.EachOverdue() {
		k := key{o.FlowID, o.Name}
		if s.counts(o.Mark) && !s.tried[k] && s.underGate(k) == nil {
			n++
		}
	}
	return n
}

// counts says whether an execution with this mark is condemned and would be
// stopped. What another policy planned or protected is taken up again, and counts
// as waiting.
func (s *sweep) counts(m watch.Mark) bool {
	o := result.Outcome(m.Outcome)
	return o != "" && o != result.Planned && o != result.ProtectedOutcome
}

// refuseAll refuses whatever has not been tried; what is over a limit, only what
// limits hold back.
func (s *sweep) refuseAll(no refusal) {
	limit := overLimit{}
	over := errors.As(no, &limit)
	spare := func(c *condemned) bool { return over && c.unlimited() }
	rest := slices.Concat(slices.Collect(maps.Values(s.waiting)), s.queue, s.counted)
	clear(s.waiting)
	s.queue, s.counted = filter(s.queue, spare), filter(s.counted, spare)
	slices.SortFunc(rest, s.comesFirst)
	for _, c := range rest {
		if !spare(c) {
			s.refuse(c, no)
		}
	}
	if over {
		s.held = limit
		s.book.withhold(limit)
	}
}

// refuse refuses one, and reports it. Of what was not looked at in this sweep there is
// nothing to report.
func (s *sweep) refuse(c *condemned, no refusal) {
	delete(s.admitted, c.key())
	outcome := no.outcome()
	if errors.As(no, new(notTried)) {
		outcome = waitingOutcome
	}
	s.markAs(c.by, c.key(), outcome)
	if errors.As(no, new(spared)) || errors.As(no, new(protection)) {
		s.settled(c.key())
	}
	if c.execution == nil {
		return
	}
	s.about(c, func() {
		if outcome == result.WithheldOutcome { // a plan holds it all the same: a person may let it pass
			s.recorded = append(s.recorded, planned(c.finding))
		}
		s.refused(c.finding, no)
	})
}

// standing is what the limits ask of the ledger, but for the sliding of their
// window.
type standing struct {
	tried      int
	knownSince time.Time
}

func (s *sweep) standing() standing {
	from := s.clock.corrected(s.started).Add(-s.gate.limits.Per)
	return standing{s.gate.ledger.Since(from), s.gate.ledger.KnownSince()}
}
