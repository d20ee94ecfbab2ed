package watch

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func try(after time.Duration, execution string) Try {
	return Try{At: midnight.Add(after), Flow: "id-a", Execution: execution}
}

func TestLedgerCountsAWindow(t *testing.T) {
	var l Ledger
	l.Add(try(30*time.Minute, "c"), try(0, "a"))
	l.Add(try(10*time.Minute, "b"), try(10*time.Minute+500*time.Microsecond, "b"))
	for _, c := range []struct {
		from time.Duration
		want int
	}{{-time.Hour, 3}, {0, 3}, {time.Millisecond, 2}, {10 * time.Minute, 2}, {30 * time.Minute, 1}, {31 * time.Minute, 0}} {
		if got := l.Since(midnight.Add(c.from)); got != c.want {
			t.Errorf("since %v: %d, want %d", c.from, got, c.want)
		}
	}
}

func TestLedgerKeepsADayAndTheWindow(t *testing.T) {
	for _, c := range []struct {
		window time.Duration
		want   int
	}{{time.Hour, 2}, {48 * time.Hour, 3}} {
		var l Ledger
		l.Keep(c.window)
		l.Add(try(-25*time.Hour, "a"), try(-24*time.Hour, "b"), try(0, "c"))
		l.prune(midnight)
		if got := l.Since(time.Time{}); got != c.want {
			t.Errorf("a window of %v keeps %d, want %d", c.window, got, c.want)
		}
	}
}

// A policy whose window is made shorter, and longer again, finds what lay between,
// whichever process saved meanwhile.
func TestTheLongestWindowIsRemembered(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		windows []time.Duration // of one process after the other
		want    int             // of the tries 2, 20, 40 and 80 days old, and now's
	}{
		{[]time.Duration{time.Hour}, 1},
		{[]time.Duration{3 * day, time.Hour, 3 * day}, 2},
		{[]time.Duration{3 * day, time.Hour, time.Hour}, 2},
		{[]time.Duration{90 * day, time.Hour}, 3},
		{[]time.Duration{90 * day, 90 * day}, 5},
	} {
		path := filepath.Join(t.TempDir(), "state")
		old := New(here)
		old.Ledger.Keep(c.windows[0])
		old.Ledger.Add(try(-80*day, "a"), try(-40*day, "b"), try(-20*day, "c"), try(-2*day, "d"), try(0, "e"))
		save(t, newFile(path), old, midnight)
		for _, window := range c.windows[1:] {
			f := newFile(path)
			w, err := f.Load(here, midnight)
			if err != nil {
				t.Fatal(err)
			}
			w.Ledger.Keep(window)
			for range 2 { // each slot
				save(t, f, w, midnight)
			}
		}
		if got := loaded(t, path, midnight).Ledger.Since(time.Time{}); got != c.want {
			t.Errorf("%v: %d tries are kept, want %d", c.windows, got, c.want)
		}
	}
}

// What another process counted by a clock that is ahead of ours is recent.
func TestTriesFromTheFutureCount(t *testing.T) {
	var l Ledger
	l.Add(try(-time.Minute, "a"), try(20*time.Second, "b"))
	if got := l.Since(midnight.Add(-time.Second)); got != 1 {
		t.Errorf("%d count, want the one from the future", got)
	}
}

// A clock that is ahead must not forget what the limits are about.
func TestNoClockForgetsTheLatestStops(t *testing.T) {
	var l Ledger
	l.Keep(time.Hour)
	l.Add(try(-25*time.Hour, "a"), try(-time.Hour, "b"), try(0, "c"))
	l.prune(midnight.AddDate(1, 0, 0))
	if got := l.Since(time.Time{}); got != 2 {
		t.Errorf("%d are kept, want the two of the day before the latest", got)
	}
	empty := Ledger{}
	empty.prune(midnight)
}

func TestTheLaterLossCounts(t *testing.T) {
	var l Ledger
	if !l.KnownSince().IsZero() {
		t.Error("a new ledger has lost something")
	}
	l.Lose(midnight.Add(time.Second + time.Microsecond))
	l.Lose(midnight)
	l.Lose(time.Time{})
	if got, want := l.KnownSince(), midnight.Add(time.Second); !got.Equal(want) {
		t.Errorf("known since %v, want %v", got, want)
	}
}

func TestEmergencies(t *testing.T) {
	m := Emergency{ID: "e1", Rule: "budget", Policy: "p", Event: []byte(`{"x":1}`), Time: midnight, Until: midnight.Add(30 * time.Minute)}
	later := m
	later.ID, later.Time = "e0", midnight.Add(time.Minute)
	var e Emergencies
	if got := e.Active(midnight); len(got) != 0 {
		t.Errorf("active at first: %v", got)
	}
	e.Latch(later)
	e.Latch(m)
	again := m
	again.Until = midnight.Add(time.Hour)
	e.Latch(again) // a second delivery changes nothing
	if diff := cmp.Diff([]Emergency{m, later}, e.Active(midnight.Add(30*time.Minute-1))); diff != "" {
		t.Error(diff)
	}
	if got := e.Active(midnight.Add(30 * time.Minute)); len(got) != 0 {
		t.Errorf("active when over: %v", got)
	}
	e.Finish("e1")
	e.Finish("unknown")
	e.Latch(m) // another process's older knowledge
	if diff := cmp.Diff([]Emergency{later}, e.Active(midnight)); diff != "" {
		t.Error(diff)
	}
	e.prune(midnight.Add(30 * time.Minute))
	if len(e.all()) != 0 {
		t.Errorf("kept when over: %v", e.all())
	}
}

func TestBucketsMerge(t *testing.T) {
	var b Buckets
	early, late := midnight, midnight.Add(time.Second)
	b.merge(Buckets{"list": {5, 2, early}, "stop": {5, 2, late}, "tie": {5, 2, early}})
	b.merge(Buckets{"list": {7, 1, late}, "stop": {1, 2, early}, "tie": {4, 2, early}, "new": {1, 2, early}})
	want := Buckets{"list": {7, 1, late}, "stop": {5, 2, late}, "tie": {4, 2, early}, "new": {1, 2, early}}
	if diff := cmp.Diff(want, b); diff != "" {
		t.Error(diff)
	}
}
