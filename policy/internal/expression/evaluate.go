package expression

import (
	"errors"
	"fmt"
	"math"

	"github.com/expr-lang/expr/ast"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// maxSteps bounds one evaluation: an element looked at is a step, and so is
// every chunk of a text. It is some tens of milliseconds at most.
const maxSteps = 1_000_000

// textPerStep is how many bytes of a text are looked at, or made, in one step:
// 16 MB in one evaluation.
const textPerStep = 16

// machine is the state of one evaluation.
type machine struct {
	env     Env
	budget  int
	element any // what # is
}

var errBudget = errors.New("the evaluation takes too long: the values are too large for this condition")

func (m *machine) spend(steps int) error {
	if m.budget -= steps; m.budget < 0 || steps < 0 {
		return errBudget
	}
	return nil
}

// look pays for looking at a text.
func (m *machine) look(text string) error { return m.spend(1 + len(text)/textPerStep) }

// evaluator computes the value of one node.
type evaluator func(*machine) (any, error)

// Value evaluates the expression.
func (e *Expression) Value(env Env) (any, error) {
	return e.evaluator()(&machine{env: env, budget: maxSteps})
}

// Holds evaluates a condition. Its errors say which condition it was.
func (e *Expression) Holds(env Env) (bool, error) {
	value, err := e.Value(env)
	if err != nil {
		return false, fmt.Errorf("%s: %w", plain.Clip(e.Describe(nil), 200), err)
	}
	holds, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("%s: the result is %s, not true or false", plain.Clip(e.Describe(nil), 200), kindOf(value))
	}
	return holds, nil
}

// evaluator makes the evaluator of a checked node.
func (l *Language) evaluator(n ast.Node) evaluator {
	if value, ok := constantOf(n); ok {
		return func(*machine) (any, error) { return value, nil }
	}
	if v, ok := l.variable(n); ok {
		return func(m *machine) (any, error) {
			value, err := m.env.Value(v)
			if err != nil {
				return nil, err
			}
			return normal(value)
		}
	}
	switch n := n.(type) {
	case *ast.MemberNode:
		return both(l.evaluator(n.Node), l.evaluator(n.Property), member)
	case *ast.UnaryNode:
		return unaryEvaluator(n.Operator, l.evaluator(n.Node))
	case *ast.BinaryNode:
		return l.binaryEvaluator(n)
	case *ast.ConditionalNode:
		return conditionalEvaluator(l.evaluator(n.Cond), l.evaluator(n.Exp1), l.evaluator(n.Exp2))
	case *ast.ArrayNode:
		return listEvaluator(l.evaluators(n.Nodes))
	case *ast.CallNode:
		if ofTime(n) {
			return l.wallEvaluator(n)
		}
		return l.functionEvaluator(callee(n), n.Arguments)
	case *ast.BuiltinNode:
		return l.builtinEvaluator(n)
	case *ast.PredicateNode:
		return l.evaluator(n.Node)
	case *ast.PointerNode:
		return func(m *machine) (any, error) { return normal(m.element) }
	}
	return func(*machine) (any, error) { return nil, fmt.Errorf("%T is not in the language", n) }
}

func (l *Language) evaluators(nodes []ast.Node) []evaluator {
	var all []evaluator
	for _, n := range nodes {
		all = append(all, l.evaluator(n))
	}
	return all
}

// member follows one step of a path. What isn't there is nil: a missing key, an
// element beyond a list's end, and what lies behind them or behind null. Going
// into something that is there and can't be gone into is an error: what it
// holds, a text of JSON perhaps, nobody has looked at.
func member(_ *machine, from, key any) (any, error) {
	name, isText := key.(string)
	switch from := from.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		if isText {
			return normal(from[name])
		}
	case map[string]string:
		if value, found := from[name]; found && isText {
			return value, nil
		}
		if isText {
			return nil, nil
		}
	case []any:
		if i, ok := index(key); ok {
			return element(from, i)
		}
	}
	return nil, noMember(from, key)
}

// noMember is the error of a step that can't be taken.
func noMember(from, key any) error {
	_, isText := key.(string)
	switch from.(type) {
	case []any:
		return fmt.Errorf("a list has no key %s: index it with a whole number", show(key))
	case map[string]any, map[string]string:
		return fmt.Errorf("an object has no key %s: its keys are texts", show(key))
	}
	if isText {
		return fmt.Errorf("%s has no key %s: only an object has keys", kindOf(from), show(key))
	}
	return fmt.Errorf("%s has no element %s: only a list has elements", kindOf(from), show(key))
}

// index is a whole number, as JSON may write it: 1, or 1.0.
func index(key any) (int, bool) {
	switch key := key.(type) {
	case int:
		return key, true
	case float64:
		return int(key), math.Trunc(key) == key && math.Abs(key) < 1<<53
	}
	return 0, false
}

// element is an element of a list; a negative index counts from the end.
func element(list []any, i int) (any, error) {
	if i < 0 {
		i += len(list)
	}
	if i < 0 || i >= len(list) {
		return nil, nil
	}
	return normal(list[i])
}

func conditionalEvaluator(cond, yes, no evaluator) evaluator {
	return func(m *machine) (any, error) {
		holds, err := truth(cond, m)
		switch {
		case err != nil:
			return nil, err
		case holds:
			return yes(m)
		}
		return no(m)
	}
}

func listEvaluator(items []evaluator) evaluator {
	return func(m *machine) (any, error) {
		list := make([]any, len(items))
		for i, item := range items {
			value, err := item(m)
			if err != nil {
				return nil, err
			}
			list[i] = value
		}
		return list, m.spend(len(items))
	}
}

// truth evaluates what must be true or false.
func truth(e evaluator, m *machine) (bool, error) {
	value, err := e(m)
	if err != nil {
		return false, err
	}
	b, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("%s stands where true or false must", kindOf(value))
	}
	return b, nil
}
