package watch

import (
	"testing"
	"time"
)

// A sweep that looks at a flow twice sees what runs there once, also what it doesn't
// keep in mind: what no rule ever condemns.
func TestAnExecutionIsSeenOnceInASweep(t *testing.T) {
	s := watching(t, Options{}, 10*time.Minute, 1)
	kept, never := midnight.Add(-time.Minute), midnight.Add(-time.Hour)
	rows := []Execution{{Name: "kept", StartedTime: kept}, {Name: "never", StartedTime: never, Never: true}}
	s.Looked(s.wantLook("a"), rows, 1, s.now)
	s.now = midnight.Add(11 * time.Minute) // in the same sweep
	rows = append(rows, Execution{Name: "new", StartedTime: midnight.Add(30 * time.Second)})
	s.Looked(s.wantLook("a"), rows, 1, s.now)
	if got := s.Seen(); got != 3 {
		t.Errorf("%d were seen, there are 3", got)
	}
	s.sweepAt(22 * time.Minute)
	s.Looked(s.wantLook("a"), rows, 1, s.now)
	if got := s.Seen(); got != 3 {
		t.Errorf("%d were seen in the next sweep, there are 3", got)
	}
}
