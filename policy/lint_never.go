package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/constraint"
	"github.com/flowreaper/flowreaper/policy/internal/globset"
)

// never finds a rule that can never stop anything.
func (l *linter) never(r *lintRule) bool {
	key, why := r.contradiction()
	next := "correct one of them, or take the rule out"
	if why == "" {
		key, why, next = l.noFlows(r)
	}
	if why == "" {
		key, why, next = l.neverOpen(r)
	}
	if why == "" {
		return false
	}
	l.warn(r, key, LintNever, "the rule can never stop anything: "+why, next)
	return true
}

// limits finds limits under which everything is withheld (to some tools 0 is no
// limit), or that never hold a wrong rule up.
func (l *linter) limits(n *yamltree.Node) {
	if !slices.ContainsFunc(l.policy.Rules, func(r *Rule) bool { return !r.NoLimits }) {
		return
	}
	limits := l.policy.Limits
	r := newLintRule(&Rule{}, -1, n)
	const says = "these limits let nothing be stopped: all that is condemned under them is withheld"
	switch {
	case limits.MaxStops == 0:
		l.warn(r, "maxStops", LintNever, says, "0 is no stop at all: give the most that may be stopped")
	case limits.MaxShare == 0 && limits.Floor == 0:
		l.warn(r, "maxShare", LintNever, says, "give a maxShare, or a floor, above 0")
	case limits.Over == Trickle:
		l.warn(r, "over", LintTrickle, fmt.Sprintf("a rule that is wrong goes on stopping what it should not, up to %s every %s, until somebody sees it: withhold would stop nothing",
			plain.Count(limits.MaxStops, "execution"), duration.Format(limits.Per)), "if that is meant, say so: # lint: allow trickle")
	}
}

// contradiction names conditions that can't hold, or can't hold together.
func (r *lintRule) contradiction() (key, why string) {
	for _, c := range r.conjuncts {
		if when, ok := c.(*condition); ok {
			if value, constant := when.expression.Constant(); constant && value == false {
				return when.key, "this is always false"
			}
		}
	}
	for i, a := range r.only {
		for _, fact := range slices.Concat(certain, shown(a.Subject)) {
			if a.Apart(fact) {
				return a.condition.key, a.condition.String() + " is true of no execution"
			}
		}
		for _, b := range r.only[:i] {
			if a.Apart(b.Constraint) {
				return a.condition.key, a.condition.String() + " contradicts " + b.condition.String() + implied(b.condition)
			}
		}
	}
	return "", ""
}

// implied says where a condition comes from that the file doesn't spell out.
func implied(c *condition) string {
	switch {
	case strings.HasSuffix(c.key, "when"):
		return ""
	case c.key != "":
		return ", which is what " + c.key + " means"
	case c.reads().Has(eventKind):
		return ", which is what on means (without it: timer and manual)"
	}
	return ", which holds for every rule"
}

// noFlows finds a rule whose flows can't exist, or are all protected.
func (l *linter) noFlows(r *lintRule) (key, why, next string) {
	if _, any := globset.Find([]globset.List{r.flows.list()}, nil); !any {
		return "flows", "its flows name none", "the last glob that matches wins: put exclusions behind what they exclude from, and no further"
	}
	if names, ok := r.flowNames(); ok && !slices.ContainsFunc(names, r.flows.matches) {
		return "flows", fmt.Sprintf("its flows don't name %s, the only that its conditions leave", quotedList(names)), "correct one of them"
	}
	if protected := l.policy.protection.flows; protected != nil && r.flowsWithin(protected) {
		return "flows", "all of its flows are protected", "take them out of protect.flows, or the rule out"
	}
	return "", "", ""
}

// year is how long CloudFlow lets a Standard execution run.
const year = 365 * 24 * time.Hour

// beyondYear finds an age that no execution reaches.
func (l *linter) beyondYear(r *lintRule) bool {
	age, key := r.leastAge()
	if age < year {
		return false
	}
	l.warn(r, key, LintBeyondYear, fmt.Sprintf("no execution gets older than %s: CloudFlow itself ends them after a year", duration.Format(age)),
		"give a limit below 365d")
	return true
}

// express finds a rule that only Express flows can meet.
func (l *linter) express(r *lintRule) bool {
	i := slices.IndexFunc(r.only, func(c limited) bool {
		return c.Subject == subjectMode && c.Apart(constraint.OneOf(subjectMode, "Standard"))
	})
	if i < 0 {
		return false
	}
	l.warn(r, r.only[i].condition.key, LintExpress, "this holds for Express flows alone, and they are never looked at: their executions end within five minutes",
		"take the rule out")
	return true
}
