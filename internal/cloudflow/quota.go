package cloudflow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// Quota keeps the calls within what the API allows: a token bucket an
// operation. It is one account's and region's, holds no credentials, and is
// kept from sweep to sweep: its levels are what makes the next sweep's calls
// pass unthrottled. It is safe for concurrent use.
//
// Buckets start empty, because nobody knows what the process before this one
// used up; Restore sets them to what is known.
type Quota struct {
	mu      sync.Mutex
	buckets map[string]*bucket // an operation without one is not limited
}

// bucket is one operation's. After the API throttled, it works at a lower rate
// for a while.
type bucket struct {
	limiter  *rate.Limiter
	full     Rate
	slow     float64   // calls a second at slowedAt
	slowedAt time.Time // zero: never slowed
}

const (
	// slowest is the least share of its rate that throttling leaves a bucket.
	slowest = 1.0 / 16
	// recovery is the time in which a slowed rate doubles.
	recovery = 30 * time.Second
)

// NewQuota makes a quota, its buckets empty. Operations without a rate have
// the default.
func NewQuota(rates Rates) (*Quota, error) {
	q := &Quota{buckets: make(map[string]*bucket)}
	for operation, full := range DefaultRates() {
		q.buckets[operation] = newBucket(full, 0)
	}
	for operation, full := range rates {
		if err := full.check(operation); err != nil {
			return nil, err
		}
		q.buckets[operation] = newBucket(full, 0)
	}
	return q, nil
}

// Unlimited is a quota that limits nothing, for tests and emulators.
func Unlimited() *Quota { return &Quota{} }

func newBucket(full Rate, level float64) *bucket {
	b := &bucket{full: full, limiter: rate.NewLimiter(rate.Limit(full.PerSecond), full.Burst)}
	b.drain(time.Now(), level)
	return b
}

// drain lowers the level to at most level, rounding down.
func (b *bucket) drain(now time.Time, level float64) {
	if surplus := b.limiter.TokensAt(now) - max(level, 0); surplus > 0 {
		b.limiter.AllowN(now, min(int(math.Ceil(surplus)), b.full.Burst))
	}
}

// rateAt is the rate in force: the full one, or what throttling left of it.
func (b *bucket) rateAt(now time.Time) float64 {
	if b.slowedAt.IsZero() {
		return b.full.PerSecond
	}
	grown := b.slow * math.Exp2(now.Sub(b.slowedAt).Seconds()/recovery.Seconds())
	return min(b.full.PerSecond, grown)
}

// ErrOutOfTime is wrapped by the error of a call that was not sent, since its
// context's deadline comes before the quota allows it. The context itself may
// not have ended yet.
var ErrOutOfTime = errors.New("after the deadline")

// EndsAll says that after this error of one call no other can fare better.
func EndsAll(err error) bool { return IsFatal(err) || errors.Is(err, ErrOutOfTime) }

// take waits for a token. It fails at once when the context's deadline comes
// before the token, and takes none when it fails.
func (q *Quota) take(ctx context.Context, operation string) error {
	b, now := q.bucketAt(operation)
	if b == nil {
		return ctx.Err()
	}
	if err := b.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return contextError(ctx)
		}
		wait := time.Duration((1 - b.limiter.TokensAt(now)) / float64(b.limiter.Limit()) * float64(time.Second))
		return fmt.Errorf("the quota allows the next call in %s, which is %w: %w",
			duration.Format(wait.Round(time.Millisecond)), ErrOutOfTime, context.DeadlineExceeded)
	}
	return nil
}

// bucketAt finds an operation's bucket and sets the rate that is in force now.
// It is nil where nothing is limited.
func (q *Quota) bucketAt(operation string) (*bucket, time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, now := q.buckets[operation], time.Now()
	if b != nil {
		b.limiter.SetLimitAt(now, rate.Limit(b.rateAt(now)))
	}
	return b, now
}

// throttled is told that a call sent at sentAt was refused: the server's
// bucket is empty, so ours is now too, and the rate is halved unless keepRate.
// Several refusals of calls that were under way together halve it once.
func (q *Quota) throttled(operation string, sentAt time.Time, keepRate bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, now := q.buckets[operation], time.Now()
	if b == nil || (!b.slowedAt.IsZero() && sentAt.Before(b.slowedAt)) {
		return
	}
	b.drain(now, 0)
	if keepRate {
		return
	}
	b.slow = max(b.rateAt(now)/2, b.full.PerSecond*slowest)
	b.slowedAt = now
	b.limiter.SetLimitAt(now, rate.Limit(b.slow))
}

// Rates returns the rates in force: lower ones for a while after throttling.
func (q *Quota) Rates() Rates {
	q.mu.Lock()
	defer q.mu.Unlock()
	rates, now := make(Rates, len(q.buckets)), time.Now()
	for operation, b := range q.buckets {
		rates[operation] = Rate{PerSecond: b.rateAt(now), Burst: b.full.Burst}
	}
	return rates
}

// Level is how many calls one operation had left at a moment.
type Level struct {
	Tokens float64   `json:"tokens"`
	At     time.Time `json:"at"`
}

// Levels returns the levels of all operations, for a state file.
func (q *Quota) Levels() map[string]Level {
	q.mu.Lock()
	defer q.mu.Unlock()
	levels, now := make(map[string]Level, len(q.buckets)), time.Now()
	for operation, b := range q.buckets {
		levels[operation] = Level{Tokens: max(b.limiter.TokensAt(now), 0), At: now}
	}
	return levels
}

// Prime fills buckets up to so many tokens, where nobody knows their levels and
// the first calls can't wait: one that is refused for it is tried again.
func (q *Quota) Prime(tokens float64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for operation, b := range q.buckets {
		if b.limiter.TokensAt(time.Now()) < tokens {
			q.buckets[operation] = newBucket(b.full, min(tokens, float64(b.full.Burst)))
		}
	}
}

// Restore sets levels that were saved, before the first call, grown by what
// their operation's rate gives for the time since. A level from the future, whose clock was not ours,
// does not grow; one that is no number is none.
func (q *Quota) Restore(levels map[string]Level) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	for operation, level := range levels {
		b := q.buckets[operation]
		if b == nil || math.IsNaN(level.Tokens) {
			continue
		}
		since := max(now.Sub(level.At), 0).Seconds()
		q.buckets[operation] = newBucket(b.full, level.Tokens+since*b.full.PerSecond)
	}
}
