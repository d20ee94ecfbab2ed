package watch_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/watch"
)

// Two processes that share a file know each other's warnings, the first of each; what is
// too old, or too much, is forgotten, and what a wrong clock says is not believed.
func TestWarningsAreShared(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	one := watch.Warned{Flow: "f", Execution: "e", Started: now.Add(-time.Hour), Rule: "r", At: now.Add(-time.Minute)}
	other, later, ahead, old := one, one, one, one
	other.Execution, later.At, ahead.Rule, ahead.At, old.Rule, old.At = "x", now, "ahead", now.Add(time.Hour), "old", now.Add(-32*24*time.Hour)
	path := filepath.Join(t.TempDir(), "state")
	load := func() *watch.Watch {
		w, err := watch.NewFile(path).Load(watch.Options{}, now)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	a, b := load(), load()
	a.Warn(now, one)
	b.Warn(now, later, other, ahead, old)
	for _, w := range []*watch.Watch{a, b} {
		if err := watch.NewFile(path).Save(w, now); err != nil {
			t.Fatal(err)
		}
	}
	w := load()
	of := func(name string) map[string]time.Time {
		return w.Warnings.Of("f", name, one.Started.Add(time.Microsecond))
	}
	if got := of("e"); len(got) != 1 || !got["r"].Equal(one.At) || len(of("x")) != 1 {
		t.Errorf("e %v, x %v", got, of("x"))
	}
	if got := w.Warnings.Of("f", "e", one.Started.Add(time.Second)); len(got) > 0 {
		t.Errorf("another execution of the name: %v", got)
	}
	var many []watch.Warned
	for i := range 10_000 {
		many = append(many, watch.Warned{Flow: "g", Execution: fmt.Sprint(i), Started: now, Rule: "r", At: now})
	}
	w.Warn(now, many...)
	left := 0
	for i := range many {
		left += len(w.Warnings.Of("g", fmt.Sprint(i), now))
	}
	if len(of("e")) != 1 || left != 10_000-2 { // besides e and x
		t.Errorf("of e %v are remembered, and %d of the others", of("e"), left)
	}
}
