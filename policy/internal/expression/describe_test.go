package expression

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/internal/plain"
)

func TestDescribe(t *testing.T) {
	env := fullEnv()
	env["execution.input"] = map[string]any{"long": strings.Repeat("长", 100), "evil": "a\x1b[31m\n\u202e\xff", "list": []any{1, "a\nb"}, "n": 5}
	tests := []struct{ text, names, values string }{
		{`execution.age > duration("2h")`, `execution.age > 2h`, `age 3h2m > 2h`},
		{`execution.age > vars.limit`, `execution.age > 2h`, `age 3h2m > 2h`},
		{`execution.age > duration("3h2m")`, `execution.age > 3h2m`, `age > 3h2m`},
		{`not (execution.age > duration("3h2m"))`, `not (execution.age > 3h2m)`, `not (age > 3h2m)`},
		{`execution.age < duration("3h2m")`, `execution.age < 3h2m`, `age 3h2m < 3h2m`},
		{`history.steps > 7`, `history.steps > 7`, `history.steps 7 > 7`},
		{`flow.name matches "^etl-"`, `flow.name matches "^etl-"`, `flow.name "etl-nightly" matches "^etl-"`},
		{`execution.status == "Running"`, `execution.status == "Running"`, `status == "Running"`},
		{`execution.status == "Starting"`, `execution.status == "Starting"`, `status "Running" == "Starting"`},
		{`flow.env["X"] == nil`, `flow.env.X == nil`, `flow.env.X == nil`},
		{`flow.env["odd key"] != "a"`, `flow.env["odd key"] != "a"`, `flow.env["odd key"] nil != "a"`},
		{`now - execution.startedTime > duration("1h")`, `now - execution.startedTime > 1h`, `now 2026-03-04T12:00:00Z - startedTime 2026-03-04T08:57:53Z > 1h`},
		{`(history.steps + 1) * 2 > 3 and (true or history.steps > 1)`, `(history.steps + 1) * 2 > 3 and (true or history.steps > 1)`,
			`(history.steps 7 + 1) * 2 > 3 and (true or history.steps 7 > 1)`},
		{`not (history.steps > 9)`, `not (history.steps > 9)`, `not (history.steps 7 > 9)`},
		{`history.steps - (1 - history.steps) > 0`, `history.steps - (1 - history.steps) > 0`, `history.steps 7 - (1 - history.steps 7) > 0`},
		{`execution.input.long == ""`, `execution.input.long == ""`, `input.long "` + strings.Repeat("长", 63) + `…" == ""`},
		{`execution.input.evil == ""`, `execution.input.evil == ""`, `input.evil "a\x1b[31m\n\u202e\xff" == ""`},
		{`len(execution.input.list) > 9`, `len(execution.input.list) > 9`, `len(input.list [1,"a\nb"]) > 9`},
		{`execution.input.list[0] in [1, execution.input.n]`, `execution.input.list[0] in [1, execution.input.n]`, `input.list[0] 1 in [1, input.n 5]`},
		{`any(execution.input.list, #.x[0].y == execution.input.n or #[0] == 1)`, `any(execution.input.list, .x[0].y == execution.input.n or #[0] == 1)`,
			`any(input.list [1,"a\nb"], .x[0].y == execution.input.n or #[0] == 1)`},
		{`execution.cost > 5`, `execution.cost > 5`, `cost (unknown) > 5`},
		{`(execution.input.n > 3 ? 1 : 2) == 1`, `(execution.input.n > 3 ? 1 : 2) == 1`, `(input.n 5 > 3 ? 1 : 2) == 1`},
		{`execution.input[flow.name] == nil`, `execution.input[flow.name] == nil`, ``},
		{`duration(execution.input.n ?? "1h") > vars.limit`, `duration(execution.input.n ?? "1h") > 2h`, `duration(input.n 5 ?? "1h") > 2h`},
		{`-history.steps < 0`, `-history.steps < 0`, `-history.steps 7 < 0`},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			e := compile(t, test.text)
			if got := e.Describe(nil); got != test.names {
				t.Errorf("names:  %s\nwant %s", got, test.names)
			}
			if got := e.Describe(env); got != test.values && test.values != "" {
				t.Errorf("values: %s\nwant %s", got, test.values)
			}
		})
	}
}

func TestClip(t *testing.T) {
	for text, want := range map[string]string{"": "", "abcd": "abcd", "abcde": "abc…", "中文中文": "中文中文", "中文中文中": "中文中…", "a\xff\xff\xff\xff": "a\xff\xff…"} {
		got := plain.Clip(text, 4)
		if got != want || utf8.RuneCountInString(got) > 4 {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestTemplate(t *testing.T) {
	tests := []struct{ text, want string }{
		{"ran ${execution.age}, the limit is ${vars.limit}", "ran 3h2m, the limit is 2h"},
		{"no expression", "no expression"},
		{"$${x} costs $5 $$", "${x} costs $5 $$"},
		{`${execution.input.missing ?? "}"}${flow.name}`, `}etl-nightly`},
		{"${ '{' }${`}`}", "{}"},
		{`${"\"}"}`, `"}`},
		{"${now - execution.startedTime}", "3h2m7s"},
		{"${string(execution.age)}", "3h2m7s"},
		{"${execution.input.list} ${execution.input.missing} ${1.50}", `[1,2.5,"x",null] nil 1.5`},
		{"中${flow.name}文", "中etl-nightly文"},
	}
	for _, test := range tests {
		tpl, problems := testLanguage().Template(test.text)
		if len(problems) > 0 {
			t.Errorf("%s: %s", test.text, problemTexts(problems))
			continue
		}
		if got, err := tpl.Format(fullEnv()); got != test.want || err != nil {
			t.Errorf("%s: %q, %v", test.text, got, err)
		}
	}
}

// An input of megabytes, named a thousand times, makes no text of gigabytes.
func TestTemplatesAreBounded(t *testing.T) {
	env := fullEnv()
	env["execution.input"] = map[string]any{"x": strings.Repeat("x", 1<<20)}
	part := "${execution.input.x}"
	for _, text := range []string{strings.Repeat(part, maxText/len(part)), strings.Repeat("${execution.input}", 900)} {
		tpl, problems := testLanguage().Template(text)
		if len(problems) > 0 {
			t.Fatal(problemTexts(problems))
		}
		if got, err := tpl.Format(env); err != nil || len(got) != maxFormatted {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

func TestTemplateProblems(t *testing.T) {
	tests := []struct{ text, want string }{
		{"a ${flow.nam} b ${x}", "9: flow has no field \"nam\"; did you mean \"name\"?\n18: unknown name \"x\"; there are: event, execution, flow, history, now, vars"},
		{"a ${flow.name", "2: this ${ is never closed with }; write $${ for the characters themselves"},
		{"a ${}", "4: the expression is empty"},
		{"文 ${flow.name +}", "14: unexpected token EOF: the expression ends too early"},
	}
	for _, test := range tests {
		if _, problems := testLanguage().Template(test.text); problemTexts(problems) != test.want {
			t.Errorf("got  %s\nwant %s", problemTexts(problems), test.want)
		}
	}
	tpl, _ := testLanguage().Template("${execution.cost}")
	if _, err := tpl.Format(fullEnv()); err == nil || err.Error() != "${execution.cost}: the cost was not computed" {
		t.Error(err)
	}
}
