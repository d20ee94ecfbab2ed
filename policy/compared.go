package policy

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// eachComparison calls found with every comparison of something with constant
// texts, wherever in an expression it stands: one, or each of a list.
func eachComparison(root ast.Node, found func(subject ast.Node, operator string, texts []string)) {
	ast.Walk(&root, &comparisons{found: found})
}

// comparisons collects comparisons with texts.
type comparisons struct {
	found    func(subject ast.Node, operator string, texts []string)
	elements []*ast.BinaryNode
}

// Visit implements ast.Visitor. Predicates come before the call that they stand
// in: what they compare # with waits for it.
func (c *comparisons) Visit(n *ast.Node) {
	switch n := (*n).(type) {
	case *ast.BinaryNode:
		c.comparison(n)
	case *ast.BuiltinNode:
		if list, ok := expression.Constant(n.Arguments[0]); ok {
			c.predicates(list)
		}
		c.elements = nil
	}
}

// predicates looks at the texts of a list that # stands for, as in
// any(["a-*"], flow.name startsWith #).
func (c *comparisons) predicates(list any) {
	for _, n := range c.elements {
		switch {
		case isElement(n.Right):
			c.texts(n.Left, n.Operator, list)
		case eitherWay(n.Operator):
			c.texts(n.Right, n.Operator, list)
		}
	}
}

func isElement(n ast.Node) bool {
	_, ok := n.(*ast.PointerNode)
	return ok
}

// comparison looks at one comparison, whichever way round it is written.
func (c *comparisons) comparison(n *ast.BinaryNode) {
	if isElement(n.Left) != isElement(n.Right) {
		c.elements = append(c.elements, n)
		return
	}
	if value, constant := expression.Constant(n.Right); constant {
		c.texts(n.Left, n.Operator, value)
	} else if value, constant := expression.Constant(n.Left); constant && eitherWay(n.Operator) {
		c.texts(n.Right, n.Operator, value)
	}
}

// eitherWay says whether a comparison asks the same of both sides. "a,b" contains
// flow.name asks nothing of the text.
func eitherWay(operator string) bool { return slices.Contains([]string{"==", "!=", "in"}, operator) }

var comparingTexts = []string{"==", "!=", "in", "contains", "startsWith", "endsWith", "matches"}

func (c *comparisons) texts(subject ast.Node, operator string, value any) {
	if !slices.Contains(comparingTexts, operator) {
		return
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var texts []string
	for _, one := range list {
		if text, ok := one.(string); ok {
			texts = append(texts, text)
		}
	}
	c.found(subject, operator, texts)
}
