package expression

import "testing"

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
	} {
		e := compile(t, test.text)
		if subject, side := read(e.Subject), read(e.Side); subject != test.subject || e.Operator != test.operator || side != test.side {
			t.Errorf("%s: {%s, %s, %s}", test.text, subject, e.Operator, side)
		}
		if e.Reads() != e.language.readsOf(e.Node) {
			t.Errorf("%s reads %b", test.text, e.Reads())
		}
	}
}

func read(e *Expression) string {
	if e == nil {
		return ""
	}
	return e.Describe(nil)
}
