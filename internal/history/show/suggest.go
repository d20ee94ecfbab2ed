package show

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/history/suggest"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
)

// NoSuggestion says why no limit is suggested; "" where one is. globs are of the flows
// that were asked for.
func NoSuggestion(r *suggest.Result, globs []string) string {
	switch {
	case len(r.Groups) == 0 && len(globs) > 0:
		return fmt.Sprintf("no flow of the history matches --flow %s: check the name, which is case-sensitive, and that globs are quoted", plain.Quoted(globs...))
	case len(r.Groups) == 0:
		return "the history has no executions: record for longer"
	case len(r.Rules) == 0 && len(r.Groups) == 1:
		return fmt.Sprintf("no limit is suggested for %s: %s", plain.Text(r.Groups[0].Name), r.Groups[0].Why())
	case len(r.Rules) == 0:
		return fmt.Sprintf("no limit is suggested for any of %s: -o table tells of each why", plain.Count(len(r.Groups), "group"))
	}
	return ""
}

// shownGroups is how many groups a table shows where it doesn't show all.
const shownGroups = 40

// Suggestion is what is suggested, in a terminal.
func Suggestion(r *suggest.Result, style report.Style) string {
	groups, foot := r.Groups, ""
	if more := len(groups) - shownGroups; more > 0 && !style.All {
		groups = slices.Clone(groups)
		slices.SortStableFunc(groups, func(a, b suggest.Group) int { return cmp.Compare(b.HoursSaved(), a.HoursSaved()) })
		groups = groups[:shownGroups]
		foot = fmt.Sprintf("… and %s, which would save fewer hours: --all shows each.\n", plain.Count(more, "more group"))
	}
	var rows [][]string
	for i := range groups {
		rows = append(rows, suggestRow(&groups[i]))
	}
	header := []string{"flow", "good runs", "p50", "p95", "p99", "longest", "limit", "stops of good runs", "saves", "of note"}
	text := fmt.Sprintf("%s\n\n%s\n\n%s%s", suggestHead(r), style.Lines(header, rows), foot, suggestFoot(r))
	return strings.TrimRight(text, "\n")
}

func suggestHead(r *suggest.Result) string {
	place := ""
	for _, part := range []string{r.Account, r.Region} {
		if part != "" {
			place += plain.Text(part) + ", "
		}
	}
	n := 0
	for _, g := range r.Groups {
		n += g.Sample.All()
	}
	span := "nobody knows when"
	if !r.From.IsZero() {
		span = r.From.Format(time.DateOnly) + " to " + r.To.Format(time.DateOnly)
	}
	return fmt.Sprintf("%s%s, started %s. At most %s of good runs are to be stopped; margin %v; intervals at 95%%.",
		place, plain.Count(n, "execution"), span, plain.Percent(r.FalseStops), r.Margin)
}

func suggestRow(g *suggest.Group) []string {
	name := g.Name
	if len(g.Flows) > 1 {
		name += fmt.Sprintf(" (%s)", plain.Count(len(g.Flows), "flow"))
	}
	var notes []string
	limit, stops, saves := "none", "", ""
	if g.Limit != nil {
		limit, stops, saves = g.Limit.Duration, g.Limit.FalseStops.String(), fmt.Sprintf("%.1fh", g.Limit.HoursSaved)
	} else {
		notes = append(notes, g.Why())
	}
	for _, n := range g.Notes {
		notes = append(notes, n.Message)
	}
	return []string{name, plain.Number(g.Sample.Succeeded), g.P50.String(), g.P95.String(), g.P99.String(), g.LongestText(), limit, stops, saves, strings.Join(notes, "\n")}
}

func suggestFoot(r *suggest.Result) string {
	var lines []string
	for _, n := range r.Notes {
		lines = append(lines, "Note: "+n.Message+".")
	}
	if len(r.Rules) > 0 {
		lines = append(lines, fmt.Sprintf("-o yaml prints %s to paste, in mode plan, and their tests.", plain.Count(len(r.Rules), "rule")))
	}
	return strings.Join(lines, "\n")
}
