package stops

import (
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// unsettled is the watch's mark of what is condemned and waits for the
// gate or its turn; no report shows it.
const unsettled result.Outcome = "condemned"

// condemned is an execution on its way through the gate.
type condemned struct {
	judge.Finding // without an execution while all that is known is from earlier sweeps

	flowKey, flowName, name string
	started, since          time.Time // since: when it was due

	lately   bool      // a stop of it was tried in a sweep before, and it runs on
	waits    bool      // for the gate
	allowed  bool      // the limits have been asked, and let it in
	inLedger bool      // counted, and not tried yet
	fetching time.Time // since when facts for its turn are under way; zero: none are
	pass     *pass     // as it was counted; nil: no longer good
}

func (c *condemned) key() judge.Key { return judge.Key{Flow: c.flowKey, Execution: c.name} }

// mayPass says that the limits have let it in, or don't hold it back. Judged
// anew at its turn it may be another rule's that condemns it.
func (c *condemned) mayPass() bool { return c.allowed || c.Unlimited() }

// unheld says that it was let in and no limit holds it back.
func (c *condemned) unheld() bool { return c.Unlimited() && !c.waits }

// Stops are the stops of a sweep: found, let in, counted, tried.
type Stops struct {
	Options
	gate
	line

	tried map[judge.Key]bool
	gone  map[judge.Key]bool // seen ended; an answer may come that is older
	ended int                // live ones that are no more, by our doing
	read  map[string]flowRead

	askedAt    standing // the ledger's, when the limits were asked last
	exceeded   refusal  // the limits withhold everything in this sweep; nil: they don't
	turn       int      // stops sent
	unanswered bool     // the last one sent
	lastSent   time.Time
	late       []time.Duration
	recorded   result.Recording
}

// New returns the stops of a sweep that has found nothing yet. From here on only the gate
// can stop.
func New(stopper Stopper, o Options) *Stops {
	return &Stops{
		Options: o, gate: newGate(stopper, o), read: map[string]flowRead{},
		line: line{all: map[judge.Key]*condemned{}}, tried: map[judge.Key]bool{}, gone: map[judge.Key]bool{},
	}
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
	s.mark(f.By, k, unsettled)
	c := s.all[k]
	switch {
	case c == nil:
		c = &condemned{waits: true}
		s.all[k] = c
	case c.By.ForEvent() && !f.Unlimited():
		return
	}
	*c = condemned{
		Finding: f, flowKey: k.Flow, flowName: f.Flow.Name, name: k.Execution,
		started: f.Execution.StartedTime, since: f.Due.Time, waits: c.waits, allowed: c.allowed, inLedger: c.inLedger, fetching: c.fetching,
		lately: s.Judge.Doubted[k],
	}
	s.unsorted = true
	if c.waits && f.Unlimited() {
		s.enqueue(c)
	}
}

// Recall takes up what earlier sweeps condemned and did not stop. What they
// found is asked about again before it is stopped.
func (s *Stops) Recall() {
	for o := range s.Watch.EachOverdue() {
		k := judge.Key{Flow: o.FlowID, Execution: o.Name}
		flow := s.Flow(k.Flow)
		if flow == nil || s.tried[k] || s.all[k] != nil || !s.resumes(o.Mark) {
			continue
		}
		s.all[k] = &condemned{
			Finding: judge.Finding{By: s.Own}, waits: true, flowKey: k.Flow, flowName: flow.Name, name: k.Execution, started: o.StartedTime, since: o.Due,
			lately: s.Judge.Doubted[k],
		}
	}
}

// resumes says whether an execution with this mark is taken up again by the
// next sweep, rather than when the watch has it checked.
func (s *Stops) resumes(m watch.Mark) bool {
	switch result.Outcome(m.Outcome) {
	case "":
		return false
	case unsettled, result.WithheldOutcome, result.StillRunning:
		return true
	}
	return m.Policy != s.Mark
}

// mark has the watch remember a decision: the outcome, under the policy and the mode it
// was made in; and says whether it is news. What an emergency decides is not what the
// rules on timers would.
func (s *Stops) mark(by *judge.Basis, k judge.Key, o result.Outcome) (news bool) {
	if by.ForEvent() {
		return true
	}
	m := watch.Mark{Policy: s.Mark, Outcome: string(o)}
	known := s.Watch.Marked(k.Flow, k.Execution)
	s.Watch.Mark(k.Flow, k.Execution, m)
	return known != m
}

// Tried is how many have been tried.
func (s *Stops) Tried() int { return len(s.tried) }

// Sent is how many stops have been sent.
func (s *Stops) Sent() int { return s.turn }

// Gone says whether an execution was seen ended by a stop.
func (s *Stops) Gone(k judge.Key) bool { return s.gone[k] }

// Recorded is what a plan would stop, in order.
func (s *Stops) Recorded() result.Recording { return s.recorded }
