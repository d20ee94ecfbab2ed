package expression

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/flowreaper/flowreaper/internal/spelling"
)

// rewriter walks what was parsed, before it is checked: it refuses what is not
// on the allow-list, says what is unknown, puts constants in the place of
// vars.NAME and gives every operator one spelling.
type rewriter struct {
	language    *Language
	seen        map[ast.Node]bool
	inPredicate bool
	compared    ast.Node // what the operator == or != has behind it
	problems    []Problem
}

func (r *rewriter) fail(n ast.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{n.Location().From, fmt.Sprintf(format, args...)})
}

func (r *rewriter) rewrite(n ast.Node) ast.Node {
	// The parser writes a < b < c as (a < b) and (b < c), with one b in both.
	// Nested, what is shared is checked twice a level: a short text takes for ever.
	if r.seen[n] {
		r.fail(n, "comparisons cannot be chained: write a < b and b < c")
		return n
	}
	r.seen[n] = true
	switch n := n.(type) {
	case *ast.NilNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
		return n
	case *ast.IdentifierNode, *ast.MemberNode:
		return r.path(n)
	case *ast.ChainNode: // what isn't there is nil, with ?. or without
		return r.rewrite(n.Node)
	case *ast.UnaryNode:
		return r.unary(n)
	case *ast.BinaryNode:
		return r.binary(n)
	case *ast.ConditionalNode:
		return r.conditional(n)
	case *ast.CallNode:
		return r.call(n)
	case *ast.BuiltinNode:
		return r.builtin(n)
	case *ast.ArrayNode:
		r.each(n.Nodes)
		return n
	case *ast.PointerNode:
		if n.Name != "" {
			r.fail(n, "#%s is not in the language: # is the element", n.Name)
		}
		return n
	}
	return r.refuse(n)
}

func (r *rewriter) each(nodes []ast.Node) {
	for i := range nodes {
		nodes[i] = r.rewrite(nodes[i])
	}
}

func (r *rewriter) refuse(n ast.Node) ast.Node {
	switch n.(type) {
	case *ast.VariableDeclaratorNode:
		r.fail(n, "let is not in the language: name a constant in vars, or write the value out")
	case *ast.SequenceNode:
		r.fail(n, "; is not in the language: join conditions with and")
	case *ast.MapNode, *ast.PairNode:
		r.fail(n, "an object {…} cannot be written in a condition")
	case *ast.SliceNode:
		r.fail(n, "a slice [a:b] is not in the language: use startsWith, endsWith, contains or matches")
	case *ast.BytesNode:
		r.fail(n, "bytes b\"…\" are not in the language: write a text")
	default:
		r.fail(n, "this is not in the language")
	}
	return n
}

func (r *rewriter) unary(n *ast.UnaryNode) ast.Node {
	if n.Operator == "!" {
		n.Operator = "not"
	}
	n.Node = r.rewrite(n.Node)
	return n
}

// spellings gives operators with two spellings one.
var spellings = map[string]string{"&&": "and", "||": "or", "^": "**"}

func (r *rewriter) binary(n *ast.BinaryNode) ast.Node {
	if n.Operator == ".." {
		r.fail(n, "a range a..b is not in the language: compare with >= and <=")
		return n
	}
	if one, ok := spellings[n.Operator]; ok {
		n.Operator = one
	}
	if r.dashed(n) || r.notAlone(n) {
		return n
	}
	n.Left = r.rewrite(n.Left)
	if n.Operator == "==" || n.Operator == "!=" {
		r.compared = n.Right
	}
	n.Right = r.rewrite(n.Right)
	if n.Operator == "matches" {
		r.pattern(n.Right)
	}
	return n
}

// dashed refuses a.b-c, which was meant as a name with a dash in it.
func (r *rewriter) dashed(n *ast.BinaryNode) bool {
	member, path := n.Left.(*ast.MemberNode)
	rest, name := n.Right.(*ast.IdentifierNode)
	if n.Operator != "-" || !path || !name || slices.Contains(r.language.names(), rest.Value) {
		return false
	}
	field, ok := member.Property.(*ast.StringNode)
	if ok {
		r.fail(rest, "unknown name %q: a name with a dash in it stands in brackets, [\"%s-%s\"]", rest.Value, field.Value, rest.Value)
	}
	return ok
}

// notAlone refuses not a == 5, which is (not a) == 5.
func (r *rewriter) notAlone(n *ast.BinaryNode) bool {
	not, ok := n.Left.(*ast.UnaryNode)
	if !ok || not.Operator != "not" && not.Operator != "!" || operations[n.Operator] == nil && n.Operator != "matches" {
		return false
	}
	if _, value := n.Right.(*ast.BoolNode); value {
		return false
	}
	if _, constant := constantOf(n.Right); !constant {
		if _, list := n.Right.(*ast.ArrayNode); !list {
			return false
		}
	}
	r.fail(not, "not stands for the next name alone: write not (a %s b)", n.Operator)
	return true
}

func (r *rewriter) conditional(n *ast.ConditionalNode) ast.Node {
	if !n.Ternary {
		r.fail(n.Cond, "if is not in the language: write condition ? a : b")
		return n
	}
	if n.Cond == n.Exp1 { // a ?: b shares a, as chained comparisons do
		r.fail(n, "?: is not in the language: write a ?? b, or condition ? a : b")
		return n
	}
	n.Cond, n.Exp1, n.Exp2 = r.rewrite(n.Cond), r.rewrite(n.Exp1), r.rewrite(n.Exp2)
	return n
}

func (r *rewriter) call(n *ast.CallNode) ast.Node {
	name, ok := n.Callee.(*ast.IdentifierNode)
	switch {
	case !ok:
		r.fail(n, "methods cannot be called%s", methodInstead(n.Callee))
	case !slices.Contains(ours, name.Value):
		r.fail(n, "unknown function %q%s", name.Value, r.functionHint(name.Value))
	case name.Value == "duration" && len(n.Arguments) == 1 && isNumber(n.Arguments[0]):
		r.fail(n.Arguments[0], "duration() takes a text with a unit: write duration(\"%vs\") for seconds", n.Arguments[0])
	default:
		r.each(n.Arguments)
	}
	return n
}

// methodInstead ends the error of a call of a method.
func methodInstead(callee ast.Node) string {
	if member, ok := callee.(*ast.MemberNode); ok {
		if name, ok := member.Property.(*ast.StringNode); ok && writeInstead(name.Value) != "" {
			return writeInstead(name.Value)
		}
	}
	return "; there are the functions " + functionList
}

func isNumber(n ast.Node) bool {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return true
	}
	return false
}

func (r *rewriter) builtin(n *ast.BuiltinNode) ast.Node {
	if !slices.Contains(builtins, n.Name) {
		r.fail(n, "unknown function %q%s", n.Name, r.functionHint(n.Name))
		return n
	}
	for i, arg := range n.Arguments {
		predicate, ok := arg.(*ast.PredicateNode)
		if !ok {
			n.Arguments[i] = r.rewrite(arg)
			continue
		}
		if r.inPredicate {
			r.fail(n, "%s() stands inside another predicate: they cannot be nested", n.Name)
			return n
		}
		r.inPredicate = true
		predicate.Node = r.rewrite(predicate.Node)
		r.inPredicate = false
	}
	return n
}

var (
	functionNames = slices.Sorted(slices.Values(slices.Concat(builtins, ours)))
	functionList  = strings.Join(functionNames, ", ")
)

func (r *rewriter) functionHint(name string) string {
	if write := writeInstead(name); write != "" {
		return write
	}
	if near := spelling.Nearest(name, functionNames); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; there are " + functionList
}
