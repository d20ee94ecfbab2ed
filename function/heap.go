package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// restrained is the memory that the Go runtime keeps to while it can: with the
// binary's own pages, 10,000 flows then take some 57 MiB. Without it the heap
// grows to twice of what is live before garbage is collected.
const restrained = 44 << 20

// restrainMemory has the runtime collect garbage earlier rather than grow
// beyond restrained, and says so again after every collection. On a heap far
// below, that changes nothing. GOMEMLIMIT, where the environment has it, is
// left alone.
func restrainMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(memoryLimit(0))
	runtime.SetFinalizer(&collection{}, afterCollection)
}

// collection is garbage from the start: it is finalized after each collection.
type collection struct{ _ *collection }

func afterCollection(c *collection) {
	if limit := memoryLimit(liveHeap()); limit != debug.SetMemoryLimit(-1) {
		debug.SetMemoryLimit(limit)
	}
	runtime.SetFinalizer(c, afterCollection)
}

// memoryLimit is the limit for a heap of which so many bytes are live. It
// leaves half as much, and 4 MiB, to the runtime itself and to what is allocated before
// the next collection: what is live on a large account must not have the
// runtime do nothing but collect.
func memoryLimit(live int64) int64 { return max(restrained, live+live/2+4<<20) }

// liveHeap is how many bytes the latest collection found live.
func liveHeap() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
