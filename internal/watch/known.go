package watch

import "time"

// Execution is one live execution in an answer.
type Execution struct {
	Name        string
	StartedTime time.Time

	// Due is the earliest moment at which a rule could condemn it. The zero
	// Time stands for startedTime + the flow's LeastAge.
	Due time.Time

	// Never says that no rule can ever condemn it.
	Never bool

	// Then is when, if it is overdue and isn't stopped, another rule could
	// condemn it: however often it was checked, it is checked then. Zero is never.
	Then time.Time
}

// known is an execution that ran when it was last seen.
type known struct {
	flow    *flow
	name    string
	started instant
	due     instant
	then    instant // Execution.Then; 0 when there is none
	seen    instant // when it was last seen running; 0 when only an older process saw it
	at      instant // when it must be checked
	early   instant // from when an early check helps

	overdue *standing // nil until it is seen running after it was due

	waitingIndex, readyIndex, earlyIndex int32

	seenIn  turn // the sweep that saw it running last; 0 for none of this process
	missing bool // absent from an answer of several pages: only a describe can tell
}

// condemnable is the first moment at which a verdict can be spoken.
func (k *known) condemnable() instant { return k.due.add(AskWider) }

// checksFirst orders checks: executions that have just become due, then those
// that were overdue before, each by the time they were meant for.
func checksFirst(a, b *known) bool {
	if (a.overdue == nil) != (b.overdue == nil) {
		return a.overdue == nil
	}
	return a.at < b.at
}

func (f *flow) dueTime(name string, started instant) instant {
	if f.Due == nil {
		return started.add(f.LeastAge)
	}
	due, ever := f.Due(name, started.time())
	if !ever {
		return never
	}
	return instantOf(due)
}

func thenOf(t time.Time) instant {
	if t.IsZero() {
		return 0
	}
	return instantOf(t)
}

// never is a due time that doesn't come, and leaves room to add to.
const never instant = 1 << 60

func (f *flow) dueOf(e Execution) instant {
	switch {
	case e.Never:
		return never
	case e.Due.IsZero():
		return instantOf(e.StartedTime).add(f.LeastAge)
	}
	return instantOf(e.Due)
}

// see records that an execution ran at t, and plans its next check. It reports
// false when it isn't kept because the memory is full.
func (w *Watch) see(f *flow, e Execution, t instant) bool {
	k, due := f.known[e.Name], f.dueOf(e)
	if due == never || (w.onceASweep(f) && t < due.add(AskWider)) {
		if k != nil {
			w.forget(k)
		}
		return true
	}
	if k == nil {
		if w.knownCount >= w.options.MaxKnown {
			return false
		}
		k = w.remember(f, e.Name)
	}
	k.started, k.due, k.seen, k.seenIn, k.missing = instantOf(e.StartedTime), due, t, w.sweep, false
	k.then = thenOf(e.Then)
	w.judge(k, t)
	w.plan(k)
	return true
}

func (w *Watch) remember(f *flow, name string) *known {
	k := &known{flow: f, name: name, waitingIndex: absent, readyIndex: absent, earlyIndex: absent}
	if f.known == nil {
		f.known = map[string]*known{}
	}
	f.known[name] = k
	w.knownCount++
	return k
}

// plan queues the next check of a known execution. One in a flow that is
// looked at in every sweep needs none.
func (w *Watch) plan(k *known) {
	w.unplan(k)
	if w.onceASweep(k.flow) || k.due == never {
		return
	}
	k.at = k.condemnable()
	if k.overdue != nil {
		k.at = k.seen.add(again(k.overdue.checks))
		if then := k.then.add(AskWider); k.then > 0 && then > k.seen {
			k.at = min(k.at, then)
		} else if k.then > 0 { // it has not come yet by the caller's clock, which was corrected since
			k.at = k.seen.add(again(1))
		}
	} else {
		k.early = max(k.due.add(-earlyAhead), k.seen+(k.due-k.seen)/2)
		if k.due.since(k.early) >= earlyLeast {
			w.early.put(k)
		}
	}
	w.waiting.put(k)
}

// replan queues an execution that a file told of, by what the flow's rules say
// now: a file keeps facts, not due times.
func (w *Watch) replan(k *known, t instant) {
	k.due = k.flow.dueTime(k.name, k.started)
	if k.due == never {
		w.forget(k)
		return
	}
	if k.flow.Then != nil {
		k.then = thenOf(k.flow.Then(k.name, k.started.time(), k.seen.time()))
	}
	if t < k.condemnable() {
		k.overdue = nil
	}
	if k.overdue != nil {
		w.overdue[k] = struct{}{}
	}
	w.plan(k)
}

// unplan takes the execution out of all queues.
func (w *Watch) unplan(k *known) {
	w.waiting.drop(k)
	w.early.drop(k)
	w.unready(k)
	delete(w.checked, k)
}

func (w *Watch) unready(k *known) {
	if k.readyIndex == absent {
		return
	}
	w.ready.drop(k)
	if !k.missing {
		k.flow.ready--
	}
}

// forget drops an execution, for whatever reason.
func (w *Watch) forget(k *known) {
	w.unplan(k)
	delete(w.overdue, k)
	delete(k.flow.known, k.name)
	w.knownCount--
}

// ended drops an execution that was seen ended. If the flow's live executions
// were counted with it, there is one less.
func (w *Watch) ended(k *known) {
	f := k.flow
	if f.live > 0 && k.started <= f.liveAt && k.seen >= f.liveAt {
		w.setLive(f, f.live-1)
	}
	w.Warnings.forget(f.key(), k.name, k.started.time())
	w.forget(k)
}

func (w *Watch) find(flowID, name string) *known {
	if f := w.flows[flowID]; f != nil {
		return f.known[name]
	}
	return nil
}

// Ended tells that an execution runs no more, or is gone, whoever found out.
func (w *Watch) Ended(flowID, name string) {
	if k := w.find(flowID, name); k != nil {
		w.ended(k)
	}
}
