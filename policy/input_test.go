package policy

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
)

func TestInputs(t *testing.T) {
	const high = `execution.input.priority == "high"`
	tests := []struct{ text, want string }{
		{`{"priority": "high"}`, `stop r enforce: input.priority == "high"`},
		{` {"priority":"\u0068igh","n":[1,{"a":1},[]],"f":false} `, `stop r enforce: input.priority == "high"`},
		{`{"other": {"priority": 1}, "list": [{"priority": 2}, {"priority": 3}], "priority": "high"}`, `stop r enforce: input.priority == "high"`},
		{`{"priority": "high", "priority": "low"}`, `keep [r: when: ` + high + `: execution.input gives the key "priority" twice]`},
		{`{"priority": "high", "priority": "high"}`, `keep [r: when: ` + high + `: execution.input gives the key "priority" twice]`},
		{`{"priority": "high", "\u0070riority": null}`, `keep [r: when: ` + high + `: execution.input gives the key "priority" twice]`},
		{`{"priority": "high", "deep": [{"a": 1, "a\u0000": 2, "a": 3}]}`, `keep [r: when: ` + high + `: execution.input gives the key "a" twice]`},
		{`{"priority": "high", "` + "\xff" + `": 1, "` + "\xfe" + `": 2}`, `keep [r: when: ` + high + `: execution.input gives the key "�" twice]`},
		{`{"priority": "high"`, `keep [r: when: ` + high + `: execution.input is not JSON: unexpected EOF]`},
		{`{"priority": "high"}}`, `keep [r: when: ` + high + `: execution.input is not JSON: invalid character '}' at start of value]`},
		{`{priority: high}`, `keep [r: when: ` + high + `: execution.input is not JSON: invalid character 'p' at start of value]`},
		{strings.Repeat("[", 20_000), `keep [r: when: ` + high + `: execution.input is not JSON: exceeded max depth]`},
		{`{"priority": "high", "pad": "` + strings.Repeat("x", 4<<20) + `"}`, `keep [r: when: ` + high + `: execution.input has 4.0 MiB: past 4 MiB it is not looked into]`},
		{strings.Repeat(" ", 5<<20), `keep [r: when: ` + high + `: execution.input has 5.0 MiB: past 4 MiB it is not looked into]`},
		{`{"priority": "high", "pad": "` + strings.Repeat("x", 4<<20-31) + `"}`, `stop r enforce: input.priority == "high"`},
	}
	p := mustParse(t, oneRule(`when: `+high))
	for _, test := range tests {
		if got := summary(p.Judge(with(input(test.text)))); got != test.want {
			t.Errorf("%.60s:\ngot  %s\nwant %s", test.text, got, test.want)
		}
	}
}

// TestProtectInDoubtOfTheInput: where an input says two things, the one that
// protects may be the one that was meant.
func TestProtectInDoubtOfTheInput(t *testing.T) {
	p := mustParse(t, strings.Replace(oneRule("maxRuntime: 2h"), "rules:", "protect: {when: execution.input.keep == true}\nrules:", 1))
	for text, want := range map[string]Decision{
		`{"keep": false}`:                               Stop,
		`{"keep": true}`:                                Protected,
		`{"keep": true, "keep": false}`:                 Protected,
		`{"keep": false, "keep": false}`:                Protected,
		`{"pad": "` + strings.Repeat("x", 4<<20) + `"}`: Protected,
	} {
		if v := p.Judge(with(input(text))); v.Decision != want {
			t.Errorf("%.40s: %s, want %s", text, v.Decision, want)
		}
	}
}

// largeInput is the text of an object with so many keys.
func largeInput(keys int) string {
	var b strings.Builder
	b.WriteString(`{"priority": "low"`)
	for i := range keys {
		fmt.Fprintf(&b, `, "file-%d": {"size": %d, "name": "part-%d.csv"}`, i, i, i)
	}
	return b.String() + "}"
}

// TestAnInputIsDecodedOnce: judging, and all that follows it, share the one
// decoding, unless its memory is needed meanwhile. Another would allocate
// thousands of times.
func TestAnInputIsDecodedOnce(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	p := mustParse(t, "version: 1\nprotect: {when: execution.input.keep == true}\n"+strings.TrimPrefix(
		oneRule("maxRuntime: 2h", `when: execution.input.priority != "high"`, `cause: "${execution.input.priority}"`), "version: 1\n"))
	f := with(input(largeInput(2000)))
	if v := p.Judge(f); v.Decision != Stop {
		t.Fatal(summary(v))
	}
	again := func() {
		v := p.Judge(f)
		p.Due(f)
		p.Judge(f)
		_, _, _ = v.Reason(), p.Cause(v, Tail{Run: "run"}), p.Explain(f)
	}
	if n := testing.AllocsPerRun(5, again); n > 1000 {
		t.Errorf("%v allocations", n)
	}
}

// TestWhatWaitsHoldsNoDecodedInput: thousands may wait for their turn, each with
// its facts.
func TestWhatWaitsHoldsNoDecodedInput(t *testing.T) {
	p := mustParse(t, oneRule(`when: execution.input.priority == "low"`))
	f := with(input(largeInput(2000)))
	v := p.Judge(f)
	p.judgements = sync.Pool{} // the last judgement is kept for the next
	runtime.GC()
	if f.Execution.Input.fetched.decoded.Value() != nil || v.Decision != Stop {
		t.Error("the decoded input is still held")
	}
	if v := p.Judge(f); v.Decision != Stop {
		t.Error(summary(v))
	}
}

// BenchmarkInput decodes 100 KB.
func BenchmarkInput(b *testing.B) {
	text := largeInput(2000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if d, err := JSONInput(text).decode(); err != nil || d.err != nil {
			b.Fatal(err)
		}
	}
}
