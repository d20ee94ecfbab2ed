package cloudflow

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var refused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

// tries is a client with the default retries.
func tries(t *testing.T, http HTTPClient, change ...func(*Options)) *Client {
	return once(t, http, append([]func(*Options){func(o *Options) { o.Retry = RetryPolicy{} }}, change...)...)
}

func TestRetriesUntilItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tries(t, script(fails(refused), says(500, ""), says(409, apiError("ConcurrentUpdateError", "m")), says(200, `{"tor`), says(200, running)))
		e, err := c.StopExecution(t.Context(), Stop{FlowName: "f", ExecutionName: "run-1"})
		if err != nil || e.Name != "run-1" || e.RequestID != "r-1" {
			t.Fatalf("%+v, %v", e, err)
		}
		stats := c.Stats()
		if stats.Retried != 4 || stats.Calls[OpStopExecution] != 4 || stats.Throttled != 0 {
			t.Errorf("%+v; the refused connection was no call", stats)
		}
	})
}

func TestGivesUpAfterMaxAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		c := tries(t, serve(func(*http.Request) (*http.Response, error) { sent++; return answer(503, ""), nil }))
		start := time.Now()
		e := stop(t.Context(), c)
		const want = "StopExecution: an empty answer (HTTP 503, after 5 attempts)"
		if e == nil || e.Error() != want || sent != 5 || e.Attempts != 5 {
			t.Errorf("%v after %d\nwant %s", e, sent, want)
		}
		// Full jitter: at most 250 ms, 500 ms, 1 s and 2 s.
		if took := time.Since(start); took > 3750*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

func TestOnlyClassRetryIsTriedAgain(t *testing.T) {
	for _, code := range []string{CodeExecutionAlreadyCompleted, CodeInvalidArgument, "AccessDenied", "SignatureNotMatch"} {
		sent := 0
		c := tries(t, serve(func(*http.Request) (*http.Response, error) { sent++; return answer(400, apiError(code, "m")), nil }))
		if e := stop(t.Context(), c); e == nil || e.Code != code || sent != 1 {
			t.Errorf("%s: %v after %d", code, e, sent)
		}
	}
}

// MaybeDone tells an ExecutionAlreadyCompleted that may be our own doing from
// one that can't be.
func TestMaybeDoneRemembersTheAttemptsBefore(t *testing.T) {
	completed := says(400, apiError(CodeExecutionAlreadyCompleted, "m"))
	for name, test := range map[string]struct {
		first func() (*http.Response, error)
		want  bool
	}{
		"nothing before":     {completed, false},
		"connection refused": {fails(refused), false},
		"throttled":          {says(429, ""), false},
		"conflict":           {says(409, apiError("ConcurrentUpdateError", "m")), false},
		"connection reset":   {fails(syscall.ECONNRESET), true},
		"server error":       {says(500, ""), true},
		"gateway error":      {says(502, "<html>"), true},
		"torn answer":        {says(200, `{"Nam`), true},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := tries(t, script(test.first, says(429, ""), completed))
			if e := stop(t.Context(), c); !IsAlreadyCompleted(e) || e.MaybeDone != test.want {
				t.Errorf("%s: %+v, want maybe done %t", name, e, test.want)
			}
		})
	}
}

func TestRetriesStopBeforeTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		c := tries(t, serve(func(*http.Request) (*http.Response, error) { sent++; return answer(503, ""), nil }),
			func(o *Options) { o.Retry = RetryPolicy{MaxAttempts: 1000, BaseDelay: time.Second} })
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		e := stop(ctx, c)
		if e == nil || e.HTTPStatus != 503 || errors.Is(e, context.DeadlineExceeded) {
			t.Errorf("%+v: want the last answer", e)
		}
		if took := time.Since(start); took >= 10*time.Second || sent < 2 {
			t.Errorf("took %s, %d sent", took, sent)
		}
	})
}

func TestCancelWhileWaitingToRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := tries(t, serve(func(*http.Request) (*http.Response, error) {
			time.AfterFunc(time.Nanosecond, cancel)
			return answer(503, ""), nil
		}))
		e := stop(ctx, c)
		const want = "StopExecution: context canceled; the attempt before failed: StopExecution: an empty answer (HTTP 503)"
		if !errors.Is(e, context.Canceled) || !e.MaybeDone || e.Attempts != 1 || e.Error() != want {
			t.Errorf("%+v\nwant %s", e, want)
		}
	})
}

func TestCancelAfterSomeAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		c := tries(t, serve(func(*http.Request) (*http.Response, error) {
			if calls++; calls == 2 {
				time.AfterFunc(time.Nanosecond, cancel)
			}
			return answer(503, ""), nil
		}))
		const want = "StopExecution: context canceled; the attempt before failed: StopExecution: an empty answer (HTTP 503) (after 2 attempts)"
		if e := stop(ctx, c); e.Attempts != 2 || e.Error() != want {
			t.Errorf("%+v\nwant %s", e, want)
		}
	})
}

func TestNoTokenForTheRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tries(t, script(fails(syscall.ECONNRESET)), func(o *Options) {
			o.Quota, o.Retry = newQuota(t, Rates{OpStopExecution: {PerSecond: 0.5, Burst: 1}}), RetryPolicy{BaseDelay: 1}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		e := stop(ctx, c)
		const want = "StopExecution: the quota allows the next call in 2s, which is after the deadline: context deadline exceeded; the attempt before failed: StopExecution: connection reset by peer"
		if !errors.Is(e, context.DeadlineExceeded) || !e.MaybeDone || e.Attempts != 1 || e.Error() != want {
			t.Errorf("%+v\nwant %s", e, want)
		}
		if got := c.Stats(); got.Retried != 0 || got.Calls[OpStopExecution] != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestPauses(t *testing.T) {
	p := RetryPolicy{}.withDefaults()
	for attempt, want := range []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second} {
		if got := p.ceiling(attempt+1, false); got != want {
			t.Errorf("attempt %d: %s, want %s", attempt+1, got, want)
		}
	}
	if got := p.ceiling(1, true); got != time.Second {
		t.Errorf("throttled: %s", got)
	}
	if got := p.ceiling(1_000_000, true); got != 10*time.Second {
		t.Errorf("after a million attempts: %s", got)
	}
	spread := make(map[time.Duration]bool)
	for range 1000 {
		pause := p.pause(3, &failure{Error: &Error{}})
		if pause < 0 || pause > time.Second {
			t.Fatalf("pause %s", pause)
		}
		spread[pause/(time.Second/4)] = true
	}
	if len(spread) < 4 {
		t.Errorf("the pauses don't spread: %v", spread)
	}
}

func TestGatewaysWaitIsKept(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"Limit:10,Remain:0,TimeLeft:3000,Reset:1": 3 * time.Second,
		"TimeLeft:99999999":                       10 * time.Second, // no longer than MaxDelay
		"TimeLeft:-5":                             0,
		"nonsense":                                0,
	} {
		got := retryAfter(http.Header{"X-Ratelimit-User-Api": {header}})
		pause := RetryPolicy{}.withDefaults().pause(1, &failure{Error: &Error{}, retryAfter: got})
		if pause < want || pause > max(want, 250*time.Millisecond) {
			t.Errorf("%s: pause %s, want %s", header, pause, want)
		}
	}
}
