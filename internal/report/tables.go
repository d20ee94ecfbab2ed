package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flowreaper/flowreaper/internal/sweep"
)

// decisions is the table of what became of the condemned.
func (s Style) decisions(r *sweep.Report) string {
	t := s.table("", "outcome", "flow", "execution", "rule", "age", "why")
	for _, d := range r.Decisions {
		t.AppendRow(table.Row{
			s.paint(colourOf(d.Outcome), string(d.Outcome)), Plain(d.Flow), Plain(d.Execution), Plain(d.Rule), age(d.AgeSeconds), why(d),
		})
	}
	text := render(t)
	if r.DecisionsOmitted > 0 {
		text += fmt.Sprintf("\n… and %s.", number(r.DecisionsOmitted, "more decision"))
	}
	return text
}

// why tells the reason, the cause where it says something else, and what went
// wrong.
func why(d sweep.Decision) string {
	lines := []string{Plain(d.Reason)}
	if cause := said(d.Cause); cause != "" && cause != d.Reason {
		lines = append(lines, "cause: "+Plain(cause))
	}
	if len(d.WouldAlso) > 0 {
		lines = append(lines, "also: "+Plain(strings.Join(d.WouldAlso, ", ")))
	}
	if d.Message != "" {
		lines = append(lines, "→ "+Plain(d.Message))
	}
	return strings.Join(lines, "\n")
}

// said is a cause without the tail that leads programs back to the sweep.
func said(cause string) string {
	human, _, _ := strings.Cut(cause, " [flowreaper/")
	return human
}

func (s Style) undecided(r *sweep.Report) string {
	t := s.table("Undecided: these rules could not be evaluated, so they condemned nothing here.", "flow", "execution", "rule", "error")
	for _, u := range r.Undecided {
		t.AppendRow(table.Row{Plain(u.Flow), Plain(u.Execution), Plain(u.Rule), Plain(u.Error)})
	}
	return render(t)
}

func (s Style) incomplete(r *sweep.Report) string {
	t := s.table("Incomplete: nothing of these flows was judged or stopped. Sweep again.", "flow", "reason")
	for _, f := range r.Incomplete {
		t.AppendRow(table.Row{Plain(f.Flow), Plain(f.Reason)})
	}
	return render(t)
}

func (s Style) notCovered(r *sweep.Report) string {
	t := s.table("Not covered: executions of these flows are never stopped.", "flow", "reason")
	for _, f := range r.NotCovered {
		t.AppendRow(table.Row{Plain(f.Flow), Plain(f.Reason)})
	}
	return render(t)
}

func (s Style) errors(r *sweep.Report) string {
	t := s.table("Errors:", "code", "count", "message")
	for _, e := range r.Errors {
		t.AppendRow(table.Row{Plain(e.Code), grouped(e.Count), Plain(e.Message)})
	}
	return render(t)
}

// table makes an empty table with borderless columns.
func (s Style) table(title string, header ...any) table.Writer {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatDefault
	style.Format.HeaderAlign, style.Format.HeaderVAlign = text.AlignLeft, text.VAlignDefault
	style.Title.Format = text.FormatDefault
	if s.Width > 0 {
		style.Size.WidthMax = s.Width
		t.SetColumnConfigs([]table.ColumnConfig{{Number: len(header), WidthMax: max(30, s.Width/2), WidthMaxEnforcer: text.WrapSoft}})
	}
	t.SetStyle(style)
	t.SetTitle(title)
	t.AppendHeader(header)
	t.SuppressTrailingSpaces()
	return t
}

// render is "" for a table without rows.
func render(t table.Writer) string {
	if t.Length() == 0 {
		return ""
	}
	return t.Render()
}

const (
	good = text.FgGreen
	bad  = text.FgRed
	meek = text.FgYellow
	dull = text.Faint
)

func colourOf(o sweep.Outcome) text.Color {
	switch o {
	case sweep.Stopped:
		return good
	case sweep.Failed, sweep.StillRunning, sweep.WithheldOutcome:
		return bad
	case sweep.Planned:
		return meek
	}
	return dull
}

func (s Style) paint(c text.Color, word string) string {
	if !s.Colour {
		return word
	}
	return text.Escape(word, c.EscapeSeq())
}

// age writes seconds as people say them: 3h2m, 2d1h.
func age(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Truncate(time.Second)
	day := 24 * time.Hour
	switch {
	case d >= day:
		return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return d.String()
}
