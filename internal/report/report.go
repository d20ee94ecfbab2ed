// Package report shows a sweep's result to people and to programs. It changes
// nothing in it.
//
//	report.Text(os.Stdout, r, report.Style{Colour: true, Width: 120})
//	report.JSON(os.Stdout, r)
//
// What names, inputs and messages of the cloud hold is shown, never obeyed:
// [Plain] escapes whatever could drive a terminal.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/flowreaper/flowreaper/internal/sweep"
)

// JSON writes the report as one indented JSON object. Its form is a contract.
// What could drive a terminal is escaped within its strings, so that programs
// read the same text.
func JSON(w io.Writer, r *sweep.Report) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return err
	}
	_, err := io.WriteString(w, plainJSON(b.String()))
	return err
}

// Style is how Text looks.
type Style struct {
	Colour bool // the output is a terminal that shows colours
	Width  int  // columns that a line may have; 0 is no bound
}

// Text writes the report for people: one sentence that says it all, then the
// decisions, and then everything else that deserves a look, with what to do.
func Text(w io.Writer, r *sweep.Report, style Style) error {
	parts := []string{style.summary(r)}
	for _, part := range []string{
		style.decisions(r), withheld(r), style.drift(r), left(r), style.undecided(r), style.incomplete(r), style.notCovered(r), style.errors(r),
	} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(parts, "\n\n"))
	return err
}
