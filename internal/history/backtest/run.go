package backtest

import (
	"errors"
	"iter"
	"runtime"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/policy"
)

// Options are what a backtest depends on besides the policy and the past.
type Options struct {
	// Since and Until bound the startedTimes of the executions that count, the latter
	// exclusive; zero is no bound. The others are live beside them all the same.
	Since, Until time.Time

	// Tick is the time between two sweeps, and Phase when in it they come: at second
	// 10 of each minute, say. Both matter only where sweeps are gone through.
	Tick, Phase time.Duration

	Recorded *history.Coverage // of the whole history, for the Coverage of the result; nil: not known
}

// DefaultPhase is when in a minute the function's timer is deployed to come.
const DefaultPhase = 10 * time.Second

// Run judges the past by a policy. flows yields one flow at a time, each once; its
// error ends the run.
func Run(p *policy.Policy, flows iter.Seq2[*history.Flow, error], o Options) (*Result, error) {
	if o.Tick <= 0 {
		return nil, errors.New("the time between two sweeps must be more than none")
	}
	b := newBench(p, o)
	tallies, err := b.each(flows)
	if err != nil {
		return nil, err
	}
	return b.result(tallies), nil
}

// bench is what all executions are judged by.
type bench struct {
	Options
	policy *policy.Policy
	rules  []*policy.Policy // each rule of the policy alone
	timed  []bool           // that it judges on timers
	read   map[string]bool  // the flows, by Id, that the files have something of
}

func newBench(p *policy.Policy, o Options) *bench {
	b := &bench{Options: o, policy: p, read: map[string]bool{}}
	for _, r := range p.Rules {
		b.rules = append(b.rules, p.Only(r.Name))
		b.timed = append(b.timed, judgesOnTimers(r))
	}
	return b
}

// chunk is how many executions a processor takes at once, where each is judged by
// itself.
const chunk = 8192

// work is a part of a flow: as many executions as make a chunk, or all of them; or all of
// several flows that rules count together.
type work struct {
	subjects []*subject
	from, to int // of one
}

func whole(subjects ...*subject) work { return work{subjects, 0, len(subjects[0].past.Executions)} }

// each judges all flows, on all processors, and returns what each of those found.
func (b *bench) each(flows iter.Seq2[*history.Flow, error]) ([]*tally, error) {
	queue := make(chan work, 2*runtime.GOMAXPROCS(0))
	tallies := make([]*tally, runtime.GOMAXPROCS(0))
	var working sync.WaitGroup
	for i := range tallies {
		tallies[i] = &tally{bench: b, coverage: b.coverage(), rules: make([]RuleResult, len(b.rules)), undecided: map[doubt]*Undecided{}}
		working.Go(func() {
			for w := range queue {
				tallies[i].work(w)
			}
		})
	}
	defer working.Wait()
	defer close(queue)
	var together []*subject // they are held until all have come
	for flow, err := range flows {
		if err != nil {
			return nil, err
		}
		b.read[flow.ID] = true
		s := b.subject(flow)
		switch {
		case s.countsTogether():
			together = append(together, s)
			continue
		case len(s.live) > 0: // what is live is all of them together
			queue <- whole(s)
			continue
		}
		for from := 0; from < len(flow.Executions); from += chunk {
			queue <- work{[]*subject{s}, from, min(from+chunk, len(flow.Executions))}
		}
	}
	if len(together) > 0 {
		queue <- whole(together...)
	}
	return tallies, nil
}

// sweepFrom is the first sweep at a moment or after it.
func (o *Options) sweepFrom(t time.Time) time.Time {
	before := (t.UnixNano() - int64(o.Phase)) % int64(o.Tick)
	if before < 0 {
		before += int64(o.Tick)
	}
	if before == 0 {
		return t
	}
	return t.Add(o.Tick - time.Duration(before))
}

// counts says that an execution which started then is counted.
func (o *Options) counts(started time.Time) bool {
	return !started.Before(o.Since) && (o.Until.IsZero() || started.Before(o.Until))
}
