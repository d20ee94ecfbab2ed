package stops

import (
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// waitingOutcome is the watch's mark of what is condemned and waits for the
// gate or its turn; no report shows it.
const waitingOutcome result.Outcome = "condemned"

// condemned is an execution on its way through the gate.
type condemned struct {
	judge.Finding // without an execution while all that is known is from earlier sweeps

	flowKey, flowName, name string
	started, since          time.Time // since: when it was due

	allowed  bool  // the limits have been asked, and let it in
	inLedger bool  // counted, and not tried yet
	fetching bool  // facts for its turn are under way
	pass     *pass // as it was counted; nil: no longer good
}

func (c *condemned) key() judge.Key { return judge.Key{Flow: c.flowKey, Execution: c.name} }

// mayPass says that the limits have let it in, or don't hold it back. Judged
// anew at its turn it may be another rule's that condemns it.
func (c *condemned) mayPass() bool { return c.allowed || c.Unlimited() }

// Stops are the stops of a sweep: found, let in, counted, tried.
type Stops struct {
	Options
	gate

	waiting  map[judge.Key]*condemned // for the gate
	queue    []*condemned             // let in, the most overdue first
	counted  []*condemned             // counted by the ledger: the next to be tried
	admitted map[judge.Key]*condemned // those of queue and counted
	tried    map[judge.Key]bool
	gone     map[judge.Key]bool // seen ended; an answer may come that is older
	ended    int                // live ones that are no more, by our doing
	read     map[string]flowRead

	unsorted   bool     // the queue
	askedAt    standing // the ledger's, when the limits were asked last
	held       refusal  // the limits withhold everything in this sweep; nil: they don't
	turn       int      // stops sent
	unanswered bool     // the last one sent
	lastSent   time.Time
	late       []time.Duration
	recorded   result.Recording
}

// New returns the stops of a sweep that has found nothing yet.
func New(o Options) *Stops {
	s := &Stops{
		Options: o, gate: newGate(o), read: map[string]flowRead{},
		waiting: map[judge.Key]*condemned{}, admitted: map[judge.Key]*condemned{}, tried: map[judge.Key]bool{}, gone: map[judge.Key]bool{},
	}
	s.Stopper = nil // from here on only the gate can stop
	return s
}

// Take takes in what was found, and says whether it is to be stopped: it is kept for
// the gate, or for its turn where no limit holds it back. What is not to be stopped,
// though a rule condemns it, is reported.
func (s *Stops) Take(f judge.Finding) bool {
	if f.Verdict.Decision == policy.Keep {
		s.forget(f.Key(), f.By)
		return false
	}
	no := s.examine(f)
	if no == nil {
		s.condemn(f)
		return true
	}
	s.forget(f.Key(), f.By)
	s.tellOnce(f, no)
	return false
}

// tellOnce marks a refusal, and reports it where it is news: what plan mode only shows is
// shown once an execution and policy.
func (s *Stops) tellOnce(f judge.Finding, no refusal) {
	if news := s.mark(f.By, f.Key(), no.outcome()); news || no != (planMode{}) {
		s.refused(f, no)
	}
}

// condemn keeps an execution. What an emergency condemns stays the emergency's, but
// for another that no limit holds back: what is withheld for one must not be for both.
func (s *Stops) condemn(f judge.Finding) {
	k := f.Key()
	if s.tried[k] {
		return
	}
	s.mark(f.By, k, waitingOutcome)
	c := s.underGate(k)
	switch {
	case c == nil:
		c = &condemned{}
		s.waiting[k] = c
	case c.By != f.By && c.By.OfEvent() && (c.Unlimited() || !f.Unlimited()):
		return
	}
	*c = condemned{
		Finding: f, flowKey: k.Flow, flowName: f.Flow.Name, name: k.Execution,
		started: f.Execution.StartedTime, since: f.Due.Time, allowed: c.allowed, inLedger: c.inLedger, fetching: c.fetching,
	}
	s.unsorted = true
	if s.waiting[k] == c && f.Unlimited() {
		s.enqueue(c)
	}
}

// enqueue gives an execution that has waited its turn.
func (s *Stops) enqueue(c *condemned) {
	delete(s.waiting, c.key())
	s.queue = append(s.queue, c)
	s.admitted[c.key()] = c
	s.unsorted = true
}

// wait takes an execution from its turn back to the gate.
func (s *Stops) wait(c *condemned) {
	delete(s.admitted, c.key())
	s.waiting[c.key()] = c
}

// underGate finds an execution that waits, or was let in.
func (s *Stops) underGate(k judge.Key) *condemned {
	if c := s.waiting[k]; c != nil {
		return c
	}
	return s.admitted[k]
}

// forget drops an execution that a basis condemns no more.
func (s *Stops) forget(k judge.Key, by *judge.Basis) {
	c := s.underGate(k)
	if c == nil || c.By != by {
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

// Recall takes up what earlier sweeps condemned and did not stop. What they
// found is asked about again before it is stopped.
func (s *Stops) Recall() {
	for o := range s.Watch.EachOverdue() {
		k := judge.Key{Flow: o.FlowID, Execution: o.Name}
		flow := s.Flow(k.Flow)
		if flow == nil || s.tried[k] || s.underGate(k) != nil || !s.resumes(o.Mark) {
			continue
		}
		s.waiting[k] = &condemned{
			Finding: judge.Finding{By: s.Own}, flowKey: k.Flow, flowName: flow.Name, name: k.Execution, started: o.StartedTime, since: o.Due,
		}
	}
}

// resumes says whether an execution with this mark is taken up again by the
// next sweep, rather than when the watch has it checked.
func (s *Stops) resumes(m watch.Mark) bool {
	switch result.Outcome(m.Outcome) {
	case "":
		return false
	case waitingOutcome, result.WithheldOutcome, result.StillRunning:
		return true
	}
	return m.Policy != s.Mark
}

// dropEnded drops what earlier sweeps condemned and this one has seen ended.
func (s *Stops) dropEnded() {
	overdue := map[judge.Key]bool{}
	for o := range s.Watch.EachOverdue() {
		overdue[judge.Key{Flow: o.FlowID, Execution: o.Name}] = true
	}
	ended := func(c *condemned) bool { return c.Execution == nil && !overdue[c.key()] }
	for _, all := range []map[judge.Key]*condemned{s.waiting, s.admitted} {
		maps.DeleteFunc(all, func(_ judge.Key, c *condemned) bool { return ended(c) })
	}
	s.queue = slices.DeleteFunc(s.queue, ended)
}

// mark has the watch remember a decision: the outcome, under the policy and the mode it
// was made in; and says whether it is news. What an emergency decides is not what the
// rules on timers would.
func (s *Stops) mark(by *judge.Basis, k judge.Key, o result.Outcome) (news bool) {
	if by.OfEvent() {
		return true
	}
	m := watch.Mark{Policy: s.Mark, Outcome: string(o)}
	known := s.Watch.Marked(k.Flow, k.Execution)
	s.Watch.Mark(k.Flow, k.Execution, m)
	return known != m
}

// all are those that have not been tried.
func (s *Stops) all() []*condemned {
	return slices.Concat(slices.Collect(maps.Values(s.waiting)), s.queue, s.counted)
}

// Left is how many have not been tried.
func (s *Stops) Left() int { return len(s.waiting) + s.Queued() }

// LeftOfOwn is how many have not been tried that no event in force condemns.
func (s *Stops) LeftOfOwn() (n int) {
	for _, c := range s.all() {
		if !c.By.OfEvent() {
			n++
		}
	}
	return n
}

// Queued is how many were let in, and have not been tried.
func (s *Stops) Queued() int { return len(s.queue) + len(s.counted) }

// QueuedOf is how many of some wait for their turn.
func (s *Stops) QueuedOf(some map[judge.Key]bool) (n int) {
	for _, c := range s.queue {
		if some[c.key()] {
			n++
		}
	}
	return n
}

// Tried is how many have been tried.
func (s *Stops) Tried() int { return len(s.tried) }

// Sent is how many stops have been sent.
func (s *Stops) Sent() int { return s.turn }

// Gone says whether an execution was seen ended by a stop.
func (s *Stops) Gone(k judge.Key) bool { return s.gone[k] }

// Recorded is what a plan would stop, in order.
func (s *Stops) Recorded() result.Recording { return s.recorded }

func filter(all []*condemned, keep func(*condemned) bool) []*condemned {
	return slices.DeleteFunc(slices.Clone(all), func(c *condemned) bool { return !keep(c) })
}
