// Package historytest makes up a past, for tests and measurements.
package historytest

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
)

// Begin is when a month begins.
var Begin = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// Span is how long it is.
const Span = 30 * 24 * time.Hour

// Month is a month of so many flows with so many executions each, the same each time:
// three in four of kind etl-, web-, report- or import-. Half of the runs take less than
// eight minutes, one in a hundred takes more than half an hour, and one in five hundred
// hangs until somebody stops it after days, or for good.
func Month(flows, each int) iter.Seq[*history.Flow] {
	return func(yield func(*history.Flow) bool) {
		for i := range flows {
			if !yield(month(i, each)) {
				return
			}
		}
	}
}

// Coverage tells of these flows.
func Coverage(flows int) *history.Coverage {
	c := &history.Coverage{Account: "1234567890123456", Region: "cn-hangzhou", Recordings: []history.Recording{
		{Flowreaper: "test", StartedAt: Begin.Add(Span), FinishedAt: Begin.Add(Span), Since: Begin, WithInput: true},
	}}
	for i := range flows {
		stage := "prod"
		if i%10 == 0 {
			stage = "test"
		}
		c.Put(history.FlowCoverage{ID: id(i), Name: name(i), From: Begin, To: Begin.Add(Span), Environment: map[string]string{"STAGE": stage}})
	}
	return c
}

func id(i int) string   { return fmt.Sprintf("flow-id-%06d", i) }
func name(i int) string { return fmt.Sprintf("%s-%d", kinds[i%len(kinds)], i) }

var kinds = []string{"etl", "web", "report", "import", "misc"}

var (
	inputs      = []string{`{"priority":"low","rows":1200}`, `{"priority":"high","rows":90}`, `{"rows":5000000}`}
	environment = "{}"
)

func month(i, each int) *history.Flow {
	r := rand.New(rand.NewPCG(uint64(i), 2026))
	f := &history.Flow{ID: id(i), Name: name(i), Executions: make([]history.Execution, each)}
	for j := range f.Executions {
		started := Begin.Add(Span * time.Duration(j) / time.Duration(each)).Add(time.Duration(r.Int64N(60_000)) * time.Millisecond)
		f.Executions[j] = one(r, fmt.Sprintf("%08x-%04x-%04x", r.Uint32(), r.IntN(1<<16), j), started)
	}
	return f
}

func one(r *rand.Rand, name string, started time.Time) history.Execution {
	seen := Begin.Add(Span)
	length := time.Duration(float64(8*time.Minute) * math.Exp(0.57*r.NormFloat64())).Truncate(time.Millisecond)
	e := history.Execution{Name: name, Status: "Succeeded", StartedTime: started, SeenTime: seen, Input: &inputs[r.IntN(len(inputs))], Environment: &environment}
	switch n := r.IntN(500); {
	case n == 0:
		e.Status, length = "Stopped", time.Duration(r.Int64N(int64(5*24*time.Hour))).Truncate(time.Millisecond)
	case n < 10:
		e.Status = "Failed"
	case n < 12:
		e.Status = "TimedOut"
	}
	if e.StoppedTime = started.Add(length); !e.StoppedTime.Before(seen) {
		e.Status, e.StoppedTime = "Running", time.Time{}
	}
	return e
}
