package cloud

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// generator makes a flow's runs when somebody first looks at the flow, and the
// new starts as time passes. Each run follows from the seed, the flow's number
// and its own number alone, so when one looks doesn't matter.
type generator struct {
	spec   account.Generate
	flow   uint64 // the flow's number
	loaded int64
	filled bool
	next   int64 // number of the next new start
}

func generatedFlow(b account.Behaviour, spec account.Generate, number int, now time.Time) *flow {
	f := newFlow(b, account.Flow{
		Name:          fmt.Sprintf("%s%d", spec.Prefix, number),
		Definition:    definition(spec.DefinitionSize),
		ExecutionMode: spec.ExecutionMode,
		Environment:   spec.Variables(),
	}, now)
	f.input = string(spec.Input)
	if spec.InputSize > 0 {
		f.input = inputOf(spec.InputSize)
	}
	spec.MaxAge = cmp.Or(spec.MaxAge, account.Duration(6*time.Hour))
	spec.Median = cmp.Or(spec.Median, account.Duration(5*time.Minute))
	f.generator = &generator{spec: spec, flow: uint64(number), loaded: milliseconds(now)}
	return f
}

// inputOf is a JSON object of at least so many bytes.
func inputOf(size int) string {
	return `{"padding":"` + strings.Repeat("x", max(0, size-len(`{"padding":""}`))) + `"}`
}

func (g *generator) advance(f *flow, at int64) {
	if !g.filled {
		g.filled = true
		f.load(g.standing(), g.loaded)
	}
	if g.spec.Every == 0 {
		return
	}
	for ; g.begins(g.next) <= at; g.next++ {
		f.add(g.newStart(g.next))
	}
}

// standing are the runs that the account has when it is loaded.
func (g *generator) standing() []*run {
	slab := make([]run, g.spec.Live+g.spec.Ended)
	runs := make([]*run, len(slab))
	for i := range slab {
		r := &slab[i]
		runs[i] = r
		age := g.draw(0, uint64(i), 0) * float64(time.Duration(g.spec.MaxAge).Milliseconds())
		r.started, r.ends = g.loaded-int64(age), never
		if i < g.spec.Live {
			r.name = fmt.Sprintf("live-%d", i)
			continue
		}
		r.name = fmt.Sprintf("ended-%d", i-g.spec.Live)
		r.ends = min(r.started+g.length(0, uint64(i)), g.loaded)
	}
	return runs
}

func (g *generator) newStart(number int64) *run {
	r := &run{name: fmt.Sprintf("run-%d", number), started: g.begins(number), ends: never}
	if g.draw(1, uint64(number), 0) >= float64(g.spec.Hang) {
		r.ends = r.started + g.length(1, uint64(number))
	}
	return r
}

// begins is when a new start falls: in the span of its number, of which the
// first is the first full one (at: hour) or begins as the account is loaded.
func (g *generator) begins(number int64) int64 {
	every := time.Duration(g.spec.Every).Milliseconds()
	if g.spec.At == account.AtHour {
		return (g.loaded/every+1)*every + number*every
	}
	return g.loaded + number*every + 1 + int64(g.draw(1, uint64(number), 3)*float64(every-1))
}

// length is a log-normal one, in milliseconds, at least one.
func (g *generator) length(kind, number uint64) int64 {
	const spread = 0.5 // one in 100 takes exp(2.33 × 0.5) = 3.2 times the median
	u, v := g.draw(kind, number, 1), g.draw(kind, number, 2)
	normal := math.Sqrt(-2*math.Log(1-u)) * math.Cos(2*math.Pi*v)
	return max(1, int64(float64(time.Duration(g.spec.Median).Milliseconds())*math.Exp(spread*normal)))
}

// draw is a number in [0, 1) that depends on nothing but its arguments, the
// seed and the flow.
func (g *generator) draw(kind, number, use uint64) float64 {
	x := scramble(g.spec.Seed)
	for _, part := range [...]uint64{g.flow, kind, number, use} {
		x = scramble(x ^ part)
	}
	return float64(x>>11) / (1 << 53)
}

// scramble is splitmix64's finalizer: near inputs, unrelated outputs.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
