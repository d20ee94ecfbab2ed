package plain

import (
	"strconv"
	"strings"
)

// Number writes 12,345.
func Number(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// Count writes how many there are of what has a plural in s: 1 flow, 1,200 flows.
func Count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return Number(n) + " " + what
}

// Clip cuts a text to so many characters, the last of them an ellipsis if any were
// lost.
func Clip(text string, most int) string {
	count, keep := 0, 0
	for i := range text {
		if count++; count == most {
			keep = i
		}
		if count > most {
			return text[:keep] + "…"
		}
	}
	return text
}

// OneOf writes a choice: a, b or c.
func OneOf[T ~string](words []T) string {
	var b strings.Builder
	for i, word := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(word))
	}
	return b.String()
}

// Quoted writes globs as they are typed: 'etl-*' 'web'.
func Quoted(globs ...string) string { return Text("'" + strings.Join(globs, "' '") + "'") }
