package plain

import (
	"math"
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

// Percent writes a share with two digits, so that what is rare is not shown as none: 0.13%.
func Percent(share float64) string {
	percent := share * 100
	if percent <= 0 || math.IsNaN(percent) {
		return "0%"
	}
	digits := max(0, 1-int(math.Floor(math.Log10(percent))))
	text := strconv.FormatFloat(percent, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + "%"
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
