package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/policy"
)

// What names nothing is said to people in both forms, also where nothing else is
// to be told.
func TestUnmatchedIsSaid(t *testing.T) {
	r := base()
	r.Unmatched = []policy.Unmatched{
		{Where: "protect.flows[1]", Glob: "payrol-*", Near: "payroll-*"},
		{Where: "rules.etl.flows[2]", Glob: "!impotr\x1b[31m"},
	}
	want := []string{
		"Warning: protect.flows[1] payrol-* names no flow here; did you mean payroll-*?",
		`Warning: rules.etl.flows[2] !impotr\x1b[31m names no flow here`,
	}
	shown := text(t, r, report.Style{})
	if !strings.Contains(shown, "\n\n"+strings.Join(want, "\n")+"\n") {
		t.Errorf("not said:\n%s", shown)
	}
	var page bytes.Buffer
	if err := report.HTML(&page, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "<p>"+strings.Join(want, "<br>")+"</p>") {
		t.Errorf("not on the page:\n%s", page.String())
	}
}
