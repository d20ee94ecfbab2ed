package constraint

import (
	"testing"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

var language = expression.New([]expression.Variable{
	{Name: "x", Type: expression.Any}, {Name: "age", Type: expression.Length}, {Name: "name", Type: expression.Text},
}, map[string]any{"list": []any{"a", "b"}})

func compile(t *testing.T, text string) *expression.Expression {
	t.Helper()
	e, problems := language.Compile(text)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", text, problems)
	}
	return e
}

func read(t *testing.T, text string) Constraint {
	t.Helper()
	c, ok := Of(compile(t, text))
	if !ok {
		t.Fatalf("%s is read as no constraint", text)
	}
	return c
}

func TestWithin(t *testing.T) {
	for _, test := range []struct {
		inner, outer string
		want         bool
	}{
		{`age > duration("3h")`, `age > duration("2h")`, true},
		{`age > duration("2h")`, `age > duration("2h")`, true},
		{`age > duration("2h")`, `age >= duration("2h")`, true},
		{`age >= duration("2h")`, `age > duration("2h")`, false},
		{`age > duration("1h")`, `age > duration("2h")`, false},
		{`duration("3h") < age`, `not (age <= duration("2h"))`, true},
		{`age < duration("1h")`, `age < duration("2h")`, true},
		{`age < duration("3h")`, `age < duration("2h")`, false},
		{`age > duration("1h")`, `age < duration("2h")`, false},
		{`name == "a"`, `name in vars.list`, true},
		{`name == "c"`, `name in vars.list`, false},
		{`name in ["a"]`, `name != "b"`, true},
		{`name in vars.list`, `name != "b"`, false},
		{`name not in ["a", "b"]`, `name != "b"`, true},
		{`name != "b"`, `name not in ["a", "b"]`, false},
		{`x > 5`, `x != nil`, true},
		{`x > 5`, `x != 5`, true},
		{`x > 5`, `x != 6`, false},
		{`x == 6`, `x > 5`, true},
		{`x == nil`, `x > 5`, false},
		{`x != 5`, `x > 5`, false},
		{`x.a == 5`, `x.b == 5`, false},
		{`x > 5`, `x > "a"`, false},
		{`x == 1`, `x == 1.0`, true},
		{`x == true`, `x in [true, nil]`, true},
	} {
		if got := read(t, test.inner).Within(read(t, test.outer)); got != test.want {
			t.Errorf("%s within %s: %v", test.inner, test.outer, got)
		}
	}
}

func TestApart(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{`age > duration("3h")`, `age < duration("2h")`, true},
		{`age > duration("2h")`, `age <= duration("2h")`, true},
		{`age >= duration("2h")`, `age <= duration("2h")`, false},
		{`age > duration("1h")`, `age < duration("2h")`, false},
		{`age > duration("1h")`, `age > duration("2h")`, false},
		{`name == "a"`, `name == "b"`, true},
		{`name == "a"`, `name in vars.list`, false},
		{`name == "c"`, `name in vars.list`, true},
		{`name == "a"`, `name != "a"`, true},
		{`name != "a"`, `name != "b"`, false},
		{`x == nil`, `x > 5`, true},
		{`x != nil`, `x > 5`, false},
		{`x.a == 1`, `x.b == 2`, false},
	} {
		a, b := read(t, test.a), read(t, test.b)
		if a.Apart(b) != test.want || b.Apart(a) != test.want {
			t.Errorf("%s apart from %s: %v and %v", test.a, test.b, a.Apart(b), b.Apart(a))
		}
	}
}

func TestNoConstraint(t *testing.T) {
	for _, text := range []string{`true`, `x > 1 and x < 2`, `x > x.y`, `name matches "a"`, `name in x`, `not (name matches "a")`, `any(x, # > 1)`} {
		if c, ok := Of(compile(t, text)); ok {
			t.Errorf("%s is read as %+v", text, c)
		}
	}
}
