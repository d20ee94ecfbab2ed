package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// placeholders are what other tools write for a value in a text.
var placeholders = pattern.Of(`\{\{\s*\.?([A-Za-z][A-Za-z.]*)[^{}]*\}\}|(?:\$\(|\{|\$|%\(|<)((?:execution|flow|history|event|vars)\.[A-Za-z.]+)[)}>]?`)

// placeholder finds a cause in which a value was meant, and which is copied as
// it stands.
func (l *linter) placeholder(r *lintRule) {
	if r.cause == nil {
		return
	}
	for _, text := range r.cause.Literals() {
		m := placeholders().FindStringSubmatch(strings.ReplaceAll(text, "${", "")) // of $${, which says that none is meant
		if m == nil {
			continue
		}
		meant := m[1] + m[2]
		if _, problems := expression.New(variables, nil).Compile(meant); len(problems) > 0 && !strings.HasPrefix(meant, "vars.") {
			meant = "execution.age"
		}
		l.warn(r, "cause", LintPlaceholder, fmt.Sprintf("%q is no placeholder: the cause has it as it stands", m[0]), fmt.Sprintf("write it like ${%s}", meant))
		return
	}
}

// causeLength finds a cause that may be cut. Its tail never is.
func (l *linter) causeLength(r *lintRule) {
	if r.cause == nil {
		return
	}
	room := maxCause - len(l.policy.tail(r.Name, Tail{Run: "00000000000000000000000000000000", At: time.Unix(0, 0)}))
	most, endless, last := r.cause.Longest(longestValue)
	next := "put it last, so that nothing else is lost"
	if last {
		next = "it stands last, so that only its own end is lost"
	}
	switch {
	case most > room:
		l.warn(r, "cause", LintCause, fmt.Sprintf("the cause may have %d bytes, and what is beyond %d is cut", most, room), "make it shorter")
	case endless != "":
		l.found(r, "cause", Note, LintCause, fmt.Sprintf("%s may be of any length, and what is beyond %d bytes of the cause is cut", endless, room), next)
	}
}

// longestValue is how many bytes a variable's text may have; -1 is any number.
func longestValue(variable int) int {
	const name, arn, word = 256, 512, 64
	switch variable {
	case flowName, flowID, executionName, flowResourceGroupID, historyCurrentStep:
		return name
	case flowRoleARN:
		return arn
	case eventKind, flowExecutionMode, executionStatus:
		return word
	}
	switch variables[variable].Type {
	case expression.Text, expression.Any, expression.Object:
		if variable == executionCost {
			return word
		}
		return -1
	}
	return word
}
