package sweep

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/result"
)

const (
	// maxOffset is how far our clock may be from CloudFlow's. Beyond it one of
	// the two is wrong, and ages mean nothing.
	maxOffset = 30 * time.Second

	// margin is how much later than due an execution is condemned, so that
	// no error of a clock within a second or two stops one too early.
	margin = 2 * time.Second
)

// clock is our clock, corrected by CloudFlow's.
type clock struct {
	ours   func() time.Time
	offset func() (time.Duration, bool) // what to add to ours; false when unknown
}

// now is the time by CloudFlow's clock, or by ours before its first answer.
func (c *clock) now() time.Time { return c.corrected(c.ours()) }

func (c *clock) corrected(t time.Time) time.Time {
	offset, _ := c.offset()
	return t.Add(offset).UTC().Truncate(time.Millisecond)
}

// judging is the time that rules see.
func (c *clock) judging() time.Time { return c.now().Add(-margin) }

// check is not ok when the two clocks disagree, or cannot be compared.
func (c *clock) check() (off clockOff, ok bool) {
	offset, known := c.offset()
	return clockOff{offset: offset, known: known}, known && offset.Abs() <= maxOffset
}

// clockOff is the refusal of a gate that doesn't know what time it is.
type clockOff struct {
	offset time.Duration
	known  bool
}

func (c clockOff) Error() string {
	if !c.known {
		return "no answer carried a Date header, so this machine's clock can't be checked: nothing is stopped"
	}
	side := "ahead of"
	if c.offset > 0 {
		side = "behind"
	}
	return fmt.Sprintf("this machine's clock is %s %s CloudFlow's, more than %s: nothing is stopped. Set it, with NTP for instance",
		duration.Rough(c.offset.Abs()), side, duration.Format(maxOffset))
}

func (clockOff) outcome() result.Outcome { return result.WithheldOutcome }
