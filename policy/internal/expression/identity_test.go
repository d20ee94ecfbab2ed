package expression

import (
	"strings"
	"testing"
)

func TestIdentity(t *testing.T) {
	long := strings.Repeat("x", 2*maxShown)
	same := [][2]string{
		{`execution.age > duration("120m")`, `execution.age>duration("2h")`},
		{`flow.name == 'a'`, `(flow.name == "a")`},
	}
	other := [][2]string{
		{`execution.age > duration("2h")`, `execution.age > duration("2h1ms")`},
		{`flow.name == "` + long + `a"`, `flow.name == "` + long + `b"`},
		{`flow.name in ["a", "b"]`, `flow.name in ["a,b"]`},
		{`flow.name matches "^a` + long + `"`, `flow.name matches "^b` + long + `"`},
		{`flow.name matches "^` + long + `a"`, `flow.name matches "^` + long + `b"`},
		{`execution.input.n > 1.0000000000000002`, `execution.input.n > 1.0000000000000004`},
		{`execution.input["` + long + `a"] == 1`, `execution.input["` + long + `b"] == 1`},
	}
	for _, pair := range same {
		if a, b := compile(t, pair[0]).Identity(), compile(t, pair[1]).Identity(); a != b {
			t.Errorf("%s is %q, %s is %q", pair[0], a, pair[1], b)
		}
	}
	for _, pair := range other {
		if a, b := compile(t, pair[0]).Identity(), compile(t, pair[1]).Identity(); a == b {
			t.Errorf("%s and %s are both %q", pair[0], pair[1], a)
		}
	}
}
