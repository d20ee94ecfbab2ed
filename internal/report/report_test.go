package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/plain/plaintest"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
	"github.com/flowreaper/flowreaper/schema/schematest"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func decision(flow, execution string, outcome result.Outcome, message string) result.Decision {
	d := result.Decision{
		Flow: flow, Execution: execution, Rule: "max-runtime", Verdict: policy.Stop,
		StartedTime: noon.Add(-3 * time.Hour), AgeSeconds: 10800, Reason: "age 3h > 2h",
		Error: "FlowReaper.max-runtime", Cause: "age 3h > 2h [flowreaper/1 policy=01234567 rule=max-runtime run=r1]",
		Outcome: outcome, Message: message,
	}
	if outcome == result.ProtectedOutcome {
		d.Verdict, d.Error, d.Cause, d.Reason = policy.Protected, "", "", `protected: flow.name "payroll-may" matches payroll-*`
	}
	return d
}

func base() *result.Report {
	return &result.Report{
		Version: 1, RunID: "r1", Trigger: result.Trigger{Kind: "manual"},
		Policy: result.PolicyRef{Name: "guardrails", Hash: "sha256:0123"}, Mode: policy.ModeEnforce,
		StartedAt: noon, FinishedAt: noon.Add(time.Second), Complete: true,
		Flows: result.FlowCounts{Seen: 12, Listed: 12}, Executions: result.ExecutionCounts{Seen: 12084},
		Calls: result.Calls{ListFlows: 1, ListExecutions: 12}, Decisions: []result.Decision{}, Ledger: "memory",
	}
}

// reports are all that a person may get to see.
func reports() map[string]*result.Report {
	nothing := base()

	everything := base()
	everything.Complete = false
	everything.Flows = result.FlowCounts{Seen: 14, Listed: 12}
	templated := decision("etl-nightly", "run-4", result.Stopped, "")
	templated.Cause = "the nightly ETL ends by two [flowreaper/1 policy=01234567 rule=max-runtime run=r1]"
	templated.WouldAlso = []string{"cost-cap"}
	everything.Decisions = []result.Decision{
		decision("etl-nightly", "run-1", result.Failed, "StopExecution: AccessDenied: The resources doesn't belong to you. (HTTP 403)"),
		decision("etl-nightly", "run-2", result.StillRunning, "the stop was accepted; its status is still Running"),
		decision("etl-nightly", "run-9", result.NotTried, "not tried: interrupt signal received"),
		decision("etl-nightly", "run-3", result.Stopped, ""),
		templated,
		decision("etl-nightly", "run-5", result.AlreadyCompleted, ""),
		decision("etl-nightly", "run-6", result.Gone, ""),
		decision("web", "run-7", result.Planned, ""),
		decision("payroll-may", "run-8", result.ProtectedOutcome, ""),
	}
	everything.Decisions[7].StartedTime, everything.Decisions[7].AgeSeconds = time.Time{}, 0
	everything.Executions.Condemned = 9
	everything.Incomplete = []result.FlowNote{{Flow: "broken", Reason: "ListExecutions: InternalServerError"}, {Flow: "*", Reason: "ListFlows: InternalServerError"}}
	everything.Undecided = []result.Undecided{{Flow: "web", Execution: "run-9", Rule: "by-priority", Error: "nil < 3"}}
	everything.NotCovered = []result.FlowNote{{Flow: "quick", Reason: "Express"}}
	everything.Errors = []result.ErrorNote{{Code: "AccessDenied", Message: "The resources doesn't belong to you.", Count: 1}}

	withheld := base()
	withheld.Decisions = []result.Decision{decision("etl", "run-1", result.WithheldOutcome, "2 condemned and 12 stops tried in the last 1h, but maxStops allows 5: nothing is stopped")}
	withheld.DecisionsOmitted = 1
	withheld.Executions.Condemned = 2
	withheld.Withheld = &result.Withheld{Limit: "maxStops", Condemned: 2, Recent: 12, Max: 5, Window: "1h"}

	plan := base()
	plan.Mode = policy.ModePlan
	plan.Decisions = []result.Decision{decision("etl", "run-1", result.Planned, "")}
	plan.Executions.Condemned = 1

	planWithheld := *withheld
	planWithheld.Mode = policy.ModePlan

	hostile := base()
	d := decision("flow\x1b]0;owned\a", "run\r\nforged line", result.Stopped, "\x1b[2Jmessage\u202e")
	d.Cause, d.Reason = "\u009b31mcause\xff", "input \"\x1b[31m\" == \"x\""
	hostile.Decisions = []result.Decision{d}
	hostile.Executions.Condemned = 1

	failed := base()
	failed.Complete = false
	failed.Flows, failed.Executions = result.FlowCounts{}, result.ExecutionCounts{}
	failed.Incomplete = []result.FlowNote{{Flow: "*", Reason: "ListFlows: connection refused"}}
	failed.Errors = []result.ErrorNote{
		{Code: "NoAnswer", Message: "ListFlows: connection refused", Count: 1}, // said already
		{Code: "Sweep", Message: "the flows could not be listed: ListFlows: connection refused", Count: 1},
		{Code: "NoRule", Message: "no rule accepts the event", Count: 1},
	}

	scopeless := base()
	scopeless.Flows, scopeless.Executions = result.FlowCounts{}, result.ExecutionCounts{}

	off := base()
	off.Answered = "off"

	return map[string]*result.Report{
		"nothing": nothing, "everything": everything, "withheld": withheld, "plan": plan,
		"plan-withheld": &planWithheld, "hostile": hostile, "off": off, "failed": failed, "scopeless": scopeless,
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); rewrite with go test ./internal/report -update:\n%s", file, diff)
	}
}

func text(t *testing.T, r *result.Report, style report.Style) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Text(&b, r, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	for name, r := range reports() {
		t.Run(name, func(t *testing.T) { golden(t, name+".txt", text(t, r, report.Style{})) })
	}
	golden(t, "everything-colour.txt", text(t, reports()["everything"], report.Style{Colour: true}))
	golden(t, "everything-narrow.txt", text(t, reports()["everything"], report.Style{Width: 100}))
}

func TestJSONIsTheReport(t *testing.T) {
	for name, r := range reports() {
		if name == "hostile" {
			continue // invalid UTF-8 does not come back
		}
		var b bytes.Buffer
		if err := report.JSON(&b, r); err != nil {
			t.Fatal(err)
		}
		hashed := *r
		hashed.Policy.Hash = "sha256:" + strings.Repeat("0", 64)
		schematest.Report(t, hashed)
		var got result.Report
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, &got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestJSONDrivesNoTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := base()
		r.Incomplete = []result.FlowNote{{Flow: "f\u009b\u202e\U000e0041", Reason: rapid.String().Draw(t, "reason")}}
		var b bytes.Buffer
		if err := report.JSON(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, c := range b.String() {
			if c != '\n' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf)) {
				t.Fatalf("character %U in %q", c, b.String())
			}
		}
		var got result.Report
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, &got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestRenderingChangesNothing(t *testing.T) {
	for name, r := range reports() {
		text(t, r, report.Style{Colour: true, Width: 80})
		if diff := cmp.Diff(reports()[name], r); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
	}
}

// Every text of a report, whatever its field, in every form that it is shown in.
func TestNothingInAReportDeceives(t *testing.T) {
	for name, change := range map[string]func(*result.Report){
		"all":            func(*result.Report) {},
		"nothing listed": func(r *result.Report) { r.Complete, r.Flows.Listed = false, 0 },
		"not withheld":   func(r *result.Report) { r.Withheld, r.Answered = nil, "" },
		"withheld":       func(r *result.Report) { r.Answered = "" },
	} {
		r := &result.Report{}
		plaintest.Fill(r)
		change(r)
		for form, show := range map[string]func(io.Writer, *result.Report) error{
			"text": func(w io.Writer, r *result.Report) error {
				return report.Text(w, r, report.Style{Width: 80, Fold: true})
			},
			"HTML": func(w io.Writer, r *result.Report) error { return report.HTML(w, r) },
			"JSON": func(w io.Writer, r *result.Report) error { return report.JSON(w, r) },
		} {
			t.Run(name+" "+form, func(t *testing.T) {
				var b bytes.Buffer
				if err := show(&b, r); err != nil {
					t.Fatal(err)
				}
				plaintest.Check(t, b.String())
			})
		}
	}
}

func TestNothingOfTheCloudDrivesTheTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hostile := func(label string) string { return rapid.String().Draw(t, label) }
		r := base()
		d := decision(hostile("flow"), hostile("execution"), result.Outcome(hostile("outcome")), hostile("message"))
		d.Reason, d.Cause, d.Rule, d.WouldAlso = hostile("reason"), hostile("cause"), hostile("rule"), []string{hostile("also")}
		r.Decisions = []result.Decision{d}
		r.Incomplete = []result.FlowNote{{Flow: hostile("incomplete"), Reason: hostile("reason")}}
		r.NotCovered = r.Incomplete
		r.Undecided = []result.Undecided{{Flow: hostile("f"), Execution: hostile("e"), Rule: hostile("r"), Error: hostile("err")}}
		r.Errors = []result.ErrorNote{{Code: hostile("code"), Message: hostile("message")}}
		r.Withheld = &result.Withheld{Limit: hostile("limit"), Window: hostile("window")}
		var b bytes.Buffer
		if err := report.Text(&b, r, report.Style{}); err != nil {
			t.Fatal(err)
		}
		for _, c := range b.String() {
			if c != '\n' && unicode.IsControl(c) {
				t.Fatalf("control character %U in %q", c, b.String())
			}
		}
	})
}
