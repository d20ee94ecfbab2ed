package expression

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// operation computes a binary operator from the values of its sides.
type operation func(m *machine, a, b any) (any, error)

var operations = map[string]operation{
	"==":         func(m *machine, a, b any) (any, error) { return equal(m, a, b) },
	"!=":         func(m *machine, a, b any) (any, error) { return not(equal(m, a, b)) },
	"<":          ordering("<", func(sign int) bool { return sign < 0 }),
	"<=":         ordering("<=", func(sign int) bool { return sign <= 0 }),
	">":          ordering(">", func(sign int) bool { return sign > 0 }),
	">=":         ordering(">=", func(sign int) bool { return sign >= 0 }),
	"in":         in,
	"contains":   find("contains", strings.Contains, theText),
	"startsWith": find("startsWith", strings.HasPrefix, thePart),
	"endsWith":   find("endsWith", strings.HasSuffix, thePart),
	"+":          add,
	"-":          subtract,
	"*":          multiply,
	"/":          divide,
	"%":          modulo,
	"**":         power,
}

func (l *Language) binaryEvaluator(n *ast.BinaryNode) evaluator {
	left, right := l.evaluator(n.Left), l.evaluator(n.Right)
	switch n.Operator {
	case "and":
		return shortcut(left, right, false)
	case "or":
		return shortcut(left, right, true)
	case "??":
		return coalesce(left, right)
	case "matches":
		return l.matches(n, left)
	}
	operate, ok := operations[n.Operator]
	if !ok {
		return func(*machine) (any, error) { return nil, fmt.Errorf("%s is not in the language", n.Operator) }
	}
	return both(left, right, operate)
}

// both computes something from the values of two sides.
func both(left, right evaluator, operate operation) evaluator {
	return func(m *machine) (any, error) {
		a, err := left(m)
		if err != nil {
			return nil, err
		}
		b, err := right(m)
		if err != nil {
			return nil, err
		}
		return operate(m, a, b)
	}
}

// shortcut is and, or: the right side is not looked at where the left decides.
func shortcut(left, right evaluator, decides bool) evaluator {
	return func(m *machine) (any, error) {
		b, err := truth(left, m)
		if err != nil {
			return nil, err
		}
		if b == decides {
			return b, nil
		}
		b, err = truth(right, m)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
}

func coalesce(left, right evaluator) evaluator {
	return func(m *machine) (any, error) {
		value, err := left(m)
		if err != nil || value != nil {
			return value, err
		}
		return right(m)
	}
}

func unaryEvaluator(operator string, of evaluator) evaluator {
	return func(m *machine) (any, error) {
		if operator == "not" {
			b, err := truth(of, m)
			return !b, err
		}
		value, err := of(m)
		if err != nil {
			return nil, err
		}
		switch value.(type) {
		case int, float64:
			if operator == "-" {
				return subtract(m, 0, value)
			}
			return value, nil
		}
		return nil, fmt.Errorf("%s%s cannot be computed", operator, kindOf(value))
	}
}

// matches looks for a pattern that was checked when the expression was.
func (l *Language) matches(n *ast.BinaryNode, left evaluator) evaluator {
	constant, _ := constantOf(n.Right)
	text, _ := constant.(string)
	pattern, err := l.pattern(text)
	if err != nil {
		return func(*machine) (any, error) { return nil, err }
	}
	const perStep = 16 // instructions times characters
	return func(m *machine) (any, error) {
		value, err := left(m)
		if err != nil || value == nil {
			return false, err
		}
		text, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("%s cannot be matched: matches takes a text", kindOf(value))
		}
		if err := m.spend(1 + len(text)/perStep*pattern.size); err != nil {
			return nil, err
		}
		return pattern.MatchString(text), nil
	}
}

// find is contains, startsWith or endsWith. In nil nothing is found, nor is nil.
// looksAt is what it pays for looking at.
func find(operator string, finds func(text, part string) bool, looksAt func(text, part string) string) operation {
	return func(m *machine, a, b any) (any, error) {
		if a == nil || b == nil {
			return false, nil
		}
		text, isText := a.(string)
		part, alsoText := b.(string)
		if !isText || !alsoText {
			return nil, fmt.Errorf("%s %s %s cannot be looked for: both must be texts", kindOf(a), operator, kindOf(b))
		}
		return finds(text, part), m.look(looksAt(text, part))
	}
}

func theText(text, _ string) string { return text }
func thePart(_, part string) string { return part }

// in says whether a list has an element, or an object a key. In nil there is
// nothing.
func in(m *machine, a, b any) (any, error) {
	switch b := b.(type) {
	case nil:
		return false, nil
	case []any:
		for _, item := range b {
			same, err := equalItems(m, item, a)
			if same || err != nil {
				return same, err
			}
		}
		return false, nil
	case map[string]any, map[string]string:
		key, ok := a.(string)
		if a == nil {
			return false, nil
		}
		if !ok {
			return nil, fmt.Errorf("%s cannot be a key of an object: in takes a text here", kindOf(a))
		}
		_, found := object(b)[key]
		return found, m.spend(1)
	}
	return nil, fmt.Errorf("in takes a list or an object on its right, not %s", kindOf(b))
}
