package expression

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
)

func (l *Language) builtinEvaluator(n *ast.BuiltinNode) evaluator {
	switch n.Name {
	case "all", "any", "none", "one", "count":
		return quantifier(n.Name, l.loop(n))
	case "filter", "map":
		return collected(n.Name, l.loop(n))
	case "sum":
		return sum(l.loop(n))
	}
	return l.functionEvaluator(n.Name, n.Arguments)
}

// loop evaluates the predicate of a call on each element of its list, until
// the visitor has seen enough.
type loop func(m *machine, visit func(element, result any) (more bool, err error)) error

func (l *Language) loop(n *ast.BuiltinNode) loop {
	list := l.evaluator(n.Arguments[0])
	predicate := func(m *machine) (any, error) { return m.element, nil } // count(list)
	if len(n.Arguments) > 1 {
		predicate = l.evaluator(n.Arguments[1])
	}
	return func(m *machine, visit func(element, result any) (bool, error)) error {
		value, err := list(m)
		if err != nil {
			return err
		}
		items, ok := value.([]any)
		if !ok {
			return fmt.Errorf("%s() takes a list, not %s", n.Name, kindOf(value))
		}
		for _, item := range items {
			if err := m.spend(1); err != nil {
				return err
			}
			m.element = item
			result, err := predicate(m)
			if err != nil {
				return err
			}
			if more, err := visit(item, result); !more || err != nil {
				return err
			}
		}
		return nil
	}
}

func asTruth(result any) (bool, error) {
	b, ok := result.(bool)
	if !ok {
		return false, fmt.Errorf("the predicate's result is %s, not true or false", kindOf(result))
	}
	return b, nil
}

// quantifier counts the elements for which the predicate holds, as far as it
// must to answer.
func quantifier(name string, run loop) evaluator {
	return func(m *machine) (any, error) {
		yes, no := 0, 0
		err := run(m, func(_, result any) (bool, error) {
			holds, err := asTruth(result)
			if holds {
				yes++
			} else {
				no++
			}
			return undecided(name, yes, no), err
		})
		if err != nil {
			return nil, err
		}
		switch name {
		case "all":
			return no == 0, nil
		case "any":
			return yes > 0, nil
		case "none":
			return yes == 0, nil
		case "one":
			return yes == 1, nil
		}
		return yes, nil
	}
}

// undecided says whether another element could change the answer. one and
// count look at every element, as expr does.
func undecided(name string, yes, no int) bool {
	switch name {
	case "all":
		return no == 0
	case "any", "none":
		return yes == 0
	}
	return true
}

// collected are the elements for which the predicate holds, or, of map, its results.
func collected(name string, run loop) evaluator {
	return func(m *machine) (any, error) {
		all := []any{}
		err := run(m, func(element, result any) (bool, error) {
			if name == "map" {
				all = append(all, result)
				return true, nil
			}
			holds, err := asTruth(result)
			if holds {
				all = append(all, element)
			}
			return true, err
		})
		if err != nil {
			return nil, err
		}
		return all, nil
	}
}
