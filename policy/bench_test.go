package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// typicalRule is the rule by which the cost of a verdict is measured.
const typicalRule = `when: execution.status == "Running" and execution.age > duration("2h") and flow.name matches "^etl-"`

func BenchmarkJudge(b *testing.B) {
	p := mustParse(b, oneRule(typicalRule))
	f := facts()
	if p.Judge(f).Decision != Stop {
		b.Fatal("the execution is kept")
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Judge(f)
	}
}

// BenchmarkJudgeInput reads the input, and runs on the evaluator.
func BenchmarkJudgeInput(b *testing.B) {
	p := mustParse(b, oneRule("maxRuntime: 2h", `when: execution.input.priority != "high" and any(execution.input.items ?? [], .id == 7)`))
	f := with(input(`{"priority": "low", "items": [{"id": 1}, {"id": 7}]}`))
	if p.Judge(f).Decision != Stop {
		b.Fatal("the execution is kept")
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Judge(f)
	}
}

// BenchmarkJudgeCrowd judges 10,000 live executions of one flow, of which 9,950
// are too many: all of a listing, as a sweep does.
func BenchmarkJudgeCrowd(b *testing.B) {
	p := mustParse(b, oneRule("maxConcurrent: 50", "maxRuntime: 1m"))
	flow, ages := &Flow{Name: "imports", ID: "f"}, make([]int, 10_000)
	for i := range ages {
		ages[i] = 2 + i*7919%10_000
	}
	rows := crowd(ages...)
	b.ReportAllocs()
	for b.Loop() {
		flow.Live = NewLive(testNow, rows)
		stops := 0
		for _, e := range rows {
			f := &Facts{Now: testNow, Event: testEvent, Flow: flow, Execution: e}
			p.Due(f)
			if p.Judge(f).Decision == Stop {
				stops++
			}
		}
		if stops != 9_950 {
			b.Fatalf("%d stops", stops)
		}
	}
}

func BenchmarkDue(b *testing.B) {
	p := mustParse(b, oneRule(typicalRule))
	f := with(aged(time.Hour))
	b.ReportAllocs()
	for b.Loop() {
		p.Due(f)
	}
}

// manyRules is a policy of so many rules, each of them different.
func manyRules(n int) []byte {
	var b strings.Builder
	b.WriteString("version: 1\nvars: {limit: 2h}\npricing: {perMinute: [{price: 0.1}]}\nrules:\n")
	for i := range n {
		fmt.Fprintf(&b, `  - name: rule-%d
    description: Rule number %d
    flows: ["team-%d-*", "!team-%d-backfill"]
    maxRuntime: %dm
    when: execution.input.priority != "high" and flow.env.STAGE in ["test", "dev"] and execution.name matches "^run-%d-[0-9]+$"
    window: {days: "Mon-Fri", hours: "09:00-18:00", timeZone: Asia/Shanghai}
    cause: "ran ${execution.age}, the limit is ${vars.limit}"
`, i, i, i, i, i+1, i)
	}
	return []byte(b.String())
}

// BenchmarkParse loads a policy of 100 rules.
func BenchmarkParse(b *testing.B) {
	text := manyRules(100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("policy.yaml", text); err != nil {
			b.Fatal(err)
		}
	}
}

// TestJudgeAllocatesNothing: a million executions are judged in a sweep.
func TestJudgeAllocatesNothing(t *testing.T) {
	p := mustParse(t, oneRule(typicalRule))
	f := facts()
	if n := testing.AllocsPerRun(100, func() { p.Judge(f) }); n != 0 {
		t.Errorf("Judge: %v allocations", n)
	}
	var v Verdict
	if n := testing.AllocsPerRun(100, func() { v = p.Judge(f) }); n != 0 || v.Decision != Stop {
		t.Errorf("%s: %v allocations", v.Decision, n)
	}
	// Of a rule that warns nobody no ID is put together, which is that long.
	p = mustParse(t, "version: 1\nmode: enforce\nrules:\n  - {name: a-name-too-long-for-a-text-that-is-put-together-on-the-stack, maxRuntime: 2h}\n")
	due := testing.AllocsPerRun(100, func() { p.Due(f) })
	if n := testing.AllocsPerRun(100, func() { p.Attention(f); p.Ahead(f) }); n != due {
		t.Errorf("Attention and Ahead: %v allocations, where Due makes %v", n, due)
	}
}
