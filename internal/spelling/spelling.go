// Package spelling finds the name that was probably meant by one that isn't known.
package spelling

import (
	"fmt"
	"strings"

	"github.com/hbollon/go-edlib"
)

// DidYouMean ends the error of a name that isn't known: with the nearest that is,
// or with all of them.
func DidYouMean(name string, names []string) string {
	if near := Nearest(name, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; there are: " + OrNone(names)
}

// OrNone lists names, if there are any.
func OrNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Nearest returns the name that was probably meant: at most a third of its
// letters differ, or one of three. It is "" where none is near.
func Nearest(name string, names []string) string { return Within(len(name)/3, name, names) }

// Within returns the name that is nearest, of those in which at most so many
// letters differ, whatever their case; "" where there is none.
func Within(most int, name string, names []string) string {
	best, least := "", most+1
	for _, candidate := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour to get from a to b.
func distance(a, b string) int {
	const most = 64 // names are shorter; texts that aren't names stay cheap
	return edlib.OSADamerauLevenshteinDistance(a[:min(len(a), most)], b[:min(len(b), most)])
}
