package sweep

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

const (
	// batch is how many stops the ledger counts before it is saved and they are
	// tried: a kill in between counts as many too many.
	batch = 10

	// patience is how long the next stop waits for the one before it, so that
	// they arrive in order, and one that hangs doesn't hold up the others.
	patience = time.Second

	// held is the share of its time for which a sweep waits with stops while
	// flows are left in which nobody knows what runs, so that the limits are
	// asked about as much as can be known.
	held = 0.6
)

// condemned is an execution on its way through the gate.
type condemned struct {
	finding // without an execution while all that is known is from earlier sweeps

	flowKey, flowName, name string
	started, since          time.Time // since: when it was due

	allowed  bool // the limits have been asked, and let it in
	inLedger bool // counted, and not tried yet
	fetching bool // facts for its turn are under way
}

func (c *condemned) key() key { return key{c.flowKey, c.name} }

// unlimited says that its rule is one that no limit holds back. Of what earlier
// sweeps condemned that is not known, so limits hold.
func (f finding) unlimited() bool { return f.verdict.Rule != nil && f.verdict.Rule.NoLimits }

// stopping is the stops of a sweep: found, let in, counted, tried.
type stopping struct {
	waiting map[key]*condemned // for the gate
	queue   []*condemned       // let in, the most overdue first
	counted []*condemned       // counted by the ledger: the next to be tried
	tried   map[key]bool
	ended   int // live ones that are no more, by our doing

	unsorted   bool     // the queue
	askedAt    standing // the ledger's, when the limits were asked last
	held       refusal  // the limits withhold everything in this sweep; nil: they don't
	turn       int      // stops sent
	unanswered bool     // the last one sent
	lastSent   time.Time
	begun      time.Time
	late       []time.Duration
	recorded   Recording
}

func newStopping() *stopping {
	return &stopping{waiting: map[key]*condemned{}, tried: map[key]bool{}, begun: time.Now()}
}

// condemn keeps an execution for the gate, or for its turn where no limit holds
// it back. What an emergency condemns stays the emergency's.
func (s *sweep) condemn(f finding) {
	k := f.key()
	if s.tried[k] {
		return
	}
	s.markAs(f.by, k, waitingOutcome)
	c := s.underGate(k)
	switch {
	case c == nil:
		c = &condemned{}
		s.waiting[k] = c
	case c.by != f.by && c.by.emergency != nil:
		return
	}
	*c = condemned{
		finding: f, flowKey: k.flow, flowName: f.flow.Name, name: k.execution,
		started: f.execution.StartedTime, since: f.due.Time, allowed: c.allowed, inLedger: c.inLedger, fetching: c.fetching,
	}
	if s.waiting[k] == c && f.unlimited() {
		delete(s.waiting, k)
		s.enqueue(c)
	}
}

// markAs has the watch remember a decision. What an emergency decides is not
// what the rules on timers would.
func (s *sweep) markAs(by *bench, k key, o Outcome) {
	if by.emergency == nil {
		s.watch.Mark(k.flow, k.execution, s.mark(o))
	}
}

// enqueue gives an execution its turn.
func (s *sweep) enqueue(c *condemned) {
	s.queue = append(s.queue, c)
	s.unsorted = true
}

// underGate finds an execution that waits, or was let in.
func (s *sweep) underGate(k key) *condemned {
	if c := s.waiting[k]; c != nil {
		return c
	}
	for _, c := range slices.Concat(s.queue, s.counted) {
		if c.key() == k {
			return c
		}
	}
	return nil
}

// forget drops an execution that the bench condemns no more.
func (s *sweep) forget(k key, by *bench) {
	if c := s.waiting[k]; c != nil && c.by == by {
		delete(s.waiting, k)
	}
	it := func(c *condemned) bool { return c.key() == k && c.by == by }
	s.queue = slices.DeleteFunc(s.queue, it)
	s.counted = slices.DeleteFunc(s.counted, it)
}

// recall takes up what earlier sweeps condemned and did not stop. What they
// found is asked about again before it is stopped.
func (s *sweep) recall() {
	for _, o := range s.watch.Overdue() {
		k := key{cmp.Or(o.FlowID, o.FlowName), o.Name}
		flow := s.memory.flows[k.flow]
		if flow == nil || s.tried[k] || s.underGate(k) != nil || !s.resumes(o.Mark) {
			continue
		}
		s.waiting[k] = &condemned{finding: finding{by: s.own}, flowKey: k.flow, flowName: flow.Name, name: k.execution, started: o.StartedTime, since: o.Due}
	}
}

// resumes says whether an execution with this mark is taken up again by the
// next sweep, rather than when the watch has it checked.
func (s *sweep) resumes(m watch.Mark) bool {
	switch Outcome(m.Outcome) {
	case "":
		return false
	case waitingOutcome, WithheldOutcome, StillRunning:
		return true
	}
	return m.Policy != s.mark("").Policy
}

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
	for _, c := range s.waiting {
		c.allowed = true
		s.enqueue(c)
	}
	clear(s.waiting)
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
	return s.regular() && s.underWay[opCheck]+s.underWay[opOther] == 0 && s.watch.Behind(now, 0).Checks == s.underWay[opEarly] && s.watch.Blind(now) == 0
}

// dropEnded drops what earlier sweeps condemned and this one has seen ended.
func (s *sweep) dropEnded() {
	overdue := map[key]bool{}
	for _, o := range s.watch.Overdue() {
		overdue[key{cmp.Or(o.FlowID, o.FlowName), o.Name}] = true
	}
	ended := func(c *condemned) bool { return c.execution == nil && !overdue[c.key()] }
	maps.DeleteFunc(s.waiting, func(_ key, c *condemned) bool { return ended(c) })
	s.queue = slices.DeleteFunc(s.queue, ended)
}

// withhold asks the clock, since by one that is off nothing is known to be
// condemned, and then the limits about every execution known to be.
func (s *sweep) withhold() refusal {
	if off, ok := s.clock.check(); !ok && len(s.waiting)+len(s.queue)+len(s.counted) > 0 {
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
	for _, o := range s.watch.Overdue() {
		k := key{cmp.Or(o.FlowID, o.FlowName), o.Name}
		if s.counts(o.Mark) && !s.tried[k] && s.underGate(k) == nil {
			n++
		}
	}
	return n
}

// counts says whether an execution with this mark is condemned and would be
// stopped.
func (s *sweep) counts(m watch.Mark) bool {
	switch Outcome(m.Outcome) {
	case "":
		return false
	case Planned, ProtectedOutcome:
		return m.Policy != s.mark("").Policy
	}
	return true
}

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

func filter(all []*condemned, keep func(*condemned) bool) []*condemned {
	return slices.DeleteFunc(slices.Clone(all), func(c *condemned) bool { return !keep(c) })
}

// refuse reports a refusal. Of what was not looked at in this sweep there is
// nothing to report.
func (s *sweep) refuse(c *condemned, no refusal) {
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
	if outcome == WithheldOutcome { // a plan holds it all the same: a person may let it pass
		s.recorded = append(s.recorded, planned(c.finding))
	}
	s.refused(c.finding, no)
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
		p, judged, no := s.gate.pass(c.finding)
		c.finding = judged
		switch {
		case no != nil:
			s.refuse(c, no)
		case !c.inLedger && !c.unlimited(): // judged anew, another rule condemns it
			s.waiting[c.key()] = c
		default:
			s.try(c, p)
		}
	}
}

// mayPass says that the limits have let it in, or don't hold it back. Judged
// anew at its turn it may be another rule's that condemns it.
func (c *condemned) mayPass() bool { return c.allowed || c.unlimited() }

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
		p, judged, no := s.gate.pass(c.finding)
		c.finding = judged
		switch {
		case no != nil:
			s.refuse(c, no)
			continue
		case !c.mayPass():
			s.waiting[c.key()] = c
			continue
		case !c.unlimited():
			c.inLedger = true
			passes = append(passes, p)
		}
		s.counted = append(s.counted, c)
	}
	if len(passes) > 0 {
		s.saveCount(passes)
	}
}

// saveCount counts stops in the ledger. Where that can't be saved they are not
// tried; and where saving has told of another process's stops, or of a loss,
// the limits are asked anew.
func (s *sweep) saveCount(passes []pass) {
	s.gate.count(passes)
	s.askedAt.tried += len(passes)
	if err := s.memory.save(s.now()); err != nil {
		s.fail(CodeSweep, err)
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

// sendable is how many stops can be tried in what is left of the sweep's time,
// at most a batch.
func (s *sweep) sendable() int {
	if s.Until.IsZero() || s.Quota == nil {
		return batch
	}
	left := s.Until.Sub(s.Now()).Seconds() * s.stopRate()
	return min(batch, max(1, s.level(cloudflow.OpStopExecution)+int(left)))
}

func (s *sweep) stopRate() float64 {
	rates := cloudflow.DefaultRates()
	if s.Quota != nil {
		if r, limited := s.Quota.Rates()[cloudflow.OpStopExecution]; limited {
			return r.PerSecond
		}
	}
	return rates[cloudflow.OpStopExecution].PerSecond
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
	left := s.leftAfter()
	if len(s.waiting)+len(s.queue)+len(s.counted) > 0 {
		s.refuseAll(notTried{cause})
	}
	s.estimate(max(left, len(s.recorded)))
	s.release()
}
