package cloud

import (
	"iter"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// Execution returns one execution as it really is.
func (c *Cloud) Execution(now time.Time, flowName, name string) (Execution, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, r, err := c.find(now, flowName, name)
	if err != nil {
		return Execution{}, err
	}
	return r.snapshot(f, milliseconds(now)), nil
}

// find also brings the flow up to now.
func (c *Cloud) find(now time.Time, flowName, name string) (*flow, *run, error) {
	f, ok := c.flows[flowName]
	if !ok {
		return nil, nil, ErrNoFlow
	}
	r, ok := f.run(name, milliseconds(now))
	if !ok {
		return nil, nil, ErrNoExecution
	}
	return f, r, nil
}

// Executions yields all executions of a flow that can be seen, as they really
// are, in the order of their names' ranks. It is for tests to compare with.
func (c *Cloud) Executions(now time.Time, flowName string) iter.Seq[Execution] {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Execution
	if f, ok := c.flows[flowName]; ok {
		at := milliseconds(now)
		f.advance(at)
		for _, r := range f.runs {
			if r.visible(at, time.Duration(f.behaviour.Retention)) {
				all = append(all, r.snapshot(f, at))
			}
		}
	}
	return slices.Values(all)
}

// Watched is an execution as DescribeExecution shows it, with what a long
// poll needs.
type Watched struct {
	Execution
	EndsIn  time.Duration   // until its end, as far as it is known now; negative: no end is known
	Changed <-chan struct{} // closed when a stop may have changed that
}

// Watch returns what DescribeExecution shows.
func (c *Cloud) Watch(now time.Time, flowName, name string) (Watched, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, r, err := c.find(now, flowName, name)
	if err != nil {
		return Watched{}, err
	}
	at := milliseconds(now)
	w := Watched{Execution: r.snapshot(f, at), EndsIn: -1}
	end, byStop := r.end()
	hidden := byStop && c.behaviour.DescribeAfterStop == account.DescribeRunning
	switch {
	case hidden && at >= end:
		w.Status = account.Running
	case !hidden && end != never:
		w.EndsIn = max(0, moment(end).Sub(now))
	}
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	w.Changed = c.changed
	return w, nil
}

// Start begins an execution that runs until it is stopped. One that runs
// already under the name is returned as it is.
func (c *Cloud) Start(now time.Time, flowName, name, input string) (Execution, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.flows[flowName]
	if !ok {
		return Execution{}, ErrNoFlow
	}
	at := milliseconds(now)
	if r, exists := f.run(name, at); exists {
		if !r.live(at) {
			return Execution{}, ErrExecutionExists
		}
		return r.snapshot(f, at), nil
	}
	r := &run{name: name, started: at, ends: never, extra: &extra{input: input}}
	f.add(r)
	return r.snapshot(f, at), nil
}

// Stop stops a live execution. What it returns still says Running, with a
// StoppedTime, as CloudFlow's answer does. Stopping again before the first
// stop has taken effect changes nothing.
func (c *Cloud) Stop(now time.Time, flowName, name, errorName, cause string) (Execution, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, r, err := c.find(now, flowName, name)
	if err != nil {
		return Execution{}, err
	}
	at := milliseconds(now)
	switch {
	case !r.live(at):
		return Execution{}, ErrCompleted
	case f.Express() && c.behaviour.Express == account.ExpressRefused:
		return Execution{}, ErrExpress
	}
	answer := r.snapshot(f, at)
	c.accept(f, r, &stop{
		at: at, effective: at + time.Duration(c.behaviour.StopDelay).Milliseconds(),
		error: errorName, cause: cause,
	})
	answer.StoppedTime = moment(r.extra.stop.at)
	return answer, nil
}

func (c *Cloud) accept(f *flow, r *run, s *stop) {
	if r.extra == nil {
		r.extra = &extra{}
	}
	if r.extra.stop != nil {
		return
	}
	r.extra.stop = s
	c.stops = append(c.stops, stopped{flow: f.Name, run: r})
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// Stop is a StopExecution that took effect, as the emulator's statistics have it.
type Stop struct {
	Flow        string    `json:"flow"`
	Execution   string    `json:"execution"`
	Error       string    `json:"error"`
	Cause       string    `json:"cause"`
	StartedTime time.Time `json:"startedTime"` // of the execution
	At          time.Time `json:"at"`          // when StopExecution was accepted
}

// Stops returns the stops that have taken effect, in the order in which they
// were accepted. An execution that ended by itself before is not among them.
func (c *Cloud) Stops(now time.Time) []Stop {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := milliseconds(now)
	stops := make([]Stop, 0, len(c.stops))
	for _, s := range c.stops {
		if end, byStop := s.run.end(); !byStop || end > at {
			continue
		}
		given := s.run.extra.stop
		stops = append(stops, Stop{
			Flow: s.flow, Execution: s.run.name, Error: given.error, Cause: given.cause,
			StartedTime: moment(s.run.started), At: moment(given.at),
		})
	}
	return stops
}
