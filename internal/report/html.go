package report

import (
	_ "embed"
	"html/template"
	"io"
	"strings"

	"github.com/flowreaper/flowreaper/internal/sweep"
)

//go:embed page.html.tmpl
var pageText string

// HTML writes the report as a page of its own, which loads nothing and runs
// nothing: to attach to a ticket, or to keep. The notes end it.
func HTML(w io.Writer, r *sweep.Report, notes ...string) error {
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
	for _, p := range (Style{All: true}).sections(r) {
		shown := part{Words: p.words, Title: p.title, Foot: p.foot}
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
