package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestMemoryLimit(t *testing.T) {
	for live, want := range map[int64]int64{0: 44 << 20, 26 << 20: 44 << 20, 64 << 20: 100 << 20} {
		if got := memoryLimit(live); got != want {
			t.Errorf("%d MiB live: %d MiB, want %d MiB", live>>20, got>>20, want>>20)
		}
	}
}

// A heap larger than the limit raises it: else the runtime would collect
// garbage without a pause. When it shrinks the limit comes down again.
func TestTheLimitFollowsTheLiveHeap(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	restrainMemory()
	large := make([]byte, 96<<20)
	await(t, func(limit int64) bool { return limit > 96<<20 })
	runtime.KeepAlive(large)
	await(t, func(limit int64) bool { return limit == restrained })
}

func TestTheEnvironmentsLimitStands(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "1GiB") // read by the runtime before any test runs
	before := debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	restrainMemory()
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("the limit is %d", got)
	}
}

// await collects garbage until the limit is as wanted.
func await(t *testing.T, wanted func(limit int64) bool) {
	t.Helper()
	for range 1000 {
		runtime.GC()
		if wanted(debug.SetMemoryLimit(-1)) {
			return
		}
		time.Sleep(time.Millisecond) // finalizers run in a goroutine of their own
	}
	t.Fatalf("the limit stays at %d MiB", debug.SetMemoryLimit(-1)>>20)
}
