package event

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
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
		return fmt.Errorf("%s is too old: its time, %s, is %s ago, and what is older than %s stops nothing",
			e.Title(), at, duration.Rough(age), duration.Format(MaxAge))
	case age < -MaxAhead:
		return fmt.Errorf("%s is ahead of its time: %s is in %s, and clocks differ by %s at the most",
			e.Title(), at, duration.Rough(age.Abs()), duration.Format(MaxAhead))
	}
	return nil
}
