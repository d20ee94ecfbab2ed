package policy

import (
	"fmt"
	"slices"

	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/constraint"
	"github.com/flowreaper/flowreaper/policy/internal/globset"
)

// protect looks at what shall never be stopped, as at a rule without a name: a
// slip there stops what somebody meant to keep.
func (l *linter) protect(n *yamltree.Node) {
	if n.IsEmpty() {
		return
	}
	p := l.policy.protection
	r := newLintRule(&Rule{conjuncts: p.when}, -1, n)
	l.misplaced(r)
	l.timeZone(r)
	l.protectFlows(r, p.flows)
	l.protectWindow(r, p.window)
	live := constraint.OneOf("execution.status", "Running", "Starting")
	_, why := r.contradiction()
	for _, c := range r.only {
		if c.Apart(live) {
			why = c.condition.String() + " is true of no execution that could be stopped"
		}
	}
	switch {
	case why != "":
		l.warn(r, "when", LintProtect, "this protects nothing: "+why, "correct it, or take it out")
	case len(p.when) > 0 && !slices.ContainsFunc(p.when, func(c conjunct) bool { return !r.holdsAlways(c) }):
		l.warn(r, "when", LintProtect, "this protects everything: it is true for every execution, and nothing is ever stopped", "narrow it, or correct it")
	}
}

// protectFlows finds a list that protects none, all, or all but what was meant.
func (l *linter) protectFlows(r *lintRule, flows *globs) {
	if flows == nil {
		return
	}
	_, any := globset.Find([]globset.List{flows.list()}, nil)
	switch first := flows.patterns[0]; {
	case !any:
		l.warn(r, "flows", LintProtect, "this protects nothing: its flows name none", "the last glob that matches wins: put exclusions behind what they exclude from, and no further")
	case flows.namesAll():
		l.warn(r, "flows", LintProtect, "this protects every flow: nothing is ever stopped", "name those that shall be protected")
	case first.exclude:
		l.warn(r, "flows", LintProtect, fmt.Sprintf("a list that begins with ! begins from all: every flow is protected, but not %q", first.pattern),
			fmt.Sprintf(`to protect those write %q; if this is meant, begin with "*"`, first.pattern))
	}
}
