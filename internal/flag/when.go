package flag

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// When reads a date, which is UTC's, a time, or a length of time before the end; "" is none.
func When(flag, text string, end time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, nil
	}
	if at, ok := absolute(text); ok {
		return at.UTC(), nil
	}
	before, err := duration.Parse(text)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("--%s: %w", flag, notWhen(text, err))
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

var (
	otherDates = []string{"2006-1-2", "2006/1/2", "2006.1.2", "20060102", "2006年1月2日"}
	dated      = regexp.MustCompile(`^[0-9]{4}[-/.][0-9]`)
)

// notWhen says why a text is neither a date nor a time nor, as noLength has it, a length of
// time.
func notWhen(text string, noLength error) error {
	shown := plain.Clip(text, 41)
	for _, layout := range otherDates {
		if day, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return fmt.Errorf("%q is not as dates are written: write %s", shown, day.Format(time.DateOnly))
		}
	}
	if err := meantMoment(text); err != nil {
		return fmt.Errorf("%q %w", shown, err)
	}
	const write = "a date such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z"
	if dated.MatchString(text) {
		return fmt.Errorf("%q is no date or time that there is: give %s", shown, write)
	}
	return fmt.Errorf("%w, or give %s", noLength, write)
}
