package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Error is one mistake in a policy file.
type Error struct {
	File    string
	Line    int // both count from 1, columns in characters
	Column  int
	Message string
	Source  string // the line, as it stands in the file
}

// Error prints the place, what is wrong, and the line with a caret:
//
//	policy.yaml:7:5: unknown key "maxRuntme"; did you mean "maxRuntime"?
//	   7 |     maxRuntme: 2h
//	     |     ^
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	if strings.TrimSpace(e.Source) == "" {
		return b.String()
	}
	before, shown := excerpt([]rune(e.Source), e.Column-1)
	fmt.Fprintf(&b, "\n%4d | %s\n     | %s^", e.Line, shown, padding(before))
	return b.String()
}

// excerpt cuts a long line to what is around the caret, and returns what stands
// before it.
func excerpt(line []rune, caret int) (before []rune, shown string) {
	const most = 120
	caret = min(max(caret, 0), len(line))
	from, to := 0, len(line)
	if len(line) > most {
		from = max(0, min(caret-most/2, len(line)-most))
		to = from + most
	}
	return line[from:caret], string(line[from:to])
}

// padding is blank and as wide as the text on a terminal, where the characters
// of Chinese, Japanese and Korean take two columns.
func padding(text []rune) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\t':
			b.WriteByte('\t')
		case isWide(r):
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func isWide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) ||
		r >= 0x3000 && r <= 0x303f || r >= 0xff01 && r <= 0xff60
}

// Errors is everything that is wrong in a policy file, in the file's order.
type Errors []*Error

// maxErrors is how many errors are printed.
const maxErrors = 50

// Error prints all of them, each on its own lines.
func (e Errors) Error() string {
	var texts []string
	for _, err := range e[:min(len(e), maxErrors)] {
		texts = append(texts, err.Error())
	}
	if more := len(e) - maxErrors; more > 0 {
		texts = append(texts, fmt.Sprintf("… and %d more", more))
	}
	return strings.Join(texts, "\n")
}

// Unwrap gives errors.As each of them.
func (e Errors) Unwrap() []error {
	var all []error
	for _, err := range e {
		all = append(all, err)
	}
	return all
}

// sort puts the errors of the first file first, and then those of the others.
func (e Errors) sort(first string) {
	rank := func(e *Error) string { return strings.TrimPrefix(e.File, first) }
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
