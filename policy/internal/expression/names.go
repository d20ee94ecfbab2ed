package expression

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/flowreaper/flowreaper/internal/spelling"
)

// path rewrites a name or a member: it must lead to a variable, to a constant
// of vars, or through #.
func (r *rewriter) path(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return r.name(n)
	case *ast.MemberNode:
		n.Optional = false
		if group, ok := n.Node.(*ast.IdentifierNode); ok && (r.language.fields[group.Value] != nil || group.Value == vars) {
			return r.field(group.Value, n)
		}
		n.Node, n.Property = r.rewrite(n.Node), r.rewrite(n.Property)
		if what := r.language.noFields(n.Node); what != "" {
			hint := ""
			if field, ok := n.Property.(*ast.StringNode); ok {
				hint = writeInstead(field.Value)
			}
			r.fail(n, "%s has no fields%s", what, hint)
		}
	}
	return n
}

// noFields names a node behind which no path can lead, or is "". expr would
// offer the methods of Go's types there: now.Hour.
func (l *Language) noFields(n ast.Node) string {
	if v, ok := l.variable(n); ok {
		if t := l.variables[v].Type; t != Any && t != Object {
			return l.variables[v].Name
		}
		return ""
	}
	switch n := n.(type) {
	case *ast.IdentifierNode, *ast.MemberNode, *ast.PointerNode, *ast.ConditionalNode, *ast.ArrayNode:
		return ""
	case *ast.ConstantNode:
		if _, list := n.Value.([]any); list {
			return ""
		}
		return kindOf(n.Value)
	case *ast.BinaryNode:
		if n.Operator == "??" {
			return ""
		}
	case *ast.BuiltinNode:
		switch n.Name {
		case "filter", "map", "split", "fromJSON":
			return ""
		}
		return n.Name + "()"
	case *ast.CallNode:
		if name, ok := n.Callee.(*ast.IdentifierNode); ok {
			return name.Value + "()"
		}
	}
	return "what is computed"
}

func (r *rewriter) name(n *ast.IdentifierNode) ast.Node {
	l := r.language
	if _, ok := l.byName[n.Value]; ok {
		return n
	}
	if fields, ok := l.fields[n.Value]; ok {
		r.fail(n, "%s is not a value; its fields are: %s", n.Value, spelling.OrNone(fields))
		return n
	}
	r.fail(n, "unknown name %q%s", n.Value, l.meantName(n.Value, r.compared == n))
	return n
}

// names are the words that an expression can begin with.
func (l *Language) names() []string {
	names := slices.Collect(maps.Keys(l.fields))
	for _, v := range l.variables {
		if !strings.Contains(v.Name, ".") {
			names = append(names, v.Name)
		}
	}
	slices.Sort(names)
	return names
}

// field rewrites group.name.
func (r *rewriter) field(group string, n *ast.MemberNode) ast.Node {
	property, ok := n.Property.(*ast.StringNode)
	if !ok {
		r.fail(n, "%s[…] needs a constant name: %s", group, spelling.OrNone(r.language.fields[group]))
		return n
	}
	if group == vars {
		return r.constant(property, n)
	}
	if !slices.Contains(r.language.fields[group], property.Value) {
		r.fail(property, "%s has no field %q%s", group, property.Value, r.otherField(group, property.Value))
	}
	return n
}

// otherField is the field that was probably meant: one of a near name or, of what
// comes with data of its own, one of the data's.
func (r *rewriter) otherField(group, name string) string {
	fields := r.language.fields[group]
	if slices.Contains(fields, "data") && spelling.Nearest(name, fields) == "" {
		return fmt.Sprintf("; did you mean %s.data.%s? There are: %s", group, name, spelling.OrNone(fields))
	}
	return spelling.DidYouMean(name, fields)
}

func (r *rewriter) constant(name *ast.StringNode, n *ast.MemberNode) ast.Node {
	value, ok := r.language.constants[name.Value]
	if !ok {
		r.fail(name, "vars has no %q%s", name.Value, spelling.DidYouMean(name.Value, r.language.fields[vars]))
		return n
	}
	c := &ast.ConstantNode{Value: value}
	c.SetLocation(n.Location())
	return c
}
