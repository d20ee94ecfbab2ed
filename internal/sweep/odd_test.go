package sweep_test

import (
	"testing"
	"time"
)

// What has no startedTime may have started after the event's time was over: it is
// condemned while the event is in force, and not a moment longer.
func TestWithoutAStartedTimeNothingIsStoppedAfterTheEvent(t *testing.T) {
	rule := "name: all, on: [event], flows: [a], limits: none, for: 1m, when: 'event.data.stop == true'"
	accident(t, map[string]int{"a": 200}, eventPolicy("", rule), func(t *testing.T, p *process) {
		p.http = timeless{p.server}
		begun := time.Now()
		if _, err := p.happen(3*time.Minute, `{"stop":true}`); err != nil {
			t.Fatal(err)
		}
		stops := p.server.Stats().Stops
		for _, s := range stops {
			if after := s.At.Sub(begun); after > time.Minute+3*time.Second {
				t.Fatalf("%s was stopped %v after an event that is in force for a minute", s.Execution, after)
			}
		}
		if len(stops) < 100 {
			t.Errorf("%d were stopped while it was in force", len(stops))
		}
	})
}
