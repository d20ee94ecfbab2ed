package event

import (
	"fmt"
	"time"
)

const (
	// MaxAge is the age beyond which an event says nothing about now: who was to
	// act on it has, or the executions that it was about have ended.
	MaxAge = 15 * time.Minute

	// MaxAhead is how far in the future an event may lie for clocks to differ.
	MaxAhead = 2 * time.Minute
)

// CheckTime says why an event is not acted on for its time: it happened too long
// ago, or hasn't happened yet. One without a time is one of now.
func (e Event) CheckTime(now time.Time) error {
	if !e.HasTime {
		return nil
	}
	at := e.Time.Format(time.RFC3339)
	switch age := now.Sub(e.Time); {
	case age > MaxAge:
		return fmt.Errorf("the %s event %q is too old: its time, %s, is %v ago, and what is older than %v stops nothing",
			e.Kind, e.Name(), at, age.Round(time.Second), MaxAge)
	case age < -MaxAhead:
		return fmt.Errorf("the %s event %q is ahead of its time: %s is in %v, and clocks differ by %v at the most",
			e.Kind, e.Name(), at, (-age).Round(time.Second), MaxAhead)
	}
	return nil
}
