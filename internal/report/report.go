// Package report shows a sweep's result to people and to programs. It changes
// nothing in it.
//
//	report.Text(os.Stdout, r, report.Style{Colour: true, Width: 120})
//	report.JSON(os.Stdout, r)
//	report.HTML(os.Stdout, r)
//
// What names, inputs and messages of the cloud hold is shown, never obeyed:
// [Plain] escapes whatever could drive a terminal, and a page escapes the rest.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
)

// JSON writes a report, or what else a command tells programs, as one indented JSON
// value. Its form is a contract. What could drive a terminal is escaped within its
// strings, so that programs read the same text.
func JSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(plain.Writer{To: w, By: plain.JSON})
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// Style is how Text looks.
type Style struct {
	Colour bool // the output is a terminal that shows colours
	Width  int  // columns that a table may have; 0 is no bound
	Fold   bool // fold sentences to the width, too, where a terminal would break words
	All    bool // show each row of a long table, and put none together
}

// Text writes the report for people: one sentence that says it all, then the
// decisions, and then everything else that deserves a look, with what to do.
func Text(w io.Writer, r *result.Report, style Style) error {
	var parts []string
	for _, section := range style.sections(r) {
		parts = append(parts, style.render(section))
	}
	_, err := fmt.Fprintln(w, strings.Join(parts, "\n\n"))
	return err
}

// section is a part of a report: words, or a table with a title and a last line.
type section struct {
	words string
	title string
	grid  *grid
	foot  string
}

// sections are the parts of a report that say something, in their order.
func (s Style) sections(r *result.Report) []section {
	all := []section{
		{words: s.summary(r)}, s.decisions(r), {words: warnings(r)}, {words: withheld(r)}, {words: notTried(r)}, s.drift(r), {words: left(r)},
		s.undecided(r), s.warnings(r),
		s.flows("Incomplete: nothing of these flows was judged or stopped. Next: mend the reason, then sweep again.", r.Incomplete),
		s.flows("Not covered: nothing of these flows is ever stopped.", r.NotCovered),
		errorsOf(r), {words: place(r)},
	}
	return slices.DeleteFunc(all, func(p section) bool { return p.words == "" && (p.grid == nil || len(p.grid.rows) == 0) })
}

func (s Style) render(p section) string {
	if p.grid == nil {
		return s.Words(p.words)
	}
	parts := []string{s.Words(p.title), p.grid.render(s.Width), s.Words(p.foot)}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "\n")
}

// Words are sentences, folded where the style says so.
func (s Style) Words(text string) string {
	if !s.Fold || s.Width == 0 {
		return text
	}
	return fold(text, s.Width)
}

// Plain is [plain.Text], by which every text of elsewhere goes into what people
// read.
func Plain(s string) string { return plain.Text(s) }
