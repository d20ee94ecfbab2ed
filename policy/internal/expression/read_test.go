package expression

import (
	"testing"

	"github.com/expr-lang/expr/ast"
)

// TestReading: however a condition is written, its subject is the side that reads
// what is known last.
func TestReading(t *testing.T) {
	for _, test := range []struct{ text, subject, operator, side string }{
		{`execution.age > duration("2h")`, "execution.age", ">", "2h"},
		{`duration("2h") < execution.age`, "execution.age", ">", "2h"},
		{`duration("2h") >= execution.age`, "execution.age", "<=", "2h"},
		{`"x" == flow.name`, "flow.name", "==", `"x"`},
		{`"x" != flow.name`, "flow.name", "!=", `"x"`},
		{`now > execution.startedTime`, "execution.startedTime", "<", "now"},
		{`"x" in flow.env.A`, `"x"`, "in", "flow.env.A"},
		{`"x" contains flow.name`, `"x"`, "contains", "flow.name"},
		{`now - execution.startedTime`, "now", "-", "execution.startedTime"},
		{`not (flow.name == "x")`, `flow.name == "x"`, "not", ""},
		{`flow.name == "x" or execution.age > duration("2h")`, `flow.name == "x"`, "or", "execution.age > 2h"},
		{`len(execution.input)`, "", "", ""},
		{`any(execution.input.list, # == flow.name ? history.steps > 1 : false)`, "", "", ""},
		{`[flow.name, event.kind][history.steps]`, "", "", ""},
	} {
		e := compile(t, test.text)
		if subject, side := read(e.Subject), read(e.Side); subject != test.subject || e.Operator != test.operator || side != test.side {
			t.Errorf("%s: {%s, %s, %s}", test.text, subject, e.Operator, side)
		}
		if r := readIn(e); e.Reads() != r {
			t.Errorf("%s reads %b, want %b", test.text, e.Reads(), r)
		}
	}
}

// variablesIn collects the variables of the nodes that it visits.
type variablesIn struct {
	language *Language
	reads    Set
}

func (r *variablesIn) Visit(n *ast.Node) {
	if v, ok := r.language.variable(*n); ok {
		r.reads |= SetOf(v)
	}
}

// readIn is what expr's own walk finds that an expression reads.
func readIn(e *Expression) Set {
	r := &variablesIn{language: e.language}
	ast.Walk(&e.node, r)
	return r.reads
}

func read(e *Expression) string {
	if e == nil {
		return ""
	}
	return e.Describe(nil)
}
