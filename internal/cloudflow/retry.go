package cloudflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// RetryPolicy says how often and how long a call is tried. Only errors of
// class Retry are tried again, each time with a token of the quota, and never
// past the context's deadline: where the next attempt would come too late, the
// last error is returned at once.
type RetryPolicy struct {
	MaxAttempts int           // the first one counts; 5 when 0, 1 is no retry
	BaseDelay   time.Duration // the longest first pause, doubled each time; 250 ms when 0, and four times that when throttled
	MaxDelay    time.Duration // the longest pause of all; 10 s when 0
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	return RetryPolicy{
		MaxAttempts: cmp.Or(max(p.MaxAttempts, 0), 5),
		BaseDelay:   cmp.Or(max(p.BaseDelay, 0), 250*time.Millisecond),
		MaxDelay:    cmp.Or(max(p.MaxDelay, 0), 10*time.Second),
	}
}

// ceiling is the longest pause after the attempt-th attempt, counted from 1.
func (p RetryPolicy) ceiling(attempt int, throttled bool) time.Duration {
	base := p.BaseDelay
	if throttled {
		base *= 4
	}
	for range attempt - 1 {
		if base >= p.MaxDelay {
			break
		}
		base *= 2
	}
	return min(base, p.MaxDelay)
}

// pause is how long to wait after an attempt: full jitter, so that callers that
// failed together don't come back together, but no less than what the gateway
// asked for.
func (p RetryPolicy) pause(attempt int, f *failure) time.Duration {
	jitter := rand.N(p.ceiling(attempt, f.Throttled()) + 1)
	return min(max(jitter, f.retryAfter), p.MaxDelay)
}

// call makes one call, with its retries, and reads its answer. Every attempt
// reads afresh: nothing of a torn answer is left in the result.
func call[T any](ctx context.Context, c *Client, r request, read func(*decoder) (T, error)) (T, error) {
	var none T
	if err := r.named(); err != nil {
		return none, err
	}
	var last *failure
	for attempt := 1; ; attempt++ {
		value, failed := try(ctx, c, r, attempt, read)
		if failed == nil {
			return value, nil
		}
		failed.follow(last, attempt)
		last = failed
		if err := c.beforeNext(ctx, attempt, failed); err != nil {
			return none, err
		}
	}
}

// try waits for a token and makes the attempt-th attempt.
func try[T any](ctx context.Context, c *Client, r request, attempt int, read func(*decoder) (T, error)) (T, *failure) {
	var value T
	if err := c.quota.take(ctx, r.operation); err != nil {
		return value, unsent(r.operation, err)
	}
	if attempt > 1 {
		c.stats.count(func(sum *Stats) { sum.Retried++ })
	}
	failed := c.send(ctx, r, func(d *decoder) (err error) {
		value, err = read(d)
		return err
	})
	return value, failed
}

// failure is an Error on its way out, with what the retries need to know.
type failure struct {
	*Error
	final      bool          // no attempt after this one, whatever its class
	unsent     bool          // the context ended before the attempt
	retryAfter time.Duration // what the gateway asked for
}

// unsent is the failure of an attempt that was never made, because the context
// ended or would have.
func unsent(operation string, err error) *failure {
	return &failure{Error: &Error{Operation: operation, Class: Retry, Err: err}, final: true, unsent: true}
}

// follow makes f the failure of the attempt-th attempt, and takes over what
// the attempts before have left behind.
func (f *failure) follow(last *failure, attempt int) {
	f.Attempts = attempt
	if f.unsent {
		f.Attempts--
	}
	if last == nil {
		return
	}
	f.MaybeDone = f.MaybeDone || last.MaybeDone
	f.Unanswered = f.Unanswered || last.Unanswered
	if f.final { // what the retries were for must not be lost
		before := *last.Error
		before.Attempts = 0 // which f tells
		f.Err = fmt.Errorf("%w; the attempt before failed: %w", f.Err, &before)
	}
}

// beforeNext waits until the next attempt, or returns the error to give up
// with.
func (c *Client) beforeNext(ctx context.Context, attempt int, f *failure) error {
	if f.final || f.Class != Retry || attempt >= c.retry.MaxAttempts {
		return f.Error
	}
	pause := c.retry.pause(attempt, f)
	if deadline, set := ctx.Deadline(); set && time.Until(deadline) <= pause {
		return f.Error
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		ended := unsent(f.Operation, contextError(ctx))
		ended.follow(f, attempt+1)
		return ended.Error
	}
}

// contextError is the context's error, with its cause where it has one of its
// own.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
