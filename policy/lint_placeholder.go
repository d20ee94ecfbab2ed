package policy

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// placeholders are what other tools write for a value in a text.
var placeholders = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\{\{\s*\.?([A-Za-z][A-Za-z.]*)[^{}]*\}\}|(?:\$\(|\{|\$|%\(|<)((?:execution|flow|history|event|vars)\.[A-Za-z.]+)[)}>]?`)
})

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
