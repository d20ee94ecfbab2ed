package suggest

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
)

// distribution draws lengths in seconds, and knows its quantiles.
type distribution struct {
	name     string
	draw     func(*rand.Rand) float64
	quantile func(p float64) float64
}

// normal is the standard normal quantile.
func normal(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

var distributions = []distribution{
	{"lognormal", func(r *rand.Rand) float64 { return 1800 * math.Exp(0.5*r.NormFloat64()) }, func(p float64) float64 { return 1800 * math.Exp(0.5*normal(p)) }},
	{"wide lognormal", func(r *rand.Rand) float64 { return 600 * math.Exp(r.NormFloat64()) }, func(p float64) float64 { return 600 * math.Exp(normal(p)) }},
	{"exponential", func(r *rand.Rand) float64 { return 900 * r.ExpFloat64() }, func(p float64) float64 { return -900 * math.Log(1-p) }},
	{"Weibull", func(r *rand.Rand) float64 { return 3600 * math.Pow(r.ExpFloat64(), 1/2.5) }, func(p float64) float64 { return 3600 * math.Pow(-math.Log(1-p), 1/2.5) }},
	{"bimodal", func(r *rand.Rand) float64 {
		if r.Float64() < 0.7 {
			return 600 * math.Exp(0.2*r.NormFloat64())
		}
		return 7200 * math.Exp(0.2*r.NormFloat64())
	}, nil},
}

var epoch = time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)

// start is the i-th of n starts, over 20 days without a month's end.
func start(i, n int) time.Time {
	return epoch.Add(20 * 24 * time.Hour * time.Duration(i) / time.Duration(n))
}

func execution(started time.Time, seconds float64, status string) history.Execution {
	e := history.Execution{Status: status, StartedTime: started}
	end := started.Add(time.Duration(seconds * float64(time.Second))).Truncate(time.Millisecond)
	if e.SeenTime = end; !e.Live() {
		e.StoppedTime = end
	}
	return e
}

// good are n executions that Succeeded.
func good(r *rand.Rand, d distribution, n int) []history.Execution {
	var all []history.Execution
	for i := range n {
		all = append(all, execution(start(i, n), d.draw(r), "Succeeded"))
	}
	return all
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 13)) }

func flows(all ...*history.Flow) iter.Seq2[*history.Flow, error] {
	return func(yield func(*history.Flow, error) bool) {
		for _, f := range all {
			if !yield(f, nil) {
				return
			}
		}
	}
}

var usual = Options{FalseStops: 0.001, Margin: 1.15}

// suggested is the one group of a flow with these executions.
func suggested(executions []history.Execution, o Options) Group {
	r, err := From(flows(&history.Flow{ID: "1", Name: "etl", Executions: executions}), o)
	if err != nil || len(r.Groups) != 1 {
		panic("no group, or an error")
	}
	return r.Groups[0]
}

func codes(g Group) (all []string) {
	for _, n := range g.Notes {
		all = append(all, n.Code)
	}
	return all
}

// naive is the quantile of lengths as if each were that of a good run: the nearest rank.
func naive(lengths []float64, p float64) float64 {
	slices.Sort(lengths)
	return lengths[int(math.Ceil(p*float64(len(lengths))))-1]
}

func lengthOf(e history.Execution) float64 {
	end := e.StoppedTime
	if e.Live() {
		end = e.SeenTime
	}
	return end.Sub(e.StartedTime).Seconds()
}

func apart(a, b float64) float64 { return math.Abs(a/b - 1) }
