package doctor

import (
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// span is a length of time that is known to lie between two bounds.
type span struct{ least, most time.Duration }

// String says it as exactly as it is known, rounded outwards: under 300ms,
// 2.9s to 3.4s.
func (s span) String() string {
	least, most := duration.Format(s.least.Truncate(unit(s.least))), duration.Format(roundUp(max(s.most, unit(0))))
	switch {
	case s.least <= 0:
		return "under " + most
	case least == most:
		return least
	}
	return least + " to " + most
}

// in puts the span's bounds into an answer.
func (s span) in(a Answer) Answer {
	a.Least, a.Most = new(s.least.Seconds()), new(s.most.Seconds())
	return a
}

// brief writes a duration with as many digits as a person reads.
func brief(d time.Duration) string { return duration.Format(d.Round(unit(d))) }

func roundUp(d time.Duration) time.Duration {
	whole := d.Truncate(unit(d))
	if whole < d {
		whole += unit(d)
	}
	return whole
}

// unit is the smallest that counts in a duration of this length.
func unit(d time.Duration) time.Duration {
	switch d = d.Abs(); {
	case d < 10*time.Second:
		return 10 * time.Millisecond
	case d < time.Minute:
		return 100 * time.Millisecond
	case d < time.Hour:
		return time.Second
	case d < 2*day:
		return time.Minute
	}
	return time.Hour
}

const day = 24 * time.Hour
