package judge

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
)

const (
	// MaxOffset is how far our clock may be from CloudFlow's. Beyond it one of
	// the two is wrong, and ages mean nothing.
	MaxOffset = 30 * time.Second

	// Margin is how much later than due an execution is condemned, so that
	// no error of a clock within a second or two stops one too early.
	Margin = 2 * time.Second
)

// Clock is our clock, corrected by CloudFlow's.
type Clock struct {
	ours   func() time.Time
	offset func() (time.Duration, bool)
}

// NewClock returns a clock of ours and of what to add to it to have CloudFlow's, which
// is false while nobody knows.
func NewClock(ours func() time.Time, offset func() (time.Duration, bool)) *Clock {
	return &Clock{ours, offset}
}

// Ours is the time by our clock, uncorrected, with the time that the machine was asleep.
func (c *Clock) Ours() time.Time { return c.ours().Round(0) }

// Now is the time by CloudFlow's clock, or by ours before its first answer.
func (c *Clock) Now() time.Time { return c.Corrected(c.ours()) }

// Corrected is a time of our clock's by CloudFlow's, in whole milliseconds.
func (c *Clock) Corrected(t time.Time) time.Time {
	offset, _ := c.offset()
	return t.Add(offset).UTC().Truncate(time.Millisecond)
}

// Judging is the time that rules see: Now less the margin.
func (c *Clock) Judging() time.Time { return c.Now().Add(-Margin) }

// Check is not ok when the two clocks disagree, or cannot be compared.
func (c *Clock) Check() (off ClockOff, ok bool) {
	offset, known := c.offset()
	return ClockOff{Offset: offset, Known: known}, known && offset.Abs() <= MaxOffset
}

// ClockOff is the error of not knowing what time it is.
type ClockOff struct {
	Offset time.Duration
	Known  bool // false: no answer has told the time
}

func (c ClockOff) Error() string {
	if !c.Known {
		return "no answer carried a Date header, so this machine's clock can't be checked: nothing is stopped"
	}
	side := "ahead of"
	if c.Offset > 0 {
		side = "behind"
	}
	return fmt.Sprintf("this machine's clock is %s %s CloudFlow's, more than %s: nothing is stopped. Set it, with NTP for instance",
		duration.Rough(c.Offset.Abs()), side, duration.Format(MaxOffset))
}
