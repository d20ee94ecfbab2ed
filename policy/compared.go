package policy

import (
	"slices"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// comparison is one of something with constant texts: with one, or with each of a
// list.
type comparison struct {
	subject  *expression.Expression
	operator string
	texts    []string
}

var comparingTexts = []string{"==", "!=", "in", "contains", "startsWith", "endsWith", "matches"}

// comparisons are those of an expression, wherever in it they stand. list is what #
// stands for, as in any(["a-*"], flow.name startsWith #); nil where it isn't constant.
func comparisons(e *expression.Expression, list any) []comparison {
	if elements, constant := predicatesList(e); constant {
		list = elements
	}
	var all []comparison
	for _, part := range e.Parts {
		all = append(all, comparisons(part, list)...)
	}
	if !slices.Contains(comparingTexts, e.Operator) {
		return all
	}
	subject, with := askedOf(e)
	value, constant := with.Constant()
	if with.IsElement() {
		value, constant = list, list != nil
	}
	if constant {
		all = append(all, comparison{subject, e.Operator, textsIn(value)})
	}
	return all
}

// predicatesList is the constant list of whose elements a predicate is asked.
func predicatesList(e *expression.Expression) (any, bool) {
	if e.Calls() == "" {
		return nil, false
	}
	return e.Parts[0].Constant()
}

// askedOf is what a comparison asks of, and what it compares that with: of "a" in
// execution.input.list, the list. "a,b" contains flow.name asks nothing of the name.
func askedOf(e *expression.Expression) (subject, with *expression.Expression) {
	if _, constant := e.Subject.Constant(); e.Operator == "in" && (constant || e.Subject.IsElement()) {
		return e.Side, e.Subject
	}
	return e.Subject, e.Side
}

// textsIn are the texts that a value is, or holds.
func textsIn(value any) []string {
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
	return texts
}
