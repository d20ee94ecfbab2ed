package expression

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/internal/lookalike"
	"github.com/flowreaper/flowreaper/internal/pattern"
)

// slips are what other languages write, and what is written here. The parser
// would stop there, or a word later, and not know why.
var slips = []struct{ written, say string }{
	{`\bAND\b`, "AND is not in the language: write and"},
	{`\bOR\b`, "OR is not in the language: write or"},
	{`\bNOT\b`, "NOT is not in the language: write not"},
	{`\bIN\b`, "IN is not in the language: write in"},
	{`(?i)\b(r?like|rlike|regexp)\s+["']`, `this is not in the language: write text startsWith "a", or text matches "^a"`},
	{`(?i)\bis\s+not\s+(nil|null|none)\b`, "is is not in the language: write x != nil"},
	{`(?i)\bis\s+(nil|null|none)\b`, "is is not in the language: write x == nil"},
	{`(?i)\bbetween\b`, "between is not in the language: write a <= x and x <= b"},
	{`(?i)\b(then|else|elif)\b\s+[^{]`, "this is not in the language: write condition ? a : b"},
	{`[0-9]\s+(?i:h|hr|hour|min|minute|sec|second|day|week|m|s|d|w)s?\b`, `write a duration as duration("2h")`},
	{`!==`, "!== is not in the language: write !="},
	{`===`, "=== is not in the language: write =="},
	{`<>`, "<> is not in the language: write !="},
	{`!\s*(in|startsWith|endsWith|contains|matches)\b`, "write not in the place of !, as in x not in [1, 2]"},
	{`(?i)\bdoes(n)?\b`, `write not (text contains "a")`},
	{`->`, "# is the element: any(list, # > 5)"},
	{`!~`, `!~ is not in the language: write not (text matches "^a")`},
	{`=~|~=?`, `this is not in the language: write text matches "^a"`},
	{`=>`, "=> is not in the language: write >="},
	{`=<`, "=< is not in the language: write <="},
	{`\$\{|\{\{`, "no braces are needed here: write the name alone, such as execution.age"},
	{`&+`, "& is not in the language: write and"},
	{`\|+`, "| is not in the language: write or"},
}

// The expressions are compiled when a text is wrong for the first time: most
// never are, and a function's start waits for nothing.
var (
	slipPatterns = sync.OnceValue(func() (all []*regexp.Regexp) {
		for _, s := range slips {
			all = append(all, regexp.MustCompile(s.written))
		}
		return all
	})
	// pipe is expr's own use of |, before a call.
	pipe            = pattern.Of(`^\|\s*[A-Za-z_]\w*\s*\(`)
	quotedOrComment = pattern.Of("(?s)\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`|//[^\n]*|/\\*.*?\\*/")
)

// slip finds the first thing in a text, outside of quotes, that another language
// writes, or a word processor has put there.
func slip(text string) (Problem, bool) {
	code := outside(text)
	first := Problem{Offset: -1}
	if at, advice := lookalike.First(code); at >= 0 && !isBlank(code, at) {
		first = Problem{at, advice}
	}
	for i, pattern := range slipPatterns() {
		for _, place := range pattern.FindAllStringIndex(code, -1) {
			found, at := code[place[0]:place[1]], utf8.RuneCountInString(code[:place[0]])
			allowed := found == "&&" || found == "||" || pipe().MatchString(code[place[0]:]) || strings.HasSuffix(code[:place[0]], ".") // a field
			if !allowed && (first.Offset < 0 || at < first.Offset) {
				first = Problem{at, slips[i].say}
			}
		}
	}
	return first, first.Offset >= 0
}

// isBlank says whether a character is a blank, of whatever kind: they all
// separate words.
func isBlank(text string, at int) bool {
	return strings.TrimSpace(string([]rune(text)[at])) == ""
}

// outside is the text with blanks in the place of its texts and comments.
func outside(text string) string {
	return quotedOrComment().ReplaceAllStringFunc(text, func(quoted string) string {
		n := utf8.RuneCountInString(quoted)
		if n < 2 || strings.HasPrefix(quoted, "/") {
			return strings.Repeat(" ", n)
		}
		return `"` + strings.Repeat("_", n-2) + `"` // which LIKE " finds
	})
}
