// Package order sorts slices of whatever type by one routine. The library's generic
// one is compiled anew for each type of elements, 10 to 20 KiB a time: what a function
// sorts would be a fiftieth of its binary.
package order

import (
	"iter"
	"slices"
)

// By sorts as [slices.SortStableFunc] does.
func By[T any](s []T, compare func(a, b T) int) {
	at := make([]*T, len(s))
	for i := range s {
		at[i] = &s[i]
	}
	slices.SortStableFunc(at, func(a, b *T) int { return compare(*a, *b) }) // pointers share their code
	sorted := make([]T, len(s))
	for i, element := range at {
		sorted[i] = *element
	}
	copy(s, sorted)
}

// Of collects and sorts as [slices.SortedStableFunc] does.
func Of[T any](elements iter.Seq[T], compare func(a, b T) int) []T {
	s := slices.Collect(elements)
	By(s, compare)
	return s
}
