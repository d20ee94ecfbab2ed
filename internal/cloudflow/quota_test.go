package cloudflow

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newQuota(t *testing.T, rates Rates) *Quota {
	t.Helper()
	q, err := NewQuota(rates)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// takeFor takes tokens for d and counts them.
func takeFor(t *testing.T, q *Quota, operation string, d time.Duration) (n int) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for q.take(ctx, operation) == nil {
		n++
	}
	return n
}

func TestBucketsStartEmptyAndFillAtTheirRate(t *testing.T) {
	for operation, test := range map[string]struct{ inTenSeconds, burst int }{
		OpListFlows: {19, 8}, OpDescribeFlow: {19, 8}, OpListExecutions: {19, 8}, OpStopExecution: {19, 8},
		OpDescribeExecution: {49, 40}, OpGetExecutionHistory: {49, 40},
	} {
		synctest.Test(t, func(t *testing.T) {
			q := newQuota(t, nil)
			if n := takeFor(t, q, operation, 10*time.Second); n != test.inTenSeconds {
				t.Errorf("%s: %d calls in the first 10 s, want %d", operation, n, test.inTenSeconds)
			}
			time.Sleep(time.Hour)
			if n := takeFor(t, q, operation, time.Millisecond); n != test.burst {
				t.Errorf("%s: %d calls at once after an hour, want %d", operation, n, test.burst)
			}
		})
	}
}

func TestOperationsDoNotShareABucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(t, nil)
		time.Sleep(time.Minute)
		takeFor(t, q, OpListExecutions, time.Millisecond)
		if n := takeFor(t, q, OpStopExecution, time.Millisecond); n != 8 {
			t.Errorf("%d stops, want 8", n)
		}
	})
}

func TestATokenThatComesTooLateFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := once(t, script(says(200, running)), func(o *Options) { o.Quota = newQuota(t, nil) })
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		e := stop(ctx, c)
		const want = "StopExecution: the quota allows the next call in 510ms, which is after the deadline: context deadline exceeded"
		if e == nil || e.Error() != want || !errors.Is(e, context.DeadlineExceeded) || e.MaybeDone || e.Class != Retry || e.Attempts != 0 {
			t.Errorf("%+v\nwant %s", e, want)
		}
		if time.Since(start) != 0 || len(c.Stats().Calls) != 0 {
			t.Errorf("waited %s, %+v", time.Since(start), c.Stats())
		}
		time.Sleep(511 * time.Millisecond)
		if n := takeFor(t, c.quota, OpStopExecution, time.Millisecond); n != 1 {
			t.Errorf("the failed wait kept a token: %d left", n)
		}
	})
}

func TestCancelledWaitGivesItsTokenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if err := q.take(ctx, OpListFlows); !errors.Is(err, context.Canceled) {
			t.Errorf("take: %v", err)
		}
		time.Sleep(411 * time.Millisecond)
		if n := takeFor(t, q, OpListFlows, time.Millisecond); n != 1 {
			t.Errorf("%d tokens after 511 ms, want 1", n)
		}
	})
}

func TestUnlimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for range 1000 {
			if err := Unlimited().take(t.Context(), OpListFlows); err != nil {
				t.Fatal(err)
			}
		}
		if time.Since(start) != 0 {
			t.Error("waited")
		}
	})
}

func rateOf(q *Quota) float64 { return math.Round(q.Rates()[OpListExecutions].PerSecond*1000) / 1000 }

// Throttling halves the rate and empties the bucket; the rate doubles every 30
// seconds until it is whole again.
func TestThrottlingSlowsDownForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(t, nil)
		time.Sleep(time.Minute)
		q.throttled(OpListExecutions, time.Now(), false)
		if got := rateOf(q); got != 0.98 {
			t.Errorf("rate %v, want 0.98", got)
		}
		if n := takeFor(t, q, OpListExecutions, time.Millisecond); n != 0 {
			t.Errorf("%d tokens left in a bucket that the API calls empty", n)
		}
		if n := takeFor(t, q, OpListExecutions, 4*time.Second); n != 4 {
			t.Errorf("%d calls in 4 s at about 1/s", n)
		}
		if got := q.Rates()[OpStopExecution].PerSecond; got != 1.96 {
			t.Errorf("another operation slowed to %v", got)
		}
		time.Sleep(27 * time.Second)
		if got := rateOf(q); got != 1.96 {
			t.Errorf("rate %v after 30 s, want 1.96", got)
		}
	})
}

func TestThrottlingAgainSlowsFurtherButNeverToNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(t, Rates{OpListExecutions: {PerSecond: 16, Burst: 1}})
		for _, want := range []float64{8, 4, 2, 1, 1, 1} {
			q.throttled(OpListExecutions, time.Now(), false)
			if got := rateOf(q); got != want {
				t.Errorf("rate %v, want %v", got, want)
			}
		}
		time.Sleep(2 * time.Minute)
		if got := rateOf(q); got != 16 {
			t.Errorf("rate %v after four doublings", got)
		}
	})
}

// Calls that were under way together and are all refused are one piece of news.
func TestThrottledTogetherHalvesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(t, nil)
		sentAt := time.Now()
		time.Sleep(time.Second)
		for range 8 {
			q.throttled(OpListExecutions, sentAt, false)
		}
		if got := rateOf(q); got != 0.98 {
			t.Errorf("rate %v, want 0.98", got)
		}
	})
}

func TestKeepRate(t *testing.T) {
	for keep, want := range map[bool]float64{true: 1.96, false: 0.98} {
		synctest.Test(t, func(t *testing.T) {
			c := tries(t, script(says(429, ""), says(200, `{"Executions":[]}`)), func(o *Options) {
				o.Quota, o.KeepRate = newQuota(t, nil), keep
			})
			time.Sleep(time.Minute)
			if err := firstError(c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f"})); err != nil {
				t.Fatal(err)
			}
			if got := c.Stats(); got.Throttled != 1 || got.Retried != 1 || got.Calls[OpListExecutions] != 2 {
				t.Errorf("%+v", got)
			}
			if got := rateOf(c.quota); got < want || got > want*1.05 {
				t.Errorf("keep %t: rate %v, want %v", keep, got, want)
			}
		})
	}
}

// server is a bucket as the API has it: it throttles what goes beyond.
type server struct {
	mu        sync.Mutex
	tokens    float64
	last      time.Time
	throttled int
	served    int
}

func (s *server) call(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = min(10, s.tokens+2*time.Since(s.last).Seconds())
	s.last = time.Now()
	if s.tokens < 1 {
		s.throttled++
		return answer(429, apiError(CodeResourceThrottled, "m")), nil
	}
	s.tokens--
	s.served++
	return answer(200, running), nil
}

// One process within the default rates is never throttled, even when the
// process before it has just used everything up.
func TestOneProcessIsNeverThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{last: time.Now()}
		c := once(t, serve(s.call), func(o *Options) { o.Quota = newQuota(t, nil) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var workers sync.WaitGroup
		for range 4 {
			workers.Go(func() {
				for stop(ctx, c) == nil {
				}
			})
		}
		workers.Wait()
		if s.throttled != 0 || s.served < 7000 {
			t.Errorf("served %d, throttled %d", s.served, s.throttled)
		}
	})
}

func TestLevelsAreSavedAndRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(t, nil)
		time.Sleep(3 * time.Second) // 5.88 tokens
		saved, err := json.Marshal(q.Levels())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // 7.84
		var levels map[string]Level
		if err := json.Unmarshal(saved, &levels); err != nil {
			t.Fatal(err)
		}
		next := newQuota(t, nil)
		next.Restore(levels)
		if n := takeFor(t, next, OpListFlows, time.Millisecond); n != 7 {
			t.Errorf("%d calls at once, want 7", n)
		}
	})
}

func TestRestoreBelievesNoMoreThanItMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for name, test := range map[string]struct {
			level Level
			want  int
		}{
			"more than the burst": {Level{Tokens: 1e9, At: now}, 8},
			"less than nothing":   {Level{Tokens: -5, At: now}, 0},
			"no number":           {Level{Tokens: math.NaN(), At: now}, 0},
			"from the future":     {Level{Tokens: 3, At: now.Add(time.Hour)}, 3},
			"from long ago":       {Level{Tokens: 0, At: now.Add(-time.Hour)}, 8},
			"without a time":      {Level{Tokens: 0}, 8},
		} {
			q := newQuota(t, nil)
			q.Restore(map[string]Level{OpListFlows: test.level, "Unknown": {Tokens: 5}})
			if n := takeFor(t, q, OpListFlows, time.Millisecond); n != test.want {
				t.Errorf("%s: %d calls at once, want %d", name, n, test.want)
			}
		}
	})
}

func TestNewQuotaRefuses(t *testing.T) {
	if _, err := NewQuota(Rates{OpListFlows: {}}); err == nil || err.Error() != "0 calls a second is not 0.001 to 10000" {
		t.Errorf("a bad rate: %v", err)
	}
}

func TestParseRates(t *testing.T) {
	got, err := ParseRates(" ListExecutions = 1.96/8 , StopExecution=1/1 ")
	want := Rates{OpListExecutions: {1.96, 8}, OpStopExecution: {1, 1}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := ParseRates(DefaultRates().String()); err != nil || !cmp.Equal(got, DefaultRates()) {
		t.Errorf("the defaults don't survive being written: %v, %v", got, err)
	}
	if got, err := ParseRates("  "); err != nil || len(got) != 0 {
		t.Errorf("nothing: %v, %v", got, err)
	}
}

func TestParseRatesRefuses(t *testing.T) {
	const form = ": write it as Operation=perSecond/burst, as in ListExecutions=1.96/8"
	for text, want := range map[string]string{
		"ListExecutions":                          `rate "ListExecutions"` + form,
		"ListExecutions=2":                        `rate "ListExecutions=2"` + form,
		"ListExecutions=2/8,":                     `rate ""` + form,
		"ListExecutions=x/8":                      `rate "ListExecutions=x/8": "x" is not a number of calls a second`,
		"ListExecutions=2/x":                      `rate "ListExecutions=2/x": "x" is not a whole number of calls`,
		"ListExecutions=2/1.5":                    `rate "ListExecutions=2/1.5": "1.5" is not a whole number of calls`,
		"ListExecutions=0/8":                      `rate "ListExecutions=0/8": 0 calls a second is not 0.001 to 10000`,
		"ListExecutions=-1/8":                     `rate "ListExecutions=-1/8": -1 calls a second is not 0.001 to 10000`,
		"ListExecutions=NaN/8":                    `rate "ListExecutions=NaN/8": NaN calls a second is not 0.001 to 10000`,
		"ListExecutions=Inf/8":                    `rate "ListExecutions=Inf/8": +Inf calls a second is not 0.001 to 10000`,
		"ListExecutions=1e-10/8":                  `rate "ListExecutions=1e-10/8": 1e-10 calls a second is not 0.001 to 10000`,
		"ListExecutions=20000/8":                  `rate "ListExecutions=20000/8": 20000 calls a second is not 0.001 to 10000`,
		"ListExecutions=2/0":                      `rate "ListExecutions=2/0": a burst of 0 is not 1 to 10000`,
		"ListExecutions=2/10001":                  `rate "ListExecutions=2/10001": a burst of 10001 is not 1 to 10000`,
		"listExecutions=2/8":                      `rate "listExecutions=2/8": there is no operation "listExecutions": use one of DescribeExecution, DescribeFlow, GetExecutionHistory, ListExecutions, ListFlows, StopExecution`,
		"ListExecutions=2/8,ListExecutions=1.9/8": `rate "ListExecutions=1.9/8": ListExecutions has a rate already: leave one of them out`,
	} {
		if got, err := ParseRates(text); err == nil || err.Error() != "FLOWREAPER_RATES: "+want || got != nil {
			t.Errorf("%s: %v, %v\nwant %s", text, got, err, want)
		}
	}
}

// An event's first calls don't wait, whatever the levels; what is known to be
// there stays.
func TestPrimedBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, err := NewQuota(nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Restore(map[string]Level{OpListFlows: {Tokens: 7, At: time.Now()}})
		q.Prime(4)
		for operation, level := range q.Levels() {
			want := 4.0
			if operation == OpListFlows {
				want = 7
			}
			if level.Tokens < want-0.001 || level.Tokens > want+0.001 {
				t.Errorf("%s has %v tokens, want %v", operation, level.Tokens, want)
			}
		}
	})
}
