package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"

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
		w := &textsCompared{expression: when.expression, key: strings.TrimSuffix(when.key, "when") + "flows"}
		eachComparison(when.expression.Node, w.texts)
		for _, f := range w.found {
			l.warn(r, "when", LintGlob, f.message, f.next)
		}
	}
}

// textsCompared finds texts that what they are compared with can't hold, or that
// look like globs.
type textsCompared struct {
	expression *expression.Expression
	key        string // flows, or protect.flows
	found      []misplacedText
}

type misplacedText struct{ message, next string }

// texts says of the first text that is wrong there what is.
func (w *textsCompared) texts(subject ast.Node, operator string, texts []string) {
	for _, text := range texts {
		if w.text(subject, operator, text) {
			return
		}
	}
}

// text looks at one text and says whether it is wrong.
func (w *textsCompared) text(subject ast.Node, operator, text string) bool {
	name := w.expression.Part(bare(subject)).Describe(nil)
	if operator == "matches" {
		if !globInPattern(text) {
			return false
		}
		at := strings.IndexAny(text, "*?")
		w.add(name, operator, strings.Trim(text, "^$"), fmt.Sprintf("matches takes a regular expression, and %s is a glob: its %c repeats the %q before it, or leaves it out",
			quote(text), text[at], text[at-1:at]))
		return true
	}
	wrong := w.cannotHold(bare(subject), text)
	if wrong == "" {
		return false
	}
	w.add(name, operator, text, fmt.Sprintf("%s takes %s letter by letter, and %s", operator, quote(text), wrong))
	return true
}

// bare is what lower(), upper() and trim() are called on.
func bare(n ast.Node) ast.Node {
	if call, ok := n.(*ast.BuiltinNode); ok && len(call.Arguments) == 1 && slices.Contains([]string{"lower", "upper", "trim"}, call.Name) {
		return bare(call.Arguments[0])
	}
	return n
}

var (
	notInNames = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^A-Za-z0-9_-]`) })
	wildcards  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[*?]`) })
	likeGlob   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\*[A-Za-z0-9_-]+\*?|[A-Za-z0-9_-]+\*)$`) })
)

// cannotHold says why a variable never holds a text, or, of what people may fill
// with anything, that it hardly does; "" where it may.
func (w *textsCompared) cannotHold(subject ast.Node, text string) string {
	v, variable := w.expression.Part(subject).Variable()
	_, path := subject.(*ast.MemberNode)
	switch {
	case variable && v == flowName:
		if wrong := notInNames().FindString(text); wrong != "" {
			return fmt.Sprintf("no flow's name has a %q", wrong)
		}
	case variable && slices.Contains([]int{flowID, flowExecutionMode, flowRoleARN, flowResourceGroupID, executionName, executionStatus}, v):
		if wrong := wildcards().FindString(text); wrong != "" {
			return fmt.Sprintf("%s never has a %q", variables[v].Name, wrong)
		}
	case (variable || path) && likeGlob().MatchString(text):
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
	globsAlone = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\^?\(?[A-Za-z0-9_*?|-]+\)?\$?$`) })
	repeats    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z0-9_-]\*|[_-]\?`) })
)

// add adds a finding, with what does what was meant.
func (w *textsCompared) add(name, operator, text, message string) {
	form, ok := comparisonFor(name, text)
	next := "correct it; a regular expression is asked for with matches"
	if ok {
		next = "ask with " + form
	}
	if ok && name == "flow.name" && operator != "!=" {
		next += fmt.Sprintf(", or write %s: [%s]", w.key, quote(text))
	}
	w.found = append(w.found, misplacedText{message, next})
}

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
