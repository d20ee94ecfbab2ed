package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/report"
)

func TestHTML(t *testing.T) {
	for _, name := range []string{"everything", "nothing", "hostile"} {
		var page bytes.Buffer
		if err := report.HTML(&page, reports()[name]); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".html", page.String())
	}
}

// A page shows what executions are called; it never does what they say.
func TestAPageRunsNothing(t *testing.T) {
	r := reports()["everything"]
	r.Decisions[0].Execution = `<script>alert(1)</script>`
	r.Decisions[0].Reason = `input.x == "</td><img src=x onerror=alert(1)>"`
	r.Policy.Name = `</title><script>alert(1)</script>`
	r.Trigger.Name = `" onload="alert(1)`
	r.Decisions[0].Outcome = `x" onclick="alert(1)`
	var page bytes.Buffer
	if err := report.HTML(&page, r); err != nil {
		t.Fatal(err)
	}
	for _, live := range []string{"<script", "<img", `" on`, "http://", "https://"} {
		if strings.Contains(page.String(), live) {
			t.Errorf("the page holds %s", live)
		}
	}
}
