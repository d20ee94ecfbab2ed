package stops

import (
	"errors"
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// Open lets in what waits, when the limits allow all that is known to be condemned,
// or what is left of it where what they don't allow is refused; but for what only a
// look that is still to be made can tell of, in flows of which keep says so.
func (s *Stops) Open(keep func(flow string) bool) {
	s.dropEnded(s.overdue())
	if no := s.withhold(); no != nil {
		s.refuseAll(no)
	}
	for k, c := range s.all {
		if c.waits && (c.Execution != nil || !keep(k.Flow)) {
			c.allowed = true
			s.enqueue(c)
		}
	}
}

// withhold asks the clock, since by one that is off nothing is known to be
// condemned, and then the limits about every execution known to be.
//
// Before the first answer nobody knows about the clock. What earlier sweeps
// condemned is asked about at its turn, and then the gate knows: refused now, in
// a sweep that has nothing else to ask, it would have no turn.
func (s *Stops) withhold() refusal {
	if off, ok := s.Judge.Clock.Check(); !ok && (off.Known || s.Answered()) {
		return clockOff{off}
	}
	counted := 0
	for _, c := range s.all {
		if c.inLedger {
			counted++
		}
	}
	s.askedAt = s.standing(s.Judge.Clock.Corrected(s.Started).Add(-s.limits.Per))
	no := s.gate.withhold(s.known(), counted, s.Live()+s.ended)
	if no == nil { // once one was exceeded, nothing is stopped in this sweep
		no = s.exceeded
	}
	return no
}

// known counts every execution that is known to be condemned, whether it was
// checked in this sweep or not. Those tried in this sweep are in the ledger, and
// what no limit holds back counts for none.
func (s *Stops) known() int {
	n := 0
	for _, c := range s.all {
		if !c.Unlimited() {
			n++
		}
	}
	for o := range s.Watch.EachOverdue() {
		k := judge.Key{Flow: o.FlowID, Execution: o.Name}
		if isCondemned(o.Mark) && !s.tried[k] && s.all[k] == nil {
			n++
		}
	}
	return n
}

func (s *Stops) overdue() map[judge.Key]bool {
	all := map[judge.Key]bool{}
	for o := range s.Watch.EachOverdue() {
		all[judge.Key{Flow: o.FlowID, Execution: o.Name}] = true
	}
	return all
}

// isCondemned says whether an execution with this mark is condemned and would be
// stopped. What another policy planned or protected is taken up again, and counts
// as waiting. What must be warned of first is not to be stopped yet.
func isCondemned(m watch.Mark) bool {
	switch result.Outcome(m.Outcome) {
	case "", result.Planned, result.ProtectedOutcome, result.NotWarned:
		return false
	}
	return true
}

// refuseAll refuses whatever has not been tried; what is over a limit, only what
// limits hold back, and of that, where it trickles, what is beyond the limit.
func (s *Stops) refuseAll(no refusal) {
	limit, over := errors.AsType[overLimit](no)
	within := map[*condemned]bool{}
	if limit.Trickle {
		within = s.foremost(limit.Allowed)
	}
	refused := s.refuseBut(func(c *condemned) bool { return within[c] || over && c.unheld() }, no)
	if over && !limit.Trickle {
		s.exceeded = limit
	}
	if over && (refused > 0 || !s.Report.IsWithheld()) { // else it has been told, as it was when it was refused
		s.Report.Withhold(limit.Withheld)
	}
}

// refuseBut refuses whatever has not been tried, but for some, and says how many.
func (s *Stops) refuseBut(some func(*condemned) bool, no refusal) (refused int) {
	rest := s.clear(some)
	for _, c := range rest {
		s.refuse(c, no)
	}
	return len(rest)
}

// refuse refuses one, and reports it. Of what was not looked at in this sweep there is
// nothing to report.
func (s *Stops) refuse(c *condemned, no refusal) {
	delete(s.all, c.key())
	outcome := no.outcome()
	if outcome == result.NotTried {
		outcome = unsettled
	}
	s.mark(c.By, c.key(), outcome)
	if no == (spared{}) || no == (protection{}) {
		s.Settled(c.key())
	}
	if c.Execution == nil {
		return
	}
	s.about(c, func() {
		if outcome == result.WithheldOutcome { // a plan holds it all the same: a person may let it pass
			s.recorded = append(s.recorded, planned(c.Finding))
		}
		s.refused(c.Finding, no)
	})
}

// refused reports what the gate didn't let pass, and fails the sweep where people must
// act. Where no rule condemns it there is nothing to decide.
func (s *Stops) refused(f judge.Finding, no refusal) {
	if no == (spared{}) {
		return
	}
	if off, ok := no.(clockOff); ok {
		s.Report.Fail(result.CodeClockSkew, off)
	}
	d := s.decision(f)
	d.Outcome, d.Message = no.outcome(), no.Error()
	s.Report.Decide(d)
}

// standing is what the limits ask of the ledger, from a moment on: neither the sliding
// of their window changes it, nor a clock that is set right meanwhile.
type standing struct {
	from       time.Time
	tried      int
	knownSince time.Time
}

func (s *Stops) standing(from time.Time) standing {
	return standing{from, s.ledger.Since(from), s.ledger.KnownSince()}
}

// Leave deals with what is left when the sweep is over: the next goes on with it.
// But first, unless the sweep was cut short, the limits say whether they withhold it;
// that is told in every sweep.
func (s *Stops) Leave(cut bool) {
	s.dropEnded(s.overdue())
	if cut {
		return
	}
	if no := s.withhold(); no != nil {
		s.refuseAll(no)
	}
}

// NotTried refuses what is left, since the sweep is over.
func (s *Stops) NotTried(why error) {
	if s.Left() > 0 {
		s.Report.Partial()
		s.refuseAll(notTried{why})
	}
}
