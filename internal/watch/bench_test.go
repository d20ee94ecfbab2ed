package watch

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// filled is a Watch of so many flows, in each of which so many run.
func filled(flows, each int) *Watch {
	w := New(Options{MaxKnown: flows * each})
	told := make([]Flow, flows)
	for i := range told {
		id := fmt.Sprintf("3d3a4a3c-0000-4000-8000-%012d", i)
		told[i] = Flow{ID: id, Name: fmt.Sprintf("flow-%d", i), Query: "6b86b273ff34fce1", LeastAge: 2 * time.Hour, ByStatusAlone: true}
	}
	now := midnight
	w.Begin(now)
	w.SetFlows(told, 2*time.Hour, now)
	for {
		task := w.Next(now, Tokens{List: 1})
		if task.Look == nil {
			return w
		}
		rows := make([]Execution, each)
		for n := range rows {
			rows[n] = Execution{Name: fmt.Sprintf("%036d", n), StartedTime: now.Add(-time.Duration(n) * time.Second)}
		}
		w.Looked(task.Look, rows, 1, now)
	}
}

func heapBytes() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMemory reports what a flow and a known execution take.
func BenchmarkMemory(b *testing.B) {
	for range b.N {
		before := heapBytes()
		idle := filled(10_000, 0)
		flows := heapBytes()
		busy := filled(10_000, 5)
		both := heapBytes()
		b.ReportMetric(float64(flows-before)/10_000, "B/flow")
		b.ReportMetric(float64(both-flows-(flows-before))/50_000, "B/known")
		runtime.KeepAlive(idle)
		runtime.KeepAlive(busy)
	}
}

func BenchmarkSave(b *testing.B) {
	w, file := filled(10_000, 1), newFile(filepath.Join(b.TempDir(), "state"))
	for b.Loop() {
		if err := file.Save(w, midnight); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state")
	if err := newFile(path).Save(filled(10_000, 1), midnight); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := newFile(path).Load(Options{}, midnight); err != nil {
			b.Fatal(err)
		}
	}
}
