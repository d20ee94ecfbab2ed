package watch

import "time"

// Tokens says how many calls could be made at once, now.
type Tokens struct {
	List     int // ListExecutions
	Describe int // DescribeExecution
}

// Task is what should be done next: at most one of Look and Check is set. Its
// call is one for which there was a token.
type Task struct {
	Look  *Look
	Check *Check

	// Wait says that something is due and waits for tokens. When nothing is
	// set, nothing is due: the sweep is over, once what is under way is
	// answered.
	Wait bool
}

// Look asks for one flow's Running executions, by ListExecutions.
type Look struct {
	FlowID, FlowName string

	// StartedTimeBegin and StartedTimeEnd bound it; zero ones are not sent.
	StartedTimeBegin, StartedTimeEnd time.Time

	// MaxPages is how many pages to read: when that many are read and there
	// are more, the answer is TooMany.
	MaxPages int

	flow  *flow
	round *round
}

// Check asks for one execution, by DescribeExecution.
type Check struct {
	FlowID, FlowName string
	Execution        string
	StartedTime      time.Time // as it was when last seen
	Due              time.Time

	// Early says that it isn't due yet, and only asked because tokens are to
	// spare: if it has ended, it need not be asked when all the others are due.
	Early bool

	known *known
}

// Next says what to do next at time now, with these tokens at hand, and counts
// it as under way until it is answered or the next sweep begins. Executions
// that are due come first, then looks, the most overdue first, then executions
// that are soon due, if 15 describe tokens or more are at hand.
func (w *Watch) Next(now time.Time, tokens Tokens) Task {
	t := w.time(now)
	w.wake(t)
	if k := w.nextCheck(tokens.Describe); k != nil {
		return Task{Check: w.check(k, t)}
	}
	if f, ok := w.looks.first(); ok && f.isDue(t) && tokens.List > 0 {
		return Task{Look: w.look(f, t)}
	}
	if k, ok := w.early.first(); ok && k.early <= t && tokens.Describe >= earlyTokens {
		return Task{Check: w.check(k, t)}
	}
	return Task{Wait: w.isDue(t)}
}

// wake moves the executions whose time has come from waiting to ready.
func (w *Watch) wake(t instant) {
	for {
		k, ok := w.waiting.first()
		if !ok || k.at > t {
			return
		}
		w.unplan(k)
		w.ready.put(k)
		if !k.missing {
			k.flow.ready++
		}
	}
}

// nextCheck picks the execution to describe, unless a look at its flow answers
// it and all the others due there.
func (w *Watch) nextCheck(tokens int) *known {
	for {
		k, ok := w.ready.first()
		if !ok {
			return nil
		}
		if !k.missing && w.listInstead(k, tokens) {
			w.unready(k)
			continue
		}
		if tokens <= 0 {
			return nil
		}
		return k
	}
}

// listInstead says that a look at the execution's flow answers this execution:
// one under way, one called for before, or one called for now. A list costs one
// of the scarcer calls, so where describes are to spare for all of them, they
// serve; and a flow that can't be listed is no help.
func (w *Watch) listInstead(k *known, tokens int) bool {
	f := k.flow
	switch {
	case f.failures > 0:
		return false
	case f.round != nil, f.due, k.overdue != nil && f.at <= k.at:
		return true
	}
	if f.ready < listInstead*f.pages || tokens >= f.ready+earlyTokens {
		return false
	}
	f.due = k.overdue == nil
	f.at = min(f.at, k.at)
	w.looks.put(f)
	return true
}

func (w *Watch) check(k *known, t instant) *Check {
	w.unplan(k)
	w.checked[k] = struct{}{}
	return &Check{
		FlowID: k.flow.key(), FlowName: k.flow.Name, Execution: k.name,
		StartedTime: k.started.time(), Due: k.due.time(), Early: t < k.condemnable(), known: k,
	}
}

func (f *flow) isDue(t instant) bool { return f.first || f.due || f.at <= t }

func (w *Watch) isDue(t instant) bool {
	f, ok := w.looks.first()
	return len(w.ready.items) > 0 || ok && f.isDue(t)
}

// Checked tells that the execution of a check still runs.
func (w *Watch) Checked(c *Check, e Execution, now time.Time) {
	if _, ok := w.checked[c.known]; ok {
		e.Name = c.Execution
		w.seen += count(c.known.seenIn != w.sweep)
		w.see(c.known.flow, e, w.time(now))
	}
}

// CheckFailed tells that the check was not answered; the next sweep asks again.
func (w *Watch) CheckFailed(c *Check, now time.Time) {
	if _, ok := w.checked[c.known]; ok {
		w.retry(c.known, w.time(now))
	}
}

// retry queues an execution whose answer failed to come, for the next sweep
// however short the tick is.
func (w *Watch) retry(k *known, t instant) {
	w.unplan(k)
	k.at = max(k.condemnable(), t.add(min(again(1), max(w.options.Tick-10*time.Second, w.options.Tick/2))))
	w.waiting.put(k)
}
