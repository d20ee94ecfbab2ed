package docs

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/policy"
)

// What docs/policy.md shows of explain is what explain prints, however long the
// line under a table's head.
func TestExplainSample(t *testing.T) {
	p, err := policy.Parse("policy.yaml", []byte("version: 1\nmode: enforce\nrules: [{name: etl-max-runtime, flows: [\"etl-*\"], maxRuntime: 2h}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	f := &policy.Facts{
		Now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), Event: &policy.Event{Kind: "timer"}, Flow: &policy.Flow{Name: "etl-nightly"},
		Execution: &policy.Execution{Name: "run-7", Status: "Running", StartedTime: time.Date(2026, 3, 4, 11, 0, 0, 0, time.UTC)},
	}
	var b bytes.Buffer
	if err := report.Explanation(&b, p.Explain(f), f, report.Style{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("policy.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(b.String()) {
		want = append(want, strings.TrimRight(line, " \n"))
	}
	line := regexp.MustCompile("─+")
	shown := line.ReplaceAllString(string(text), "─")
	if sample := strings.TrimSpace(strings.Join(want, "\n")); !strings.Contains(shown, "\n"+line.ReplaceAllString(sample, "─")+"\n```\n") {
		t.Errorf("docs/policy.md doesn't show what explain prints:\n%s", sample)
	}
}
