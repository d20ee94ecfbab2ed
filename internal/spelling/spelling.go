// Package spelling finds the name that was probably meant by one that isn't known.
package spelling

import (
	"fmt"
	"strings"
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
	a, b = a[:min(len(a), most)], b[:min(len(b), most)]
	var rows [most + 1][most + 1]int
	for i := range len(a) + 1 {
		rows[i][0] = i
	}
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
