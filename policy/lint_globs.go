package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// misplaced finds globs where none are read: in a comparison, which takes a text
// letter by letter, and in matches, which takes a regular expression.
func (l *linter) misplaced(r *lintRule) {
	for _, c := range r.conjuncts {
		when, ok := c.(*condition)
		if !ok || strings.TrimPrefix(when.key, "protect.") != "when" {
			continue
		}
		key := strings.TrimSuffix(when.key, "when") + "flows"
		for _, c := range comparisons(when.expression, nil) {
			if message, next := c.misplaced(key); message != "" {
				l.warn(r, "when", LintGlob, message, next)
			}
		}
	}
}

// misplaced says of the first text that what it is compared with can't hold, or that
// looks like a glob, what is wrong and what to do. key is where globs are read: flows,
// or protect.flows.
func (c comparison) misplaced(key string) (message, next string) {
	name := bare(c.subject).Describe(nil)
	for _, text := range c.texts {
		if c.operator == "matches" {
			if globInPattern(text) {
				at := strings.IndexAny(text, "*?")
				return fmt.Sprintf("matches takes a regular expression, and %s is a glob: its %c repeats the %q before it, or leaves it out",
					quote(text), text[at], text[at-1:at]), c.instead(key, name, strings.Trim(text, "^$"))
			}
		} else if wrong := cannotHold(bare(c.subject), text); wrong != "" {
			return fmt.Sprintf("%s takes %s letter by letter, and %s", c.operator, quote(text), wrong), c.instead(key, name, text)
		}
	}
	return "", ""
}

// instead is what to do in the place of a comparison with a glob.
func (c comparison) instead(key, name, glob string) string {
	form, ok := comparisonFor(name, glob)
	switch {
	case !ok:
		return "correct it; a regular expression is asked for with matches"
	case name == "flow.name" && c.operator != "!=":
		return fmt.Sprintf("ask with %s, or write %s: [%s]", form, key, quote(glob))
	}
	return "ask with " + form
}

// bare is what lower(), upper() and trim() are called on.
func bare(e *expression.Expression) *expression.Expression {
	if len(e.Parts) == 1 && slices.Contains([]string{"lower", "upper", "trim"}, e.Calls()) {
		return bare(e.Parts[0])
	}
	return e
}

var (
	notInNames = pattern.Of(`[^A-Za-z0-9_-]`)
	wildcards  = pattern.Of(`[*?]`)
	likeGlob   = pattern.Of(`^(\*[A-Za-z0-9_-]+\*?|[A-Za-z0-9_-]+\*)$`)
)

// cannotHold says why a variable never holds a text, or, of what people may fill
// with anything, that it hardly does; "" where it may.
func cannotHold(subject *expression.Expression, text string) string {
	v, variable := subject.Variable()
	switch {
	case variable && v == flowName:
		if wrong := notInNames().FindString(text); wrong != "" {
			return fmt.Sprintf("no flow's name has a %q", wrong)
		}
	case variable && slices.Contains([]int{flowID, flowExecutionMode, flowRoleARN, flowResourceGroupID, executionName, executionStatus}, v):
		if wrong := wildcards().FindString(text); wrong != "" {
			return fmt.Sprintf("%s never has a %q", variables[v].Name, wrong)
		}
	case (variable || subject.IsMember()) && likeGlob().MatchString(text):
		return "a * is no wildcard there"
	}
	return ""
}

// globInPattern says whether a regular expression was surely meant as a glob: it
// has a * behind a letter or a dash, or a ? behind a dash, and nothing else that
// globs don't have.
func globInPattern(pattern string) bool {
	return globsAlone().MatchString(pattern) && repeats().MatchString(pattern)
}

var (
	globsAlone = pattern.Of(`^\^?\(?[A-Za-z0-9_*?|-]+\)?\$?$`)
	repeats    = pattern.Of(`[A-Za-z0-9_-]\*|[_-]\?`)
)

// comparisonFor is the comparison that does what a glob would.
func comparisonFor(name, glob string) (text string, ok bool) {
	stem := strings.Trim(glob, "*")
	if !isGlob(glob) {
		return "", false
	}
	begins, ends := strings.HasPrefix(glob, "*"), strings.HasSuffix(glob, "*")
	switch {
	case strings.ContainsAny(stem, "*?"):
		return fmt.Sprintf("%s matches %s", name, quote("^"+strings.NewReplacer("*", ".*", "?", ".").Replace(glob)+"$")), true
	case begins && ends:
		return fmt.Sprintf("%s contains %s", name, quote(stem)), true
	case begins:
		return fmt.Sprintf("%s endsWith %s", name, quote(stem)), true
	}
	return fmt.Sprintf("%s startsWith %s", name, quote(stem)), true
}
