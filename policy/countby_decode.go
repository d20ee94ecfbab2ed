package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

var (
	// keyFacts are what a key may read: what stays as it is while an execution runs.
	keyFacts  = flowFacts | inputFacts | expression.SetOf(flowName, executionName)
	keyTypes  = []string{"", "a text", "a number", "true or false", "a list"}
	dotted    = pattern.Of(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$`)
	wholesale = map[string]string{"all": "rule", "total": "rule", "together": "rule", "none": "flow"} // other words for the two
)

// countBy reads by what a rule counts; nil is each flow by itself.
func (d *decoder) countBy(r *Rule, n *yamltree.Node) *countKey {
	if n != nil && n.Kind == yamltree.Sequence {
		d.fail(n.Position, `countBy is one text: write "[%s]"`, joinedBy(n, ", "))
		return nil
	}
	text, ok := d.scalar(n, "countBy", "flow, rule, or what executions are counted by, such as execution.input.customer")
	switch {
	case !ok || text == "flow":
		return nil
	case slices.Contains(r.On, OnEvent):
		d.fail(n.Position, "countBy counts several flows in one sweep, and an event's looks at each by itself: take event out of on")
		return nil
	case text == "rule":
		return &countKey{text: text}
	}
	if near := cmp.Or(wholesale[text], spelling.Nearest(text, []string{"flow", "rule"})); near != "" {
		d.fail(n.Position, "countBy must be flow, rule, or an expression such as execution.input.customer, but is %s; did you mean %s?", n.Describe(), near)
		return nil
	}
	e, problems := d.language.Compile(text)
	if len(problems) > 0 && plainName().MatchString(text) && text != "input" && strings.HasPrefix(problems[0].Message, "unknown name") {
		problems = []expression.Problem{{Offset: -1, Message: fmt.Sprintf("unknown name %q: of the input it is execution.input.%s", text, text)}}
	}
	d.problems(n, "countBy", problems)
	if len(problems) > 0 || !d.mayBeKey(n, text, e) {
		return nil
	}
	k := &countKey{expression: e, text: text, label: text}
	if dotted().MatchString(text) {
		k.label = text[strings.LastIndexByte(text, '.')+1:]
	}
	return k
}

// mayBeKey refuses what is no key, or would not stay the same.
func (d *decoder) mayBeKey(n *yamltree.Node, text string, e *expression.Expression) bool {
	for v := range (e.Reads() &^ keyFacts).All() {
		d.fail(n.Position, "countBy reads %s, and a key stays the same while the execution runs: it may read flow, but for flow.live, execution.name and execution.input", variables[v].Name)
		return false
	}
	switch {
	case text == "execution.input":
		d.fail(n.Position, "countBy: %s is an object: "+isKey, text)
	case e.Reads() == 0:
		d.fail(n.Position, "countBy: %s is the same for all executions: write rule", text)
	case !slices.Contains(keyTypes, e.Type()):
		d.fail(n.Position, "countBy: %s is %s: "+isKey, text, e.Type())
	default:
		return true
	}
	return false
}
