package fcruntime

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		name  string
		every time.Duration
		total time.Duration
		work  []time.Duration // of the first invocations
		want  []time.Duration // since the start
	}{
		{"every second for three", time.Second, 3 * time.Second, nil, seconds(0, 1, 2)},
		{"the last begins before the end", time.Second, 2500 * time.Millisecond, nil, seconds(0, 1, 2)},
		{"shorter than the interval", time.Second, time.Millisecond, nil, seconds(0)},
		{"work within the interval moves nothing", time.Second, 3 * time.Second, []time.Duration{900 * time.Millisecond}, seconds(0, 1, 2)},
		{"work as long as the interval skips nothing", time.Second, 3 * time.Second, []time.Duration{time.Second, time.Second}, seconds(0, 1, 2)},
		{"missed ticks are left out", time.Second, 6 * time.Second, []time.Duration{0, 2500 * time.Millisecond}, seconds(0, 1, 4, 5)},
		{"nothing begins after the end", time.Second, 3 * time.Second, []time.Duration{time.Minute}, seconds(0)},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []time.Duration
				start := time.Now()
				for now := range ticks(t.Context(), test.every, test.total) {
					got = append(got, now.Sub(start))
					if n := len(got); n <= len(test.work) {
						time.Sleep(test.work[n-1])
					}
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestTicksUntilInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour+time.Second)
		defer cancel()
		n := 0
		for range ticks(ctx, time.Minute, 0) {
			n++
		}
		if want := 24*60 + 1; n != want {
			t.Errorf("%d ticks in a day, want %d", n, want)
		}
	})
}

func seconds(list ...time.Duration) []time.Duration {
	for i := range list {
		list[i] *= time.Second
	}
	return list
}
