// Package page writes what a history tells as one HTML file, to attach to a merge request
// and to keep: backtests and suggestions, with pictures.
//
//	sample := page.NewSample(flows)
//	result, err := suggest.From(sample.Of(h.Flows()), options)
//	err = page.Suggestion(result, sample).Write(w)
//
// A page loads nothing. Its pictures are SVG, made here; a script, which the page's own
// policy names by its hash, searches and sorts the one long table, whose rows are data
// beside it. Without the script everything else is there all the same. All names go through
// package plain, and reach the page as text.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// Page is a page before it is written. Its texts are plain ones.
type Page struct {
	Title    string
	Facts    [][2]string // of where, when and what
	Parts    []Part      // what is read first
	Pictures []Picture
	List     List

	PicturesFirst bool   // before the list
	Policy        string // to paste; "": none
}

// Part is a sentence, a table, or a table below a sentence.
type Part struct {
	Words  string
	Header []string
	Rows   [][]string
	Foot   string
}

// Picture is a section with pictures.
type Picture struct {
	ID    string // to link to
	Title string
	Words []string
	Notes []string
	SVG   []template.HTML // by this package
}

// List is the long table, which is searched.
type List struct {
	Title   string
	Kinds   string // what the first column is called where it is to be chosen from; "": not
	Columns []Column
	Rows    [][]Cell
}

// Column is a column of a list. Those of numbers stand at the right, and are sorted as such.
type Column struct {
	Name   string `json:"name"`
	Number bool   `json:"number,omitempty"`
}

// Cell is a text, with what it is sorted by, and where it leads to.
type Cell struct {
	Text   string
	Number *float64
	Link   string // the ID of a picture
}

func text(s string) Cell { return Cell{Text: s} }

func number(n float64, s string) Cell { return Cell{Text: s, Number: &n} }

// MarshalJSON makes a text of a cell that is no more: most are.
func (c Cell) MarshalJSON() ([]byte, error) {
	shown := plain.Text(c.Text)
	switch {
	case c.Link != "":
		return json.Marshal([]any{shown, c.Number, c.Link})
	case c.Number != nil:
		return json.Marshal([]any{shown, c.Number})
	}
	return json.Marshal(shown)
}

var (
	//go:embed page.html.tmpl
	pageText string
	//go:embed page.css
	style string
	//go:embed page.js
	script string

	layout = template.Must(template.New("page").Funcs(template.FuncMap{"lines": lines, "plain": plain.Text}).Parse(pageText))
)

func lines(text string) []string { return strings.Split(plain.Lines(text), "\n") }

// Write writes the page.
func (p *Page) Write(w io.Writer) error {
	data, err := json.Marshal(map[string]any{"columns": p.List.Columns, "rows": p.List.Rows, "kinds": p.List.Kinds != ""}) // it escapes what HTML reads
	if err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(script))
	return layout.Execute(w, map[string]any{
		"Page":   p,
		"Hash":   base64.StdEncoding.EncodeToString(hash[:]),
		"Style":  template.HTML("<style>\n" + style + "</style>"),
		"Data":   template.HTML(`<script type="application/json" id="data">` + string(data) + "</script>"),
		"Script": template.HTML("<script>" + script + "</script>"),
	})
}
