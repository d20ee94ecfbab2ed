package expression

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The language is expr's. Random expressions are evaluated by expr's own
// machine, too, and both must answer the same, or both fail. Where they differ
// on purpose (see the package comment), the expressions keep away.

type generator struct {
	t *rapid.T
}

func (g generator) pick(from ...string) string { return rapid.SampledFrom(from).Draw(g.t, "choice") }

// anything is a value whose kind is known only when it is read.
func (g generator) anything() string {
	return "execution.input." + g.pick("n", "f", "text", "yes", "nothing", "missing", "list", "deep", "word",
		"text.more", "n.more", "yes.more", "list.more", "deep.abc", "deep.more", "deep.abc.more", "list[0]", "list[-1]", "list[2].more", "nothing?.more", "text?.more")
}

func (g generator) number(depth int) string {
	if depth == 0 { // no texts, which expr adds
		return g.pick("1", "2", "2.5", "history.steps", "vars.count", "execution.input.n", "execution.input.f", "execution.input.yes", "execution.input.missing")
	}
	a, b := g.number(depth-1), g.number(depth-1)
	return g.pick(
		"("+a+" + "+b+")", "("+a+" - "+b+")", "("+a+" * "+b+")", "-"+a, "len("+g.list(0)+")", "len("+g.text(0)+")", "int("+a+")", "float("+a+")",
		"count("+g.list(0)+", # == 1)", g.pick("hour(", "monthDay(")+g.moment()+g.zone()+")", "abs("+a+")", "round("+a+")", "min("+a+", "+b+")", "max("+a+", "+b+")", "sum(["+a+", "+b+"])", "sum([1, 2.5], # * "+g.number(0)+")", "max([2, "+a+"])",
		"len(split("+g.text(0)+`, "b"))`, `fromJSON("{\"a\": 2}").a`, "("+g.truth(depth-1)+" ? "+a+" : "+b+")", "(execution.input.nothing ?? "+a+")", "int(\"12\")",
	)
}

func (g generator) text(depth int) string {
	if depth == 0 {
		return g.pick(`"etl"`, `"abc"`, `""`, "flow.name", "vars.word", "execution.input.text", g.anything())
	}
	a := g.text(depth - 1)
	return g.pick("weekday("+g.moment()+g.zone()+")", "date("+g.pick("now", "execution.startedTime")+g.zone()+")", "lower("+a+")", "upper("+a+")", "trim("+a+")", `trim(`+a+`, "e")`, "("+g.anything()+" ?? "+a+")")
}

func (g generator) list(depth int) string {
	if depth == 0 {
		return g.pick(`[1, 2.5, "etl"]`, "[]", "vars.names", "execution.input.list", "["+g.number(0)+", "+g.text(0)+"]",
			"execution.input.n", "execution.input.missing", "execution.input.deep") // expr takes a text for a list of bytes
	}
	return g.pick("filter("+g.list(depth-1)+", # != 1)", "map("+g.list(depth-1)+", # == 1)", g.list(0)+" | filter(# == "+g.text(0)+")")
}

func (g generator) length() string {
	return g.pick("execution.age", "vars.limit", `duration("1h30m")`, `(now - execution.startedTime)`, `(execution.age + duration("1h"))`, "execution.age * 2", g.anything())
}

func (g generator) moment() string {
	return g.pick("now", "execution.startedTime", `date("2026-03-04")`, `(now - duration("1h"))`, `(execution.startedTime + vars.limit)`, g.anything())
}

func (g generator) zone() string {
	return g.pick("", `, "Asia/Shanghai"`, `, "America/New_York"`, `, "Pacific/Kiritimati"`)
}

// wallOptions gives expr's machine what reads the clock on a wall, by its text.
func wallOptions() []expr.Option {
	shows := map[string]string{"hour": "15", "weekday": "Mon", "monthDay": "2", "date": "2006-01-02"}
	options := []expr.Option{expr.DisableBuiltin("date")}
	for name, layout := range shows {
		options = append(options, expr.Function(name, func(params ...any) (any, error) {
			if text, ok := params[0].(string); ok && name == "date" {
				return time.Parse("2006-01-02", text)
			}
			at, ok := params[0].(time.Time)
			if !ok {
				return nil, fmt.Errorf("%s of %T", name, params[0])
			}
			zone := "UTC"
			if len(params) > 1 {
				zone = params[1].(string)
			}
			place, err := time.LoadLocation(zone)
			if text := at.In(place).Format(layout); name == "hour" || name == "monthDay" {
				return strconv.Atoi(text)
			} else {
				return text, err
			}
		}))
	}
	return options
}

func (g generator) truth(depth int) string {
	order := g.pick("<", "<=", ">", ">=", "==", "!=")
	if depth > 0 && rapid.Bool().Draw(g.t, "compound") {
		a, b := g.truth(depth-1), g.truth(depth-1)
		return g.pick("("+a+" and "+b+")", "("+a+" or "+b+")", "not "+a, "not ("+a+" || "+b+")", "("+a+" ? "+b+" : "+a+")")
	}
	d := max(0, depth-1)
	return g.pick(
		"("+g.number(d)+" "+order+" "+g.number(d)+")", "("+g.text(d)+" "+order+" "+g.text(d)+")",
		"("+g.length()+" "+order+" "+g.length()+")", "("+g.moment()+" "+order+" "+g.moment()+")",
		"("+g.anything()+" "+g.pick("==", "!=")+" "+g.anything()+")", "("+g.anything()+" == nil)",
		"("+g.text(d)+" "+g.pick("contains", "startsWith", "endsWith", "not contains")+" "+g.text(0)+")",
		"("+g.text(d)+` matches "^e.l"`+")", "("+g.text(d)+" "+g.pick("in", "not in")+" "+g.list(d)+")", "("+g.number(0)+" in "+g.list(0)+")",
		"("+g.text(0)+" in execution.input.deep)",
		g.pick("all", "any", "none", "one")+"("+g.list(d)+", # "+g.pick("== 1", `== "etl"`, "> 1", "!= nil")+")",
		"true", "execution.input.yes", "flow.env.FLOWREAPER == "+g.text(0),
	)
}

func TestPropertyParity(t *testing.T) {
	values := map[string]any{
		"n": 5, "f": 2.5, "text": "abc", "word": "etl", "yes": true, "nothing": nil, "list": []any{1, 2.5, "etl", nil}, "deep": map[string]any{"abc": 1},
	}
	env := fullEnv()
	env["execution.input"] = values
	machine := map[string]any{
		"now": testNow, "vars": testConstants, "flow": map[string]any{"name": "etl-nightly", "env": map[string]any{"FLOWREAPER": "off"}},
		"history":   map[string]any{"steps": 7},
		"execution": map[string]any{"age": env["execution.age"], "startedTime": env["execution.startedTime"], "input": values},
	}
	compiled, failed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		text := generator{t}.truth(3)
		ours, problems := testLanguage().Compile(text)
		if len(problems) > 0 {
			return // types that don't fit, which the checker, expr's own, refuses
		}
		program, err := expr.Compile(text, append(wallOptions(), expr.Optimize(false), expr.Env(machine))...)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want, wantErr := expr.Run(program, machine)
		if wantErr != nil && strings.Contains(wantErr.Error(), "is float64, not int") {
			return // expr takes max(1, 2.5) for a whole number, and fails on what it compares with it
		}
		got, gotErr := ours.Value(env)
		compiled++
		if wantErr != nil {
			failed++
		}
		if (wantErr != nil) != (gotErr != nil) || gotErr == nil && !cmp.Equal(want, got) {
			t.Fatalf("%s:\ngot  %v, %v\nwant %v, %v", text, got, gotErr, want, wantErr)
		}
	})
	if compiled < 20 || failed == compiled {
		t.Errorf("of %d expressions that compiled, %d failed", compiled, failed)
	}
}

// TestDifferences are the places where the language is not expr's.
func TestDifferences(t *testing.T) {
	env := map[string]any{"x": map[string]any{"n": 1, "s": "a", "list": []any{1}}}
	ages := fullEnv()
	ages["execution.age"] = 27 * time.Hour
	for text, ours := range map[string]string{
		`execution.input.missing.more`: "nil", `execution.input.list[9]`: "nil", `execution.input.n / 0`: "division by zero",
		`execution.input.n + 9223372036854775807`: "the result is too large", `string(execution.age)`: "1d3h",
	} {
		value, err := compile(t, text).Value(ages)
		got := Format(value)
		if err != nil {
			got = err.Error()
		}
		if got != ours {
			t.Errorf("%s: %s", text, got)
		}
		theirs, err := expr.Eval(strings.NewReplacer("execution.input", "x", "execution.age", `duration("27h")`).Replace(text), env)
		if err == nil && fmt.Sprint(theirs) == ours {
			t.Errorf("%s: expr answers the same", text)
		}
	}
}

// FuzzTemplate looks for panics and hangs in templates and expressions.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		`ran ${execution.age}, $${x} ${vars.limit}`, `${any(execution.input.list, # > 1) ? "a}" : 'b'}`, "${`}`}", `${execution.input.a?.b["c"][0] ?? date("2026-01-02")}`,
		`${1 < 2 < 3}`, `${flow.name matches "^(a|b)*$" and duration("1h") * 2 > execution.age}`, `${((((1))))`, `${string(filter(execution.input.items, .id in [1, 2]))}`,
		`${weekday(now, "Asia/Shanghai")} ${date(execution.startedTime) < "2027-01-01"}`, `hour(now, "Europe/Berlin") in [1, 2] and monthDay(date("2028-02-29")) != 28`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		language := testLanguage()
		if template, problems := language.Template(text); len(problems) == 0 {
			_, _ = template.Format(fullEnv())
		} else {
			checkOffsets(t, text, problems)
		}
		conditions, problems := language.Conditions(text)
		checkOffsets(t, text, problems)
		for _, c := range conditions {
			holds, err := c.Holds(fullEnv())
			if again, same := c.Holds(fullEnv()); holds != again || (err == nil) != (same == nil) {
				t.Errorf("%s is %v, then %v", text, holds, again)
			}
			if c.Describe(fullEnv()) == "" || c.Describe(nil) == "" {
				t.Errorf("%s has no description", text)
			}
		}
	})
}

func checkOffsets(t *testing.T, text string, problems []Problem) {
	for _, p := range problems {
		if p.Offset < -1 || p.Offset > len([]rune(text)) || p.Message == "" {
			t.Errorf("%q: a problem at %d: %s", text, p.Offset, p.Message)
		}
	}
}

// TestBudgetIsAnError: running out of steps is an error like any other.
func TestBudgetIsAnError(t *testing.T) {
	m := &machine{budget: 1}
	if err := m.spend(2); !errors.Is(err, errBudget) {
		t.Error(err)
	}
}
