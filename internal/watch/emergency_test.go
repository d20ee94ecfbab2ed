package watch_test

import (
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/watch"
)

// Who works on an emergency says so often; who was killed holds it for no longer than
// its lease, also where its clock was ahead.
func TestAnEmergencyIsHeldForALease(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for touched, want := range map[time.Duration]bool{
		0: true, -29 * time.Second: true, 29 * time.Second: true,
		-watch.Lease: false, watch.Lease: false, 24 * time.Hour: false, -24 * time.Hour: false,
	} {
		m := watch.Emergency{Worker: "other", Touched: now.Add(touched)}
		if got := m.HeldAgainst("run", now); got != want {
			t.Errorf("touched %v from now: held %v", touched, got)
		}
		if m.HeldAgainst("other", now) {
			t.Errorf("touched %v from now: held against its own worker", touched)
		}
	}
}
