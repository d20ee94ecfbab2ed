package fcruntime

import (
	"context"
	"iter"
	"time"
)

// ticks yields the time now, and then every so often until total has passed
// (without end when 0) or ctx ends. Ticks that pass while the last is worked on
// are left out.
func ticks(ctx context.Context, every, total time.Duration) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		start := time.Now()
		for next := time.Duration(0); total == 0 || next < total; {
			timer := time.NewTimer(time.Until(start.Add(next)))
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case now := <-timer.C:
				if !yield(now) {
					return
				}
			}
			passed := (time.Since(start) + every - 1) / every // rounded up: a tick due now isn't missed
			next = max(next+every, passed*every)
		}
	}
}
