package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// always finds rules that condemn everything, and conditions that are true for
// everything. Flows and windows narrow where and when a rule judges, not what it
// condemns there.
func (l *linter) always(r *lintRule) {
	given := slices.DeleteFunc(r.given(), func(c conjunct) bool { return c.source() == "flows" || c.source() == "window" })
	when := slices.DeleteFunc(slices.Clone(given), func(c conjunct) bool { return c.source() != "when" })
	narrows := func(c conjunct) bool { return !r.holdsAlways(c) }
	switch all := !slices.ContainsFunc(given, narrows); {
	case all && len(when) > 0:
		l.warn(r, "when", LintAlways, "this is true for every execution: "+r.everything(), "narrow it, unless that is what you want")
	case all && len(given) > 0:
		l.warn(r, given[0].source(), LintAlways, "this is true for every execution: "+r.everything(), "narrow it, unless that is what you want")
	case all:
		l.warn(r, "", LintAlways, "no condition says which executions: "+r.everything(),
			"give maxRuntime or when; if that is what you want, allow it: # lint: allow always")
	case len(when) > 0 && !slices.ContainsFunc(when, narrows):
		l.warn(r, "when", LintAlways, "this is true for every execution, so that it narrows nothing", "take it out, or correct it")
	}
}

// everything says what a rule condemns that nothing narrows.
func (r *lintRule) everything() string {
	text := "the rule condemns all that runs"
	if !r.flows.namesAll() {
		text += " of its flows"
	}
	if slices.ContainsFunc(r.conjuncts, func(c conjunct) bool { return c.source() == "window" }) {
		text += " while its window is open"
	}
	if slices.Contains(r.On, OnEvent) {
		text += ", whatever the event is"
	}
	return text
}

// belowTick finds an age that passes between two sweeps.
func (l *linter) belowTick(r *lintRule) {
	age, key := r.leastAge()
	if age == 0 || age >= l.options.Tick || !slices.Contains(r.On, OnTimer) {
		return
	}
	tick := duration.Format(l.options.Tick)
	l.warn(r, key, LintBelowTick, fmt.Sprintf("a limit of %s is shorter than the %s between two sweeps: executions are stopped up to %s late",
		duration.Format(age), tick, tick), "give a longer limit, or sweep more often")
}

// warnBefore finds warnings that can't come in time: the execution would have to be
// warned of before it starts.
func (l *linter) warnBefore(r *lintRule) {
	age, _ := r.leastAge()
	if age == 0 || r.WarnBefore == 0 || age > r.lead() {
		return
	}
	l.warn(r, "warnBefore", LintWarnBefore, fmt.Sprintf("executions are warned of as soon as they are seen, and stopped %s later, at a limit of %s: its flows are looked at in every sweep for that",
		duration.Format(r.WarnBefore), duration.Format(age)), "warn later, or give a longer limit")
}

// nilGuard finds comparisons of an input that also hold where there is none.
func (l *linter) nilGuard(r *lintRule) {
	for _, c := range r.conjuncts {
		when, ok := c.(*condition)
		if !ok || when.key != "when" {
			continue
		}
		for _, path := range unguarded(when.expression) {
			if !r.guards(path) {
				l.warn(r, "when", LintNilGuard, fmt.Sprintf("this is true, too, for executions whose input has no %s", strings.TrimPrefix(path, inputPrefix)),
					fmt.Sprintf("if that isn't meant, add: %s != nil and …", path))
			}
		}
	}
}

const inputPrefix = "execution.input."

// unguarded are the paths into inputs whose absence makes a comparison true: those
// that are compared with != or not in. Who writes not (input.x == 5) says unless, and
// means it.
func unguarded(e *expression.Expression) []string {
	var paths []string
	for part := range e.All() {
		operator := "!="
		if part.Operator == "not" {
			part, operator = part.Subject, "in"
		}
		if part.Operator != operator {
			continue
		}
		subject, with := askedOf(part)
		path := subject.Describe(nil)
		if subject.IsMember() && strings.HasPrefix(path, inputPrefix) && !slices.Contains(paths, path) && !asksForNil(with) {
			paths = append(paths, path)
		}
	}
	return paths
}

// asksForNil says whether nil is among the constants that something is compared with.
func asksForNil(with *expression.Expression) bool {
	value, constant := with.Constant()
	list, _ := value.([]any)
	return constant && (value == nil || slices.Contains(list, nil))
}

// guards says whether the rule's conditions leave no room for a path that is
// nil, or ask for nil somewhere: then somebody has thought of it.
func (r *lintRule) guards(path string) bool {
	for _, c := range r.only {
		if c.Subject == path && !c.Allows(nil) {
			return true
		}
	}
	for _, c := range r.conjuncts {
		if text := c.String(); strings.Contains(text, path+" == nil") || strings.Contains(text, path+" != nil") {
			return true
		}
	}
	return false
}
