package flag

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/moment"
)

// When reads a date, a time, or a length of time before the end; "" is none.
func When(flag, text string, end time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, nil
	}
	if at, err := moment.Parse(text); err == nil {
		return at.UTC(), nil
	}
	before, err := duration.Parse(text)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("--%s: %w, or give a date such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z", flag, err)
	case end.IsZero():
		return time.Time{}, fmt.Errorf("--%s %s: the history doesn't tell when it was recorded: give a date such as 2026-03-01", flag, text)
	}
	return end.Add(-before), nil
}

// Since reads --since where the end is now, by whoever's clock: how long ago or, in its
// place, from when on.
func Since(text string) (ago time.Duration, from time.Time, err error) {
	if ago, err = duration.Parse(text); err != nil {
		from, err = When("since", text, time.Time{})
	}
	return ago, from, err
}
