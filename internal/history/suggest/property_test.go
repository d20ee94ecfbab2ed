package suggest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/policy"
	"github.com/flowreaper/flowreaper/policy/policytest"
)

// anyHistory is a few flows with executions of all kinds, sound or not.
func anyHistory(t *rapid.T) []*history.Flow {
	names := rapid.SampledFrom([]string{"etl-orders", "etl-invoices", "etl-1", "etl-2", "true", "_", "Report", "a-\nrules: []", "*", "x\x00", "名", "a-very-long-name-of-a-flow-which-is-longer-than-a-rules-name-may-be"})
	status := rapid.SampledFrom([]string{"Succeeded", "Succeeded", "Succeeded", "Succeeded", "Failed", "Stopped", "TimedOut", "Running", "Starting", "Paused"})
	var all []*history.Flow
	for i := range rapid.IntRange(0, 5).Draw(t, "flows") {
		f := &history.Flow{ID: fmt.Sprint(i), Name: names.Draw(t, "name")}
		scale := rapid.SampledFrom([]int64{1, 1000, 60_000, 3_600_000, 86_400_000 * 30, math.MaxInt64 / 1000}).Draw(t, "scale")
		random := seeded(rapid.Uint64().Draw(t, "seed"))
		alike := rapid.Bool().Draw(t, "all alike")
		for range rapid.SampledFrom([]int{0, 1, 59, 70, 300}).Draw(t, "executions") {
			e := history.Execution{Status: status.Draw(t, "status"), StartedTime: epoch.Add(time.Duration(random.Int64N(60*24)) * time.Hour)}
			length := scale
			if !alike {
				length = random.Int64N(2*min(scale, math.MaxInt64/4)) - scale/100
			}
			end := time.UnixMilli(e.StartedTime.UnixMilli() + length)
			if e.SeenTime = end; !e.Live() {
				e.StoppedTime = end
			}
			if random.IntN(50) == 0 {
				e.StartedTime = time.Time{}
			}
			if random.IntN(50) == 0 {
				e.StoppedTime = time.Time{}
			}
			f.Executions = append(f.Executions, e)
		}
		all = append(all, f)
	}
	return all
}

func anyOptions(t *rapid.T) Options {
	return Options{
		FalseStops: rapid.SampledFrom([]float64{0.0001, 0.001, 0.01, MaxFalseStops}).Draw(t, "false stops"),
		Margin:     rapid.SampledFrom([]float64{1, 1.15, 10}).Draw(t, "margin"),
	}
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, o := anyHistory(t), anyOptions(t)
		r, err := From(flows(all...), o)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r) // refuses NaN and infinity
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Groups {
			checkGroup(t, &r.Groups[i])
		}
		checkRules(t, r)
		checkPolicy(t, r)

		slices.Reverse(all)
		for _, f := range all {
			slices.Reverse(f.Executions)
		}
		again, err := From(flows(all...), o)
		if err != nil {
			t.Fatal(err)
		}
		if reversed, _ := json.Marshal(again); string(reversed) != string(text) {
			t.Fatalf("another order gives another result: %s", cmp.Diff(r.Groups, again.Groups, cmp.AllowUnexported(Rule{})))
		}
	})
}

func checkGroup(t *rapid.T, g *Group) {
	if (g.Limit == nil) == (g.Refused == nil) || (g.Limit == nil) != (g.Curve == nil) {
		t.Fatalf("%q: limit %v, refused %v, %d points", g.Name, g.Limit, g.Refused, len(g.Curve))
	}
	if g.P50 != nil && g.P95 != nil && g.P50.Seconds > g.P95.Seconds || g.P95 != nil && g.P99 != nil && g.P95.Seconds > g.P99.Seconds {
		t.Fatalf("%q: p50 %v, p95 %v, p99 %v", g.Name, g.P50, g.P95, g.P99)
	}
	for _, l := range []*Length{g.P50, g.P95, g.P99} {
		if l != nil && (l.Seconds > g.LongestSeconds || l.LowSeconds > l.Seconds || l.HighSeconds != nil && *l.HighSeconds < l.Seconds) {
			t.Fatalf("%q: %v, from %v to %v", g.Name, l, l.LowSeconds, l.HighSeconds)
		}
	}
	if g.Limit == nil {
		return
	}
	if g.P95 != nil && g.Limit.Seconds < g.P95.Seconds || g.Sample.Succeeded < Minimum {
		t.Fatalf("%q: limit %v below p95 %v, or of %d runs", g.Name, g.Limit, g.P95, g.Sample.Succeeded)
	}
	last := Point{Share: Share{1, 1, 1}, HoursSaved: math.MaxFloat64, LimitSeconds: -1}
	for _, p := range g.Curve {
		if p.LimitSeconds <= last.LimitSeconds || p.Share.Share > last.Share.Share || p.Low > last.Low || p.High > last.High || p.HoursSaved > last.HoursSaved {
			t.Fatalf("%q: %+v after %+v", g.Name, p, last)
		}
		if p.Low < 0 || p.Low > p.Share.Share || p.Share.Share > p.High || p.High > 1 {
			t.Fatalf("%q: %+v", g.Name, p)
		}
		last = p
	}
	if !slices.ContainsFunc(g.Curve, func(p Point) bool { return p.LimitSeconds == g.Limit.Seconds }) {
		t.Fatalf("%q: the curve doesn't show the limit", g.Name)
	}
}

// checkRules: each flow with a limit is in one rule, whose limit is not below its own
// and agrees with it.
func checkRules(t *rapid.T, r *Result) {
	said := map[string]string{}
	for _, rule := range r.Rules {
		for _, flow := range rule.Flows {
			if said[flow] != "" {
				t.Fatalf("%q is in two rules", flow)
			}
			said[flow] = rule.MaxRuntime
		}
	}
	for _, g := range r.Groups {
		for _, flow := range g.Flows {
			if wanted := g.Limit != nil && nameable.MatchString(flow); wanted != (said[flow] != "") {
				t.Fatalf("%q: limit %v, rule %q", flow, g.Limit, said[flow])
			}
		}
	}
}

// checkPolicy: what is printed is a policy that nothing is to be said against, and its
// tests pass on it.
func checkPolicy(t *rapid.T, r *Result) {
	text := []byte(r.Policy())
	if len(r.Rules) == 0 {
		if len(text) > 0 {
			t.Fatalf("without rules:\n%s", text)
		}
		return
	}
	p, err := policy.Parse("policy.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if p.Mode != policy.ModePlan || len(p.Rules) != len(r.Rules) {
		t.Fatalf("mode %s, %d rules of %d", p.Mode, len(p.Rules), len(r.Rules))
	}
	found, err := policy.Lint("policy.yaml", text, policy.LintOptions{Tick: time.Minute})
	if err != nil || slices.ContainsFunc(found, func(f policy.Finding) bool { return f.Severity == policy.Warning }) {
		t.Fatalf("%v, %v\n%s", found, err, text)
	}
	tests, err := policytest.Parse("policy.test.yaml", []byte(r.Tests("policy.yaml")))
	if err != nil {
		t.Fatalf("%v\n%s", err, r.Tests("policy.yaml"))
	}
	suite := &policytest.Suite{}
	if err := suite.Run(tests, func(string) ([]byte, error) { return text, nil }); err != nil {
		t.Fatal(err)
	}
	if report := suite.Report(true); !report.Passed {
		t.Fatalf("the tests fail:\n%s\n%s", text, r.Tests("policy.yaml"))
	}
}

func FuzzParseShare(f *testing.F) {
	for _, text := range []string{"1/1000", "0.1%", "0.001", "1/0", "NaN", "1e-3", "0x1p-2", "-1%", "5%", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if share, err := ParseShare(text); err == nil && !(share > 0 && share <= MaxFalseStops) {
			t.Errorf("%q is %v", text, share)
		}
		if margin, err := ParseMargin(text); err == nil && !(margin >= 1 && margin <= 10) {
			t.Errorf("%q is %v", text, margin)
		}
	})
}
