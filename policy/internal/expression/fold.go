package expression

import (
	"fmt"
	"reflect"

	"github.com/expr-lang/expr/ast"

	"github.com/flowreaper/flowreaper/policy/internal/zone"
)

// folder walks what was checked: it puts the values of constant parts in their
// place, so that duration("2h") is checked when the policy loads, and refuses
// what only the types could tell.
type folder struct {
	language *Language
	problems []Problem
}

func (f *folder) fail(n ast.Node, format string, args ...any) {
	f.problems = append(f.problems, Problem{n.Location().From, fmt.Sprintf(format, args...)})
}

func (f *folder) fold(n ast.Node) ast.Node {
	constant := f.children(n)
	f.check(n)
	if !constant || len(f.problems) > 0 {
		return n
	}
	value, err := f.language.evaluator(n)(&machine{budget: maxSteps})
	if err != nil {
		f.fail(blamed(n), "%v", err)
		return n
	}
	c := &ast.ConstantNode{Value: value}
	c.SetLocation(n.Location())
	c.SetNature(*n.Nature())
	return c
}

// children folds the parts of a node and says whether it can be folded itself:
// it computes, and all its parts are constants.
func (f *folder) children(n ast.Node) bool {
	constant := true
	for _, part := range partsOf(n) {
		*part = f.fold(*part)
		_, ok := constantOf(*part)
		constant = constant && ok
	}
	switch n := n.(type) {
	case *ast.BinaryNode:
		return constant && n.Operator != "and" && n.Operator != "or"
	case *ast.BuiltinNode: // a constant of JSON has no form of its own
		return constant && n.Name != "fromJSON"
	case *ast.UnaryNode, *ast.ArrayNode, *ast.CallNode:
		return constant
	}
	return false
}

// blamed is the part of a node that an error of its folding is about.
func blamed(n ast.Node) ast.Node {
	if call, ok := n.(*ast.CallNode); ok && len(call.Arguments) == 1 {
		return call.Arguments[0]
	}
	return n
}

// check refuses what expr's checker allows and the language does not.
func (f *folder) check(n ast.Node) {
	switch n := n.(type) {
	case *ast.MemberNode:
		if t := staticType(n); t != nil && t.Kind() == reflect.Func { // a method of Go's
			f.fail(n, "%s has no fields", typeName(staticType(n.Node)))
		}
	case *ast.BinaryNode:
		if t := staticType(n); n.Operator == "+" && t != nil && t.Kind() == reflect.String {
			f.fail(n, "texts cannot be added with +: compare their parts")
		}
		f.checkWall(n)
	case *ast.CallNode:
		switch {
		case ofTime(n):
			for _, zone := range n.Arguments[1:] {
				f.checkZone(callee(n), zone)
			}
		case callee(n) == "date":
			f.checkDate(n)
		}
	case *ast.BuiltinNode:
		f.checkCall(n)
	}
}

func (f *folder) checkCall(n *ast.BuiltinNode) {
	switch n.Name {
	case "split":
		if len(n.Arguments) > 2 {
			f.fail(n.Arguments[2], "split() takes a text and what separates its parts, and no more")
		}
	case "min", "max":
		f.checkExtreme(n)
	case "round":
		if staticType(n.Arguments[0]) == durationType {
			f.fail(n, "round() takes a number, not a duration: compare durations with each other")
		}
	case "int", "float":
		if t := staticType(n.Arguments[0]); t == durationType {
			f.fail(n, "%s() takes a number or a text, not a duration: compare durations with each other", n.Name)
		}
	}
}

// checkExtreme refuses what is known to be of two kinds, of which none is the least.
func (f *folder) checkExtreme(n *ast.BuiltinNode) {
	var first reflect.Type
	for _, arg := range n.Arguments {
		t := staticType(arg)
		if t == nil || t.Kind() == reflect.Slice {
			continue
		}
		if first != nil && (first == durationType) != (t == durationType) {
			f.fail(arg, "%s() takes numbers or durations, not both: write a duration as duration(\"2h\")", n.Name)
		}
		first = t
	}
}

func (f *folder) checkDate(n *ast.CallNode) {
	for i, arg := range n.Arguments {
		t := staticType(arg)
		value, constant := constantOf(arg)
		layout, isText := value.(string)
		switch {
		case t != nil && t.Kind() != reflect.String:
			f.fail(arg, "date() takes texts, not %s", typeName(t))
		case i == 1 && !constant:
			f.fail(arg, "the layout of date() must be constant")
		case i == 1 && isText && len(n.Arguments) == 2:
			f.checkLayout(arg, layout)
		case i == 2:
			f.checkZone("date", arg)
		}
	}
}

// checkLayout refuses the time zone of a text that stands where its layout does.
func (f *folder) checkLayout(n ast.Node, layout string) {
	if _, err := zone.Load(layout); err == nil {
		f.fail(n, "the time zone of a text stands behind its layout: write date(…, \"2006-01-02\", %s)", show(layout))
	}
}

// constantOf returns the value of a node that is a constant.
func constantOf(n ast.Node) (any, bool) {
	switch n := n.(type) {
	case *ast.ConstantNode:
		return n.Value, true
	case *ast.NilNode:
		return nil, true
	case *ast.BoolNode:
		return n.Value, true
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.StringNode:
		return n.Value, true
	}
	return nil, false
}

// staticType is what the checker knows of a node's type; nil where it is known
// only when the expression is evaluated.
func staticType(n ast.Node) reflect.Type {
	if t := n.Nature().Type; t != nil && t.Kind() != reflect.Interface {
		return t
	}
	return nil
}
