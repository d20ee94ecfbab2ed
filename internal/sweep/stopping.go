package sweep

import (
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// waitingOutcome is the watch's mark of what is condemned and waits for the
// gate or its turn; no report shows it.
const waitingOutcome result.Outcome = "condemned"

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
	waiting  map[key]*condemned // for the gate
	queue    []*condemned       // let in, the most overdue first
	counted  []*condemned       // counted by the ledger: the next to be tried
	admitted map[key]*condemned // those of queue and counted
	tried    map[key]bool
	gone     map[key]bool // seen ended; an answer may come that is older
	ended    int          // live ones that are no more, by our doing

	unsorted   bool     // the queue
	askedAt    standing // the ledger's, when the limits were asked last
	held       refusal  // the limits withhold everything in this sweep; nil: they don't
	turn       int      // stops sent
	unanswered bool     // the last one sent
	lastSent   time.Time
	begun      time.Time
	late       []time.Duration
	recorded   result.Recording
}

func newStopping() *stopping {
	return &stopping{waiting: map[key]*condemned{}, admitted: map[key]*condemned{}, tried: map[key]bool{}, gone: map[key]bool{}, begun: time.Now()}
}

// condemn keeps an execution for the gate, or for its turn where no limit holds
// it back. What an emergency condemns stays the emergency's, but for another that
// no limit holds back: what is withheld for one must not be for both.
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
	case c.by != f.by && c.by.emergency != nil && (c.unlimited() || !f.unlimited()):
		return
	}
	*c = condemned{
		finding: f, flowKey: k.flow, flowName: f.flow.Name, name: k.execution,
		started: f.execution.StartedTime, since: f.due.Time, allowed: c.allowed, inLedger: c.inLedger, fetching: c.fetching,
	}
	s.unsorted = true
	if s.waiting[k] == c && f.unlimited() {
		delete(s.waiting, k)
		s.enqueue(c)
	}
}

// markAs has the watch remember a decision. What an emergency decides is not
// what the rules on timers would.
func (s *sweep) markAs(by *bench, k key, o result.Outcome) {
	if by.emergency == nil {
		s.watch.Mark(k.flow, k.execution, s.mark(o))
	}
}

// enqueue gives an execution its turn.
func (s *sweep) enqueue(c *condemned) {
	s.queue = append(s.queue, c)
	s.admitted[c.key()] = c
	s.unsorted = true
}

// wait takes an execution from its turn back to the gate.
func (s *sweep) wait(c *condemned) {
	delete(s.admitted, c.key())
	s.waiting[c.key()] = c
}

// underGate finds an execution that waits, or was let in.
func (s *sweep) underGate(k key) *condemned {
	if c := s.waiting[k]; c != nil {
		return c
	}
	return s.admitted[k]
}

// forget drops an execution that the bench condemns no more.
func (s *sweep) forget(k key, by *bench) {
	c := s.underGate(k)
	if c == nil || c.by != by {
		return
	}
	if s.waiting[k] == c {
		delete(s.waiting, k)
		return
	}
	delete(s.admitted, k)
	it := func(other *condemned) bool { return other == c }
	s.queue = slices.DeleteFunc(s.queue, it)
	s.counted = slices.DeleteFunc(s.counted, it)
}

// recall takes up what earlier sweeps condemned and did not stop. What they
// found is asked about again before it is stopped.
func (s *sweep) recall() {
	for o := range s.watch.EachOverdue() {
		k := key{o.FlowID, o.Name}
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
	switch result.Outcome(m.Outcome) {
	case "":
		return false
	case waitingOutcome, result.WithheldOutcome, result.StillRunning:
		return true
	}
	return m.Policy != s.mark("").Policy
}

// dropEnded drops what earlier sweeps condemned and this one has seen ended.
func (s *sweep) dropEnded() {
	overdue := map[key]bool{}
	for o := range s.watch.EachOverdue() {
		overdue[key{o.FlowID, o.Name}] = true
	}
	ended := func(c *condemned) bool { return c.execution == nil && !overdue[c.key()] }
	for _, all := range []map[key]*condemned{s.waiting, s.admitted} {
		maps.DeleteFunc(all, func(_ key, c *condemned) bool { return ended(c) })
	}
	s.queue = slices.DeleteFunc(s.queue, ended)
}

func filter(all []*condemned, keep func(*condemned) bool) []*condemned {
	return slices.DeleteFunc(slices.Clone(all), func(c *condemned) bool { return !keep(c) })
}

// mayPass says that the limits have let it in, or don't hold it back. Judged
// anew at its turn it may be another rule's that condemns it.
func (c *condemned) mayPass() bool { return c.allowed || c.unlimited() }
