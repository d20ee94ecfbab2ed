// Package plain makes texts of elsewhere fit to be read: names, inputs and
// errors may hold what drives a terminal or deceives its reader.
//
// Escaped are control characters, C1's among them, invisible and format
// characters, those that turn the direction of writing, and private ones.
// Everything else stays as it is. [Text] makes one line of a text, [Lines]
// leaves it its lines, and [JSON] does for JSON what Lines does for a text. [Clip]
// bounds them, and [Number], [Count] and [Percent] write numbers for people.
package plain

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Deceives says whether a character drives a terminal or is not what it seems.
func Deceives(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}

// Text is one line, in Go's way of escaping.
func Text(s string) string { return escape(s, "") }

// Lines keeps line breaks and tabs.
func Lines(s string) string { return escape(s, "\n\t") }

func escape(s, kept string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !Deceives(r) || strings.ContainsRune(kept, r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[size:]
	}
	return b.String()
}

// JSON escapes in a JSON text as JSON does, so that it says the same. Outside of
// strings JSON holds nothing to escape but its line breaks and tabs, which stay.
func JSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\n' || r == '\t' || !Deceives(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// Writer passes on what [Lines] or [JSON] makes of each write, which must hold
// whole characters.
type Writer struct {
	To io.Writer
	By func(string) string
}

func (w Writer) Write(p []byte) (int, error) {
	if _, err := w.To.Write([]byte(w.By(string(p)))); err != nil {
		return 0, err
	}
	return len(p), nil
}
