package doctor

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flowreaper/flowreaper/internal/report"
)

// usualWidth is for what isn't a terminal; narrowest keeps a table readable.
const (
	usualWidth = 100
	narrowest  = 60
)

// Text writes a report for people: the answers at a glance, then each with what
// was seen and what it means. Lines are broken at width columns; 0 is the usual
// width.
func Text(w io.Writer, r *Report, width int) error {
	width = max(cmp.Or(width, usualWidth), narrowest)
	parts := []string{
		fmt.Sprintf("CloudFlow at %s, asked on %s", report.Plain(r.Endpoint), r.StartedAt.Format("2006-01-02 15:04:05 MST")),
		glance(r, width),
	}
	for _, a := range r.Answers {
		if a.State != NotAsked {
			parts = append(parts, details(a, width))
		}
	}
	parts = append(parts, unmatched(r), notes(r, width), settings(r), calls(r))
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	_, err := io.WriteString(w, strings.Join(parts, "\n\n")+"\n")
	return err
}

// glance is the table of questions and answers.
func glance(r *Report, width int) string {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	t.AppendHeader(table.Row{"question", "answer"})
	const column = 38
	for _, a := range r.Answers {
		t.AppendRow(table.Row{wrap(report.Plain(a.Question), column), wrap(short(a), width-column-4)})
	}
	return t.Render()
}

// short is an answer in one line.
func short(a Answer) string {
	switch a.State {
	case Told:
		return report.Plain(a.Answer)
	case NotAsked:
		return "not asked: " + report.Plain(a.Because)
	}
	return "could not be told"
}

// details are one answer's reasons.
func details(a Answer, width int) string {
	lines := []string{report.Plain(a.Question)}
	add := func(label, what string) {
		if what != "" {
			indented := strings.ReplaceAll(wrap(report.Plain(what), width-10), "\n", "\n          ")
			lines = append(lines, fmt.Sprintf("  %-8s%s", label, indented))
		}
	}
	add("answer", a.Answer)
	if a.State == Untold {
		add("answer", "could not be told, because "+a.Because)
	}
	add("seen", a.Seen)
	add("means", a.Means)
	return strings.Join(lines, "\n")
}

// unmatched says which of the policy's names are none here.
func unmatched(r *Report) string {
	var lines []string
	for _, u := range r.Unmatched {
		lines = append(lines, report.Unmatched(u))
	}
	return strings.Join(lines, "\n")
}

func notes(r *Report, width int) string {
	var lines []string
	for _, n := range r.Notes {
		lines = append(lines, wrap("Note: "+report.Plain(n), width))
	}
	return strings.Join(lines, "\n")
}

func settings(r *Report) string {
	if len(r.Settings) == 0 {
		return ""
	}
	lines := []string{"Set for the function and the terminal:"}
	for _, name := range slices.Sorted(maps.Keys(r.Settings)) {
		lines = append(lines, "  "+report.Plain(name+"="+r.Settings[name]))
	}
	return strings.Join(lines, "\n")
}

func calls(r *Report) string {
	var parts []string
	for _, operation := range slices.Sorted(maps.Keys(r.Calls)) {
		parts = append(parts, fmt.Sprintf("%s %d", report.Plain(operation), r.Calls[operation]))
	}
	return fmt.Sprintf("Called: %s; throttled %d.", strings.Join(parts, ", "), r.Throttled)
}

func wrap(s string, width int) string {
	lines := strings.Split(text.WrapSoft(s, width), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}
