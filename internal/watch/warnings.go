package watch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/order"
)

// Warned is a warning that went out: an execution will be stopped.
type Warned struct {
	Flow      string    `json:"flow"` // its Id
	Execution string    `json:"execution"`
	Started   time.Time `json:"started"`
	Rule      string    `json:"rule"` // that will stop it, as it was then
	At        time.Time `json:"at"`
}

// Bounds of what is remembered. What is forgotten is warned of once more, and waits
// once more: it is stopped later, never earlier.
const (
	keepWarned = 31 * 24 * time.Hour
	mostWarned = 10_000
)

// Warnings are the warnings that went out, of executions that may still run.
type Warnings struct {
	byExecution map[execution]map[string]Warned // by rule
}

type execution struct {
	flow, name string
	started    int64 // Unix milliseconds: another may have the name
}

func executionOf(flow, name string, started time.Time) execution {
	return execution{flow, name, started.UnixMilli()}
}

// Of returns when warnings of an execution went out, by the rule.
func (w *Warnings) Of(flow, name string, started time.Time) map[string]time.Time {
	all := w.byExecution[executionOf(flow, name, started)]
	if len(all) == 0 {
		return nil
	}
	at := make(map[string]time.Time, len(all))
	for rule, one := range all {
		at[rule] = one.At
	}
	return at
}

// Snapshot is what they are now, to be read while others are added.
func (w *Warnings) Snapshot() *Warnings {
	s := &Warnings{byExecution: make(map[execution]map[string]Warned, len(w.byExecution))}
	for k, all := range w.byExecution {
		s.byExecution[k] = maps.Clone(all)
	}
	return s
}

// add takes in warnings, of this process or another. Of two of the same the first
// counts: people have known since.
func (w *Warnings) add(all ...Warned) {
	if w.byExecution == nil {
		w.byExecution = map[execution]map[string]Warned{}
	}
	for _, one := range all {
		one.At, one.Started = one.At.UTC().Truncate(time.Millisecond), one.Started.UTC().Truncate(time.Millisecond)
		k := executionOf(one.Flow, one.Execution, one.Started)
		if w.byExecution[k] == nil {
			w.byExecution[k] = map[string]Warned{}
		}
		if before, known := w.byExecution[k][one.Rule]; !known || one.At.Before(before.At) {
			w.byExecution[k][one.Rule] = one
		}
	}
}

// forget drops what was warned of an execution that runs no more.
func (w *Warnings) forget(flow, name string, started time.Time) {
	delete(w.byExecution, executionOf(flow, name, started))
}

// all are in the order of time.
func (w *Warnings) all() []Warned {
	var all []Warned
	for _, some := range w.byExecution {
		all = slices.AppendSeq(all, maps.Values(some))
	}
	order.By(all, func(a, b Warned) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Execution, b.Execution), a.Started.Compare(b.Started), cmp.Compare(a.Rule, b.Rule))
	})
	return all
}

// prune keeps the bounds. Where there is no room, what was warned of last is forgotten:
// the first to be warned of are stopped first, and make room. The other way round each
// would be forgotten before it is old enough, and nothing be stopped.
func (w *Warnings) prune(now time.Time) {
	kept := 0
	for _, one := range w.all() {
		if kept < mostWarned && !one.At.Before(now.Add(-keepWarned)) {
			kept++
			continue
		}
		delete(w.byExecution[executionOf(one.Flow, one.Execution, one.Started)], one.Rule)
	}
	maps.DeleteFunc(w.byExecution, func(_ execution, some map[string]Warned) bool { return len(some) == 0 })
}

// Warn takes in that warnings went out. What waited for them is looked at soon, to learn
// when it falls due now.
func (w *Watch) Warn(now time.Time, all ...Warned) {
	w.Warnings.add(all...)
	w.Warnings.prune(now)
	for _, one := range all {
		if k := w.find(one.Flow, one.Execution); k != nil && k.overdue != nil {
			k.overdue.checks = 1
			w.plan(k)
		}
	}
}
