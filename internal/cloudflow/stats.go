package cloudflow

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Stats is what the client has sent and met so far.
type Stats struct {
	Calls     map[string]int // requests sent, retries included, by operation
	Throttled int            // answers that asked for fewer calls
	Retried   int            // attempts after the first
}

type stats struct {
	mu  sync.Mutex
	sum Stats
}

func (s *stats) count(one func(sum *Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one(&s.sum)
}

func (s *stats) snapshot() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	snapshot := s.sum
	snapshot.Calls = maps.Clone(s.sum.Calls)
	return snapshot
}

// clock gathers what the answers say about the server's time.
type clock struct {
	mu      sync.Mutex
	samples []time.Duration // the newest maxSamples, as a ring
	next    int
	median  time.Duration // of samples: asked for every execution, it changes with every answer
	at      time.Time     // of the latest, by our clock
}

// maxSamples is enough for a median that one slow answer can't move, and
// follows a clock that is being set.
const maxSamples = 101

// farthest is the most that a sample may say. Farther than that no machine's
// clock is off, and it can still be added to a time.
const farthest = 100 * 365 * 24 * time.Hour

// observe takes one answer's Date. An answer that was waited for is left out:
// the middle of its call says nothing about when it was dated.
func (c *clock) observe(x *exchange, waited bool) {
	date, err := http.ParseTime(x.answer.Header.Get("Date"))
	if err != nil || waited {
		return
	}
	middle := x.answered.Add(-x.answered.Sub(x.sentAt) / 2) // by our clock as it was last
	sample := min(max(date.Add(time.Second/2).Sub(middle), -farthest), farthest)
	c.mu.Lock()
	defer c.mu.Unlock()
	if wasSet(c.at, x.answered) {
		if x.answered.Before(c.at) { // of before: calls run at once
			return
		}
		c.samples, c.next = nil, 0
	}
	c.at = x.answered
	if len(c.samples) < maxSamples {
		c.samples = append(c.samples, sample)
	} else {
		c.samples[c.next] = sample
		c.next = (c.next + 1) % maxSamples
	}
	c.median = median(c.samples)
}

// wasSet says that our clock was set between two moments, or that the machine slept: what
// answers said of it before is true no more, and would have executions be too old by as
// much, or too young.
func wasSet(before, now time.Time) bool {
	return (now.Round(0).Sub(before.Round(0)) - now.Sub(before)).Abs() > time.Second
}

func (c *clock) offset() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.median, len(c.samples) > 0
}

// median returns of two in the middle the worse: between an hour ahead and an hour
// behind lies a clock that seems right, which nobody has seen.
func median(samples []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(samples))
	low, high := sorted[(len(sorted)-1)/2], sorted[len(sorted)/2]
	if low.Abs() > high.Abs() {
		return low
	}
	return high
}
