package policytest

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Report is what came of a run of tests. Its JSON form is stable.
type Report struct {
	Version int          `json:"version"` // of the report's form: 1
	Passed  bool         `json:"passed"`
	Files   []FileReport `json:"files"`
	Missed  []MissedRule `json:"missed,omitempty"` // only with coverage
}

// FileReport is what came of one file.
type FileReport struct {
	File   string       `json:"file"`
	Policy string       `json:"policy"`
	Cases  []CaseReport `json:"cases"`
}

// CaseReport is what came of one case.
type CaseReport struct {
	Name     string    `json:"name"`
	Line     int       `json:"line"`
	Column   int       `json:"column"`
	Passed   bool      `json:"passed"`
	Failures []Failure `json:"failures,omitempty"`
}

// MissedRule is a rule that no case exercises: it condemns nothing in any.
type MissedRule struct {
	Policy string `json:"policy"`
	Rule   string `json:"rule"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Text writes the report for a person: what failed, with what was wanted, what
// came and why, and then a line for each file.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	for _, f := range r.Files {
		for _, c := range f.Cases {
			c.text(&b, f.File)
		}
	}
	for _, m := range r.Missed {
		fmt.Fprintf(&b, "FAIL %s\n", m)
	}
	for _, f := range r.Files {
		fmt.Fprintln(&b, f.sum())
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (c CaseReport) text(w io.Writer, file string) {
	if c.Passed {
		return
	}
	fmt.Fprintf(w, "FAIL %s: %s\n", place(file, c.Line, c.Column), expression.Escape(c.Name))
	for _, f := range c.Failures {
		fmt.Fprintln(w, indent(f.text(file), "     "))
	}
	fmt.Fprintln(w)
}

func (f Failure) text(file string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s/%s", place(file, f.Line, f.Column), expression.Escape(f.Flow), expression.Escape(f.Execution))
	for _, d := range f.Differences {
		fmt.Fprintf(&b, "\n  %s: want %s, got %s", d.What, expression.Escape(d.Want), expression.Escape(d.Got))
	}
	b.WriteString("\n" + indent(f.Explanation, "  "))
	return b.String()
}

func indent(text, by string) string { return by + strings.ReplaceAll(text, "\n", "\n"+by) }

func (m MissedRule) String() string {
	return fmt.Sprintf("%s: no case exercises the rule %s: give one an execution that it condemns", place(m.Policy, m.Line, m.Column), m.Rule)
}

func (f FileReport) failed() int {
	n := 0
	for _, c := range f.Cases {
		if !c.Passed {
			n++
		}
	}
	return n
}

func (f FileReport) sum() string {
	cases := plain.Count(len(f.Cases), "case")
	if failed := f.failed(); failed > 0 {
		return fmt.Sprintf("FAIL %s: %d of %s failed", f.File, failed, cases)
	}
	return fmt.Sprintf("ok   %s: %s passed", f.File, cases)
}
