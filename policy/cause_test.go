package policy

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCause(t *testing.T) {
	tests := []struct {
		name string
		rule []string
		want string // with HASH for the policy's first eight digits
	}{
		{"default", []string{"maxRuntime: vars.limit"}, `age 3h2m > 2h [flowreaper/1 policy=policy@HASH rule=r run=run-7]`},
		{"template", []string{"maxRuntime: 2h", `cause: "ran ${execution.age}, $${x} ${vars.limit}"`}, `ran 3h2m, ${x} 2h [flowreaper/1 policy=policy@HASH rule=r run=run-7]`},
		{"template that fails", []string{"maxRuntime: 2h", `cause: "${execution.input.x > 5}"`}, `age 3h2m > 2h [flowreaper/1 policy=policy@HASH rule=r run=run-7]`},
		{"template that is blank", []string{"maxRuntime: 2h", `cause: "${flow.description} "`}, `age 3h2m > 2h [flowreaper/1 policy=policy@HASH rule=r run=run-7]`},
		{"control characters", []string{"maxRuntime: 2h", `cause: "a\tb\x1b[31m ${execution.input.priority}\n"`}, `a\tb\x1b[31m low [flowreaper/1 policy=policy@HASH rule=r run=run-7]`},
		{"text of more lines", []string{"maxRuntime: 2h", "cause: |", "  one", "  two"}, `one\ntwo [flowreaper/1 policy=policy@HASH rule=r run=run-7]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustParse(t, oneRule(test.rule...))
			want := strings.ReplaceAll(test.want, "HASH", p.Hash[7:15])
			if got := p.Cause(p.Judge(facts()), Tail{Run: "run-7"}); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestCauseIsCut: whatever the API counts, a cause fits, and stays UTF-8.
func TestCauseIsCut(t *testing.T) {
	p := mustParse(t, oneRule("maxRuntime: 2h", `cause: "${execution.input.x}"`))
	for _, text := range []string{strings.Repeat("x", 5000), strings.Repeat("长", 5000), "a" + strings.Repeat("🙂", 5000), strings.Repeat("\x01", 5000), strings.Repeat("\xff", 5000)} {
		v := p.Judge(with(input(`{"x": "` + strings.ReplaceAll(text, "\x01", `\u0001`) + `"}`)))
		got := p.Cause(v, Tail{Run: "run-7"})
		if len(got) > 4096 || len(got) < 4090 || !utf8.ValidString(got) {
			t.Errorf("%d bytes, valid %v", len(got), utf8.ValidString(got))
		}
		if tail := " [flowreaper/1 policy=policy@" + p.Hash[7:15] + " rule=r run=run-7]"; !strings.HasSuffix(got, "…"+tail) {
			t.Errorf("it ends with %q", got[len(got)-80:])
		}
	}
}

func TestCauseOfTheKept(t *testing.T) {
	p := mustParse(t, oneRule("maxRuntime: 2d"))
	if got := p.Cause(p.Judge(facts()), Tail{Run: "run-7"}); got != "" {
		t.Errorf("%q", got)
	}
}
