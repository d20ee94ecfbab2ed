package suggest

import (
	"fmt"
	"iter"
	"testing"

	"github.com/flowreaper/flowreaper/internal/history"
)

// account is 1,000,000 executions in so many flows, made as they are read; under
// testing.Short a hundredth of both.
func account(names string, n int) iter.Seq2[*history.Flow, error] {
	all := 1_000_000
	if testing.Short() {
		all, n = all/100, max(1, n/100)
	}
	return func(yield func(*history.Flow, error) bool) {
		for i := range n {
			f := &history.Flow{Name: fmt.Sprintf(names, i), Executions: good(seeded(uint64(i)), distributions[i%len(distributions)], all/n)}
			if !yield(f, nil) {
				return
			}
		}
	}
}

// BenchmarkSuggest chooses limits from 1,000,000 executions. Making them up is part
// of it: BenchmarkAccount is that part alone.
func BenchmarkSuggest(b *testing.B) {
	for _, c := range accounts {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := From(account(c.names, c.flows), usual)
				if err != nil || len(r.Rules) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAccount(b *testing.B) {
	for _, c := range accounts {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for range account(c.names, c.flows) {
				}
			}
		})
	}
}

var accounts = []struct {
	name, names string
	flows       int
}{
	{"10,000 flows", "x%dflow", 10_000},
	{"10,000 flows of a family", "load-%d", 10_000},
	{"one flow", "etl-%d", 1},
}
