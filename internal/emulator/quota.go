package emulator

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// quota is a token bucket an operation, as CloudFlow documents them, full at
// the start.
type quota struct {
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newQuota() *quota { return &quota{buckets: map[string]*rate.Limiter{}} }

// allow takes one token.
func (q *quota) allow(operation string, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	bucket, ok := q.buckets[operation]
	if !ok {
		bucket = newBucket(operation)
		q.buckets[operation] = bucket
	}
	return bucket.AllowN(now, 1)
}

// newBucket has the rates of the documentation's page on limits.
func newBucket(operation string) *rate.Limiter {
	switch operation {
	case "DescribeExecution", "GetExecutionHistory":
		return rate.NewLimiter(5, 50)
	case "StartExecution":
		return rate.NewLimiter(100, 100)
	}
	return rate.NewLimiter(2, 10)
}
