package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// call is when a request was sent and answered; what it tells was so at some
// moment between.
type call struct{ sent, answered time.Time }

// timed makes a call.
func timed(f func()) call {
	c := call{sent: time.Now()}
	f()
	c.answered = time.Now()
	return c
}

// sighting is when something came to be seen that is looked for again and
// again.
type sighting struct {
	before call // the last look that did not see it; zero: there was none
	at     call // the first that did
	seen   bool
	status string // of the execution then
	err    error  // the look fails, and is no longer taken
}

// look looks once, unless there is nothing left to see.
func (s *sighting) look(f func() (seen bool, status string, err error)) {
	if s.seen || s.err != nil {
		return
	}
	c := timed(func() { s.seen, s.status, s.err = f() })
	switch {
	case s.err != nil:
		s.seen = false
	case s.seen:
		s.at = c
	default:
		s.before = c
	}
}

// after is how long what was seen took from an event on that happened during a
// call.
func (s *sighting) after(event call) span {
	delay := span{most: s.at.answered.Sub(event.sent)}
	if !s.before.sent.IsZero() {
		delay.least = max(0, s.before.sent.Sub(event.answered))
	}
	return delay
}

// every is the pause between two looks; the quota of lists allows no more.
const every = 500 * time.Millisecond

// watch looks until it sees, fails, or patience or ctx ends. The error says
// which, but for seen.
func (s *sighting) watch(ctx context.Context, f func() (seen bool, status string, err error)) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		s.look(f)
		if s.seen || s.err != nil {
			return s.err
		}
		if !pause(ctx, every) {
			return context.Cause(ctx)
		}
	}
	return fmt.Errorf("nothing was seen of it in %s", duration.Format(patience))
}
