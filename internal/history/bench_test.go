package history_test

import (
	"fmt"
	"iter"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowreaper/flowreaper/internal/history"
)

// a million executions of a thousand flows, or of one.
func generated(flows, each int) iter.Seq[*history.Flow] {
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	environment := `{"STAGE":"prod"}`
	return func(yield func(*history.Flow) bool) {
		for i := range flows {
			f := &history.Flow{ID: fmt.Sprintf("id-%06d", i), Name: fmt.Sprintf("flow-%d", i), Executions: make([]history.Execution, each)}
			for j := range f.Executions {
				started := begin.Add(time.Duration(j) * 500 * time.Millisecond)
				f.Executions[j] = history.Execution{
					Name: uuid.NewString(), Status: "Succeeded",
					StartedTime: started, StoppedTime: started.Add(time.Duration(j*7919%100_000) * time.Millisecond),
					SeenTime: begin.Add(720 * time.Hour), Environment: &environment,
				}
			}
			if !yield(f) {
				return
			}
		}
	}
}

func BenchmarkMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("it takes longer than a few seconds")
	}
	for _, shape := range []struct{ flows, each int }{{1000, 1000}, {1, 1_000_000}} {
		dir := b.TempDir()
		if err := history.Write(dir, &history.Coverage{}, generated(shape.flows, shape.each)); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("read/flows=%d", shape.flows), func(b *testing.B) {
			b.ReportAllocs()
			before := cpu(b)
			for range b.N {
				if n := readAll(b, dir); n != 1_000_000 {
					b.Fatal(n, "executions")
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
	b.Run("write", func(b *testing.B) {
		for range b.N {
			if err := history.Write(b.TempDir(), &history.Coverage{}, generated(1000, 1000)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func readAll(tb testing.TB, dir string) (n int) {
	tb.Helper()
	h, err := history.Open(dir, history.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	defer h.Close()
	for f, err := range h.Flows() {
		if err != nil {
			tb.Fatal(err)
		}
		n += len(f.Executions)
	}
	return n
}

// cpu is what this process has used, which other processes beside it don't change much.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
