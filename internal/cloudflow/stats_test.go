package cloudflow

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// dated answers with the Date of a server whose clock is offset from ours, in
// the middle of a call that takes took.
func dated(offset, took time.Duration) serve {
	return func(*http.Request) (*http.Response, error) {
		time.Sleep(took / 2)
		a := answer(200, running)
		a.Header.Set("Date", time.Now().Add(offset).UTC().Format(http.TimeFormat))
		time.Sleep(took / 2)
		return a, nil
	}
}

func describe(t *testing.T, c *Client, wait time.Duration) {
	t.Helper()
	if _, err := c.DescribeExecution(t.Context(), "f", "run-1", wait); err != nil {
		t.Error(err)
	}
}

func TestClockOffsetIsTheMedian(t *testing.T) {
	for _, offset := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute, 1300 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			c := once(t, dated(offset, 200*time.Millisecond))
			if got, known := c.ClockOffset(); known {
				t.Errorf("known before the first answer: %s", got)
			}
			for range 300 { // the calls come at all fractions of a second
				describe(t, c, 0)
				time.Sleep(337 * time.Millisecond)
			}
			got, known := c.ClockOffset()
			if off := (got - offset).Abs(); !known || off > 20*time.Millisecond {
				t.Errorf("offset %s: %s, %t", offset, got, known)
			}
		})
	}
}

func TestOneSampleIsOffByHalfASecondAtMost(t *testing.T) {
	for fraction := range 10 {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Duration(fraction) * 99 * time.Millisecond)
			c := once(t, dated(time.Minute, 0))
			describe(t, c, 0)
			if got, known := c.ClockOffset(); !known || (got-time.Minute).Abs() > time.Second/2 {
				t.Errorf("%d: %s, %t", fraction, got, known)
			}
		})
	}
}

func TestClockOffsetLeavesOutWhatItCannotUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := once(t, dated(time.Minute, 10*time.Second))
		describe(t, c, 10*time.Second) // waited for: nobody knows when it was dated
		if got, known := c.ClockOffset(); known {
			t.Errorf("a long poll was taken as a sample: %s", got)
		}
		for _, date := range []string{"", "yesterday"} {
			c := once(t, serve(func(*http.Request) (*http.Response, error) {
				a := answer(200, running)
				a.Header.Set("Date", date)
				return a, nil
			}))
			describe(t, c, 0)
			if got, known := c.ClockOffset(); known {
				t.Errorf("Date %q was taken as a sample: %s", date, got)
			}
		}
	})
}

// Added to a time, the longest duration makes one that seems right, and something
// would be stopped by it.
func TestClockOffsetOfADateFarOff(t *testing.T) {
	for date, want := range map[string]time.Duration{
		"Mon, 01 Jan 0001 00:00:00 GMT": -farthest,
		"Mon, 01 Jan 1700 00:00:00 GMT": -farthest,
		"Fri, 31 Dec 9999 23:59:59 GMT": farthest,
	} {
		c := once(t, serve(func(*http.Request) (*http.Response, error) {
			a := answer(200, running)
			a.Header.Set("Date", date)
			return a, nil
		}))
		for n := range 4 {
			describe(t, c, 0)
			if got, known := c.ClockOffset(); !known || got != want {
				t.Errorf("%s, %d samples: %s, %t; want %s", date, n+1, got, known, want)
			}
		}
	}
}

// Answers that disagree don't cancel each other out.
func TestClockOffsetOfDatesThatDisagree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offset := time.Hour
		c := once(t, serve(func(r *http.Request) (*http.Response, error) {
			offset = -offset
			return dated(offset, 0)(r)
		}))
		for n := range 6 {
			describe(t, c, 0)
			if got, known := c.ClockOffset(); !known || got.Abs() < time.Hour-time.Second {
				t.Errorf("%d samples: %s, %t", n+1, got, known)
			}
		}
	})
}

func TestClockOffsetComesFromErrorsToo(t *testing.T) {
	c := once(t, script(says(403, "")))
	c.DescribeFlow(t.Context(), "f")
	if _, known := c.ClockOffset(); !known {
		t.Error("the answer's Date was not looked at")
	}
}

func TestClockFollowsTheNewestSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offset := time.Hour
		c := once(t, serve(func(r *http.Request) (*http.Response, error) { return dated(offset, 0)(r) }))
		for range 2 * maxSamples {
			describe(t, c, 0)
		}
		offset = 0
		for range maxSamples {
			describe(t, c, 0)
		}
		if got, _ := c.ClockOffset(); got.Abs() > time.Second {
			t.Errorf("still %s after %d samples of 0", got, maxSamples)
		}
		if n := len(c.clock.samples); n != maxSamples {
			t.Errorf("%d samples are kept", n)
		}
	})
}

// Our clock is set while a client calls, also between a call and its answer: the first
// answer after it says how far it is off, however many had come before.
func TestClockFollowsOurClockAsItIsSet(t *testing.T) {
	for _, by := range []time.Duration{20 * time.Minute, -20 * time.Minute} {
		for _, halfWay := range []bool{false, true} {
			start, now := time.Now(), time.Now()
			var c clock
			call := func(setBefore, setAfter time.Duration) {
				x := &exchange{answer: answer(200, running), sentAt: set(now, setBefore), answered: set(now, setAfter)}
				x.answer.Header.Set("Date", now.UTC().Format(http.TimeFormat))
				c.observe(x, false)
				now = now.Add(time.Second)
			}
			for range maxSamples + 5 {
				call(0, 0)
			}
			if halfWay {
				call(0, by)
			} else {
				call(by, by)
			}
			if got, known := c.offset(); !known || (got+by).Abs() > 2*time.Second {
				t.Errorf("set by %s after %s: offset %s, %t", by, now.Sub(start), got, known)
			}
			for range maxSamples + 5 {
				call(by, by)
			}
			if got, _ := c.offset(); (got+by).Abs() > 2*time.Second || len(c.samples) != maxSamples {
				t.Errorf("later: offset %s by %d samples", got, len(c.samples))
			}
		}
	}
}

// Answers of calls that run at once are taken in by any order: one of before our clock was set
// says nothing of it any more.
func TestClockForgetsAnAnswerOfBeforeItWasSet(t *testing.T) {
	const by = 4 * time.Minute
	start := time.Now()
	var c clock
	for _, call := range []struct{ at, by time.Duration }{{0, 0}, {2 * time.Second, by}, {time.Second, 0}, {3 * time.Second, by}} {
		now := start.Add(call.at)
		x := &exchange{answer: answer(200, running), sentAt: set(now, call.by), answered: set(now, call.by)}
		x.answer.Header.Set("Date", now.UTC().Format(http.TimeFormat))
		c.observe(x, false)
		if got, known := c.offset(); call.at > 0 && (!known || (got+by).Abs() > 2*time.Second) {
			t.Errorf("after that of %s: offset %s, %t", call.at, got, known)
		}
	}
	if len(c.samples) != 2 {
		t.Errorf("%d samples", len(c.samples))
	}
}

// set is what our clock says then, had it been set: how much time has passed since
// another moment does not change by that.
func set(t time.Time, by time.Duration) time.Time {
	seconds := (*uint64)(unsafe.Pointer(&t)) // the wall clock's, above 30 bits of nanoseconds
	*seconds += uint64(int64(by/time.Second)) << 30
	return t
}

func TestStatsIsACopy(t *testing.T) {
	c := once(t, script(says(200, running)))
	describe(t, c, 0)
	got := c.Stats()
	got.Calls[OpDescribeExecution] = 99
	if want := "{map[DescribeExecution:1] 0 0}"; fmt.Sprint(c.Stats()) != want {
		t.Errorf("%v, want %s", c.Stats(), want)
	}
}
