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
