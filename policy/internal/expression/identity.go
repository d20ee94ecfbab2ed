package expression

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// Identity is a text that two expressions share only if they mean the same:
// what Describe prints, which shortens long constants and rounds numbers, and
// all constants in full.
func (e *Expression) Identity() string {
	c := constants{}
	c.WriteString(e.Describe(nil))
	root := e.node
	ast.Walk(&root, &c)
	return c.String()
}

// constants collects the constants of the nodes that it visits.
type constants struct{ strings.Builder }

// Visit implements ast.Visitor.
func (c *constants) Visit(n *ast.Node) {
	if value, ok := constantOf(*n); ok {
		c.WriteString(" " + exact(value))
	}
}

// exact prints a constant such that no other of its type prints alike.
func exact(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case fmt.Stringer: // a duration
		return strconv.Quote(v.String())
	}
	return fmt.Sprintf("%#v", v)
}
