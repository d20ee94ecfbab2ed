package backtest_test

import (
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/internal/history/historytest"
	"github.com/flowreaper/flowreaper/policy"
)

// BenchmarkMillion judges a month of a million executions by ten rules, from the
// folder to the result.
func BenchmarkMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("make bench has it")
	}
	dir := b.TempDir()
	if err := history.Write(dir, historytest.Coverage(500), historytest.Month(500, 2000)); err != nil {
		b.Fatal(err)
	}
	p, err := policy.Parse("ten.yaml", []byte(historytest.TenRules))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		h, err := history.Open(dir, history.Options{Input: true})
		if err != nil {
			b.Fatal(err)
		}
		r, err := backtest.Run(p, h.Flows(), backtest.Options{Tick: time.Minute, Phase: backtest.DefaultPhase, Recorded: h.Coverage})
		h.Close()
		if err != nil || r.Coverage.Executions != 1_000_000 || len(r.FalseStops) == 0 {
			b.Fatal(err, r.Executions)
		}
	}
}
