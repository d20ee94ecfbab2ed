// Package lookalike knows the characters that word processors and input methods
// put in the place of the plain ones that files are written in: curly quotes,
// full-width punctuation, dashes, blanks that are none.
package lookalike

import (
	"fmt"
	"strconv"
	"strings"
)

// plain are plain characters, each with what is typed in its place. The forms of
// double width are not among them: they stand in the order of ASCII.
var plain = map[rune]string{
	'"': "“”„‟「」『』", '\'': "‘’‚‛", ',': "、", '.': "。", '*': "×", '[': "【", ']': "】",
	'-': "‐‑‒–—―−", ' ': "\u00a0\u3000\u2002\u2003\u2009\u202f",
}

// Of returns the plain character that a character stands in the place of.
func Of(r rune) (char rune, ok bool) {
	const first, last, toPlain = '！', '～', '！' - '!'
	if first <= r && r <= last {
		return r - toPlain, true
	}
	for char, others := range plain {
		if strings.ContainsRune(others, r) {
			return char, true
		}
	}
	return 0, false
}

// First says of the first such character in a text where it is and what to write
// in its place; -1 where there is none. Offsets count characters.
func First(text string) (offset int, advice string) {
	for i, r := range []rune(text) {
		if char, ok := Of(r); ok {
			return i, Advice(r, char)
		}
	}
	return -1, ""
}

// Hint ends an error that quotes, perhaps as %q does, what somebody wrote; "" where
// that has no such character, or the error speaks of it already.
func Hint(message string) string {
	if strings.Contains(message, "must be a plain") {
		return ""
	}
	for _, blank := range plain[' '] {
		message = strings.ReplaceAll(message, strings.Trim(strconv.QuoteToASCII(string(blank)), `"`), string(blank))
	}
	if at, advice := First(message); at >= 0 {
		return "; " + advice
	}
	return ""
}

// Advice says what to write in the place of a character.
func Advice(r, char rune) string {
	if char == ' ' {
		return fmt.Sprintf("%U must be a plain blank", r)
	}
	return fmt.Sprintf("%c (%U) must be a plain %c", r, r, char)
}
