package report_test

import (
	"fmt"
	"strings"
	"testing"

	pretty "github.com/jedib0t/go-pretty/v6/text"
	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
)

// Names as long as the API allows, in any script, in any column, on any
// terminal: no line is wider than it, and no character of a name is lost.
func TestTextKeepsToTheWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := func(label string) string {
			return rapid.StringOfN(rapid.SampledFrom([]rune("abcXYZ019-_.:工作流é")), 1, 128, -1).Draw(t, label)
		}
		r := reports()["everything"]
		d := &r.Decisions[rapid.IntRange(0, len(r.Decisions)-1).Draw(t, "of")]
		d.Flow, d.Execution, d.Rule, d.Reason = name("flow"), name("execution"), name("rule"), strings.Repeat(name("reason")+" ", 3)
		r.Undecided[0].Execution, r.Incomplete[0].Flow, r.NotCovered[0].Reason = name("undecided"), name("incomplete"), name("reason")
		style := report.Style{Width: rapid.IntRange(60, 200).Draw(t, "width"), Fold: true, Colour: rapid.Bool().Draw(t, "colour")}
		var b strings.Builder
		if err := report.Text(&b, r, style); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := pretty.StringWidthWithoutEscSequences(strings.TrimRight(line, "\n")); n > style.Width {
				t.Fatalf("%d columns of %d: %s", n, style.Width, line)
			}
		}
		column := strings.Join(strings.Fields(style.Table([]string{"flow"}, [][]string{{d.Flow}})), "")
		if !strings.HasSuffix(column, d.Flow) {
			t.Errorf("%s is shown as %s", d.Flow, column)
		}
	})
}

// many is a report of 88 executions in two flows, withheld or failed, all by
// one rule.
func many(outcome result.Outcome, message string) *result.Report {
	r := *reports()["withheld"]
	r.Decisions, r.DecisionsOmitted, r.Executions.Condemned = nil, 0, 88
	for i := range 88 {
		d := decision([]string{"etl", "web"}[i%8/7], fmt.Sprintf("run-%d", i), outcome, message)
		d.AgeSeconds += float64(60 * i)
		r.Decisions = append(r.Decisions, d)
	}
	return &r
}

func TestALongTableIsPutTogether(t *testing.T) {
	r := many(result.WithheldOutcome, reports()["withheld"].Decisions[0].Message)
	golden(t, "many.txt", text80(t, r, false))
	if all := text80(t, r, true); strings.Count(all, "\nwithheld ") != 88 {
		t.Errorf("not all of 88 are shown:\n%s", all)
	}
	// Each in a flow of its own: by rule alone.
	for i := range r.Decisions {
		r.Decisions[i].Flow = fmt.Sprintf("flow-%d", i)
	}
	golden(t, "many-flows.txt", text80(t, r, false))
}

// What is said of the whole sweep isn't said of each, and what isn't is.
func TestAMessageIsSaidOnce(t *testing.T) {
	withheld := many(result.WithheldOutcome, reports()["withheld"].Decisions[0].Message)
	withheld.Errors = []result.ErrorNote{{Code: "Withheld", Message: withheld.Withheld.String() + ": nothing is stopped", Count: 1}}
	if got := strings.Join(strings.Fields(text80(t, withheld, true)), " "); strings.Count(got, "maxStops allows 5") != 1 {
		t.Errorf("not said once:\n%s", got)
	}
	clock := many(result.WithheldOutcome, "this machine's clock is off")
	clock.Withheld, clock.Errors = nil, []result.ErrorNote{{Code: "ClockSkew", Message: "this machine's clock is off", Count: 1}}
	if got := text80(t, clock, true); strings.Count(got, "clock is off") != 1 {
		t.Errorf("not said once:\n%s", got)
	}
	failed := many(result.Failed, "AccessDenied")
	failed.Decisions[3].Message = "the answer was torn"
	if got := text80(t, failed, false); strings.Count(got, "AccessDenied") != 2 || strings.Count(got, "the answer was torn") != 1 {
		t.Errorf("a message is missing, or is said more than once a flow:\n%s", got)
	}
}

func text80(t *testing.T, r *result.Report, all bool) string {
	return text(t, r, report.Style{Width: 80, Fold: true, All: all})
}

// At the head of the page stands how many each rule concerns, and each decision
// says in every cell which column it is of: narrow, its row is a card.
func TestThePageIsReadOnAPhone(t *testing.T) {
	r := many(result.WithheldOutcome, "")
	r.Decisions[3].Outcome, r.Decisions[4].Rule = result.Failed, "other"
	var b strings.Builder
	if err := report.HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		`<td data-column="executions"><span>87</span></td>`,
		`<td data-column="became"><span>86 withheld, 1 failed</span></td>`,
		`<td data-column="oldest"><span>4h27m</span></td>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if totals, decisions := strings.Index(page, "<h2>By rule"), strings.Index(page, "<h2>Decisions"); totals < 0 || decisions < totals {
		t.Error("the totals don't come first")
	}
	if cells, named := strings.Count(page, "<td"), strings.Count(page, `<td data-column="`); cells != named || cells < 88*6 {
		t.Errorf("%d cells, of which %d say what they are", cells, named)
	}
}
