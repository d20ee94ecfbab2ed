package suggest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/policy"
)

var anyNames = []string{"etl", "etl-1", "etl-2", "*", "etl*", "!etl", "etl?", "a'b", `a"b`, "a: b", "# c", "语言", "a\nb", "a\u202eb", "-", "_", "off", "null",
	"123", "all", "load-1", "load-2", "x\x00", "{a}", "[a]", "~", "", "A_B", strings.Repeat("z", 128), `\`}

// anyFlow is a flow whose lengths are all alike, or none, or negative, or of two kinds, or
// grow, or beyond a year, with what is censored and a giant among them.
func anyFlow(r *rand.Rand, id string) *history.Flow {
	f := &history.Flow{ID: id, Name: anyNames[r.IntN(len(anyNames))]}
	n, kind, limit := []int{0, 1, 58, 59, 60, 200, 1000}[r.IntN(7)], r.IntN(8), 600*(1+r.Float64())
	for i := range n {
		length := []float64{600, 0, -5, 600 * r.ExpFloat64(), float64(600 * (1 + 10*r.IntN(2))), float64(600 + i), 1e7 * r.ExpFloat64(), 0.001 * float64(r.IntN(3))}[kind]
		status := "Succeeded"
		switch chance := r.IntN(20); {
		case i == 3 && chance < 6:
			length = 4e7
		case chance < 3:
			status, length = []string{"Stopped", "Running", "Failed"}[chance], length*r.Float64()
		case kind == 3 && length > limit:
			status, length = "TimedOut", limit
		}
		f.Executions = append(f.Executions, execution(start(i, n), length, status))
	}
	return f
}

// Whatever ran, under whatever names: the policy is one, and about the flows that it
// names and no others; all is JSON; what a limit may stop beyond the aim, and nobody can count, is said.
func TestAnyPast(t *testing.T) {
	for seed := range uint64(400) {
		r := seeded(seed)
		var past []*history.Flow
		for i := range 1 + r.IntN(8) {
			past = append(past, anyFlow(r, fmt.Sprint(i)))
		}
		result, err := From(flows(past...), Options{FalseStops: []float64{0.05, 0.01, 0.001, 1e-9}[r.IntN(4)], Margin: []float64{1, 1.15, 10}[r.IntN(3)]})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(result); err != nil {
			t.Error(seed, err)
		}
		for _, g := range result.Groups {
			soundLimit(t, seed, &g, result.FalseStops)
		}
		namesNoOther(t, seed, result)
	}
}

func soundLimit(t *testing.T, seed uint64, g *Group, aim float64) {
	if g.Limit == nil {
		return
	}
	s, said := g.Limit.FalseStops, slices.Contains(codes(*g), InDoubt)
	if !(s.Low <= s.Share && s.Share <= s.High && s.High <= 1) || (g.Limit.Seconds < g.LongestSeconds) != (g.Limit.StoppedGood > 0) {
		t.Errorf("%d: %q: %+v, longest %v", seed, g.Name, *g.Limit, g.LongestSeconds)
	}
	if s.Share > aim && g.Limit.StoppedGood == 0 && !said {
		t.Errorf("%d: %q: it may stop %v, none of them here, and does not say so", seed, g.Name, s)
	}
}

func namesNoOther(t *testing.T, seed uint64, r *Result) {
	text := r.Policy()
	if text == "" {
		return
	}
	p, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%d: %v\n%s", seed, err, text)
	}
	var named []string
	for _, rule := range r.Rules {
		named = append(named, rule.Flows...)
	}
	for _, name := range append([]string{"etl-9", "load-9"}, anyNames...) {
		if got := p.Concerns(&policy.Flow{Name: name}); got != slices.Contains(named, name) {
			t.Errorf("%d: %q is concerned: %v, and named are %q\n%s", seed, name, got, named, text)
		}
	}
}

// The share that a family's limit may stop is not one flow's own.
func TestFamilyWithALongTail(t *testing.T) {
	r := seeded(5)
	var past []*history.Flow
	for i := range 200 {
		f := &history.Flow{ID: fmt.Sprint(i), Name: fmt.Sprintf("load-%03d", i), Executions: good(r, distributions[3], 200)}
		if i == 7 {
			for j := range 12 {
				f.Executions[j*15] = execution(start(j*15, 200), 100_000, "Succeeded")
			}
		}
		past = append(past, f)
	}
	result, err := From(flows(past...), usual)
	if err != nil || len(result.Groups) < 2 {
		t.Fatal(err, len(result.Groups))
	}
	for _, g := range result.Groups {
		if own := slices.Contains(g.Flows, "load-007"); own != (len(g.Flows) == 1) || own && g.Limit.StoppedGood > 0 {
			t.Errorf("%s: %d flows, %+v", g.Name, len(g.Flows), *g.Limit)
		}
	}
}

// What may have been a good run, and longer, is said, and so is what may be missing.
func TestSaysWhatItMayNotHaveSeen(t *testing.T) {
	all := append(good(seeded(1), distributions[3], 100), execution(start(50, 100), 15_000, "Stopped"))
	if g := suggested(all, usual); g.Limit == nil || g.Limit.FalseStops.Share <= usual.FalseStops || !slices.Contains(codes(g), InDoubt) {
		t.Errorf("%+v, %v", g.Limit, g.Notes)
	}
	gaps := []history.Gap{{From: start(1, 3), To: start(2, 3), Reason: "denied"}}
	r, err := From(flows(&history.Flow{ID: "1", Name: "etl", Executions: all, Covered: &history.FlowCoverage{Rows: 200, Gaps: gaps}}), usual)
	if err != nil || !slices.ContainsFunc(r.Groups[0].Notes, func(n Note) bool {
		return n.Message == "in 2 gaps of the history executions may be missing, and with them longer ones"
	}) {
		t.Error(err, r.Groups[0].Notes)
	}
}
