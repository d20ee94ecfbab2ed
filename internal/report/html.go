package report

import (
	"cmp"
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/result"
)

//go:embed page.html.tmpl
var pageText string

// HTML writes the report as a page of its own, which loads nothing and runs
// nothing: to attach to a ticket, or to keep. The notes end it.
func HTML(w io.Writer, r *result.Report, notes ...string) error {
	page, err := template.New("page").Funcs(template.FuncMap{"lines": lines, "plain": Plain}).Parse(pageText)
	if err != nil {
		return err
	}
	type part struct {
		Words, Title, Foot string
		Header             []string
		Rows               [][]string
	}
	var parts []part
	sections := Style{All: true}.sections(r)
	if len(r.Decisions) > 0 {
		sections = slices.Insert(sections, 1, totals(r))
	}
	for _, p := range sections {
		shown := part{Words: p.words, Title: p.title, Foot: p.foot}
		if p.words == "" {
			shown.Title = cmp.Or(p.title, "Decisions")
		}
		if p.grid != nil {
			shown.Header, shown.Rows = p.grid.header, p.grid.rows
		}
		parts = append(parts, shown)
	}
	for _, note := range notes {
		parts = append(parts, part{Words: note})
	}
	return page.Execute(w, map[string]any{"Report": r, "Parts": parts})
}

func lines(text string) []string { return strings.Split(text, "\n") }
