package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
)

// long is how many rows a table shows before what is alike is put together.
const long = 20

// gather puts together, in a list that is long, what is alike: by the first key
// that leaves few enough rows, or else by the last.
func gather[T any](s Style, items []T, keys ...func(T) string) [][]T {
	groups := make([][]T, len(items))
	for i := range items {
		groups[i] = items[i : i+1]
	}
	for _, key := range keys {
		if s.All || len(groups) <= long {
			break
		}
		groups = alike(items, key)
	}
	return groups
}

// alike groups items by a key, in the order in which each first appears.
func alike[T any](items []T, key func(T) string) [][]T {
	var groups [][]T
	at := map[string]int{}
	for _, item := range items {
		k := key(item)
		if _, known := at[k]; !known {
			at[k] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[k]] = append(groups[at[k]], item)
	}
	return groups
}

// gathered says below a table that it doesn't show each.
func gathered[T any](items []T, groups [][]T) string {
	if len(groups) == len(items) {
		return ""
	}
	return fmt.Sprintf("These are %s, put together where they are alike: --all shows each.", plain.Number(len(items)))
}

// andMore names the first of some.
func andMore(first string, all int) string {
	if all <= 1 {
		return first
	}
	return fmt.Sprintf("%s and %s more", first, plain.Number(all-1))
}

// distinct counts the values that a group has of something.
func distinct[T any](group []T, of func(T) string) int { return len(alike(group, of)) }

// totals says rule by rule what became of how many, those with the most first.
func totals(r *result.Report) section {
	t := newGrid("rule", "executions", "flows", "oldest", "became")
	groups := alike(r.Decisions, func(d result.Decision) string { return d.Rule })
	slices.SortStableFunc(groups, func(a, b []result.Decision) int { return cmp.Compare(len(b), len(a)) })
	for _, group := range groups {
		flows := distinct(group, func(d result.Decision) string { return d.Flow })
		t.add(Plain(group[0].Rule), plain.Number(len(group)), plain.Number(flows), ageOf(oldest(group)), outcomes(group))
	}
	return section{title: "By rule", grid: t}
}

func oldest(group []result.Decision) result.Decision {
	return slices.MaxFunc(group, func(a, b result.Decision) int { return cmp.Compare(a.AgeSeconds, b.AgeSeconds) })
}

// outcomes counts how a group ended: 12 stopped, 2 failed.
func outcomes(group []result.Decision) string {
	counts := tally(group)
	var parts []string
	for _, outcome := range slices.SortedFunc(maps.Keys(counts), func(a, b result.Outcome) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	}) {
		parts = append(parts, fmt.Sprintf("%s %s", plain.Number(counts[outcome]), Plain(string(outcome))))
	}
	return strings.Join(parts, ", ")
}
