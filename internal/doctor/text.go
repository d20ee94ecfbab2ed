package doctor

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/report"
)

// Text writes a report for people: the answers at a glance, then each with what
// was seen and what it means.
func Text(w io.Writer, r *Report, style report.Style) error {
	parts := []string{
		fmt.Sprintf("CloudFlow at %s, asked on %s", report.Plain(r.Endpoint), r.StartedAt.Format("2006-01-02 15:04:05 MST")),
		glance(r, style),
	}
	for _, a := range r.Answers {
		if a.State != NotAsked {
			parts = append(parts, style.Words(details(a)))
		}
	}
	parts = append(parts, style.Words(unmatched(r)), style.Words(notes(r)), settings(r), style.Words(calls(r)))
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	_, err := fmt.Fprintln(w, strings.Join(parts, "\n\n"))
	return err
}

// glance is the table of questions and answers.
func glance(r *Report, style report.Style) string {
	var rows [][]string
	for _, a := range r.Answers {
		rows = append(rows, []string{a.Question, short(a)})
	}
	return style.Table([]string{"question", "answer"}, rows)
}

// short is an answer in one line.
func short(a Answer) string {
	switch a.State {
	case Told:
		return a.Answer
	case NotAsked:
		return "not asked: " + a.Because
	}
	return "could not be told"
}

// details are one answer's reasons.
func details(a Answer) string {
	lines := []string{report.Plain(a.Question)}
	add := func(label, what string) {
		if what != "" {
			lines = append(lines, label+": "+report.Plain(what))
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

func notes(r *Report) string {
	var lines []string
	for _, n := range r.Notes {
		lines = append(lines, "Note: "+report.Plain(n))
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
