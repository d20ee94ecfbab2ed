package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExplain(t *testing.T) {
	p := readPolicy(t, "full.yaml")
	f := with(aged(time.Hour), func(f *Facts) {
		f.Execution.History = &History{Steps: 2, LastEventTime: testNow.Add(-50 * time.Minute)}
		f.Flow.Env = map[string]string{"FLOWREAPER": "off"}
	})
	want := `run-1 of etl-nightly: keep
protected: flow.env.FLOWREAPER == "off"

rule etl-max-runtime (mode plan) keeps
  ✓ event.kind "timer" in ["timer"]
  ✓ status == "Running"
  ✓ flow.name "etl-nightly" matches flows ["etl-*", "!etl-backfill"]
  ✗ age 1h > 2h  — due 2026-03-04T13:00:00.000000001Z
  ✓ cost 7.21 CNY != nil
  ✓ cost 7.21 CNY > 5
  ✓ input.priority "low" != "high"
  ✗ now Wed 2026-03-04 20:00 +08:00 not in window Mon-Fri 09:00-18:00 Asia/Shanghai except holidays also make-up
  due 2026-03-05T01:00:00Z

rule crowd (mode enforce) keeps
  ✓ event.kind "timer" in ["timer","manual"]
  ✓ status == "Running"
  ✗ flow.name "etl-nightly" does not match flows ["imports"]  — due never
  ? flow.live (unknown) > maxConcurrent 50  — cannot be decided: the complete list of the flow's executions was not fetched
  due never

rule customers (mode enforce) keeps
  ✓ event.kind "timer" in ["timer","manual"]
  ✓ status == "Running"
  ✗ flow.name "etl-nightly" does not match flows ["imports-*"]  — due never
  ? live (unknown) by execution.input.customer, at most 1  — cannot be decided: the complete list of the flow's executions was not fetched
  due never

rule overnight (mode enforce) keeps
  ✓ event.kind "timer" in ["timer","manual"]
  ✓ status == "Running"
  ✓ age 1h > 30m
  ✗ now Wed 2026-03-04 12:00 +00:00 not in window Sat,Sun 00:00-24:00 UTC or daily 22:00-06:00 Asia/Shanghai or monthDays last-2..last, 1 00:00-24:00 Asia/Shanghai  — due 2026-03-04T14:00:00Z
  due 2026-03-04T14:00:00Z

rule mornings (mode enforce) keeps
  ✓ event.kind "timer" in ["timer","manual"]
  ✓ status == "Running"
  ✗ flow.name "etl-nightly" does not match flows ["night-*"]  — due never
  ✓ age 1h > 30m
  ✗ started Wed 2026-03-04 19:00 +08:00 and endBy 08:00 Mon-Fri Asia/Shanghai except holidays is Thu 2026-03-05 08:00 +08:00
  due never

rule same-day (mode enforce) keeps
  ✓ event.kind "timer" in ["timer","manual"]
  ✓ status == "Running"
  ✗ flow.name "etl-nightly" does not match flows ["day-*"]  — due never
  ✗ age 1h > 1h
  ✗ date(now, "Asia/Shanghai") "2026-03-04" != date(execution.startedTime, "Asia/Shanghai") "2026-03-04"
  ✓ not (weekday(now, "Asia/Shanghai") "Wed" in ["Sat","Sun"])
  due never

rule stuck (mode enforce) keeps
  ✓ event.kind "timer" in ["timer","manual"]
  ✓ status == "Running"
  ✗ history.idle 50m > 6h  — due 2026-03-04T17:10:00.000000001Z
  ✓ history.steps 2 < 3
  due 2026-03-04T17:10:00.000000001Z

rule budget-alarm (mode enforce) keeps
  ✗ event.kind "timer" in ["cloudevent","alarm","custom"]  — due never
  ✓ status "Running" in ["Running","Starting"]
  ✗ event.kind "timer" == "alarm"
  ✗ event.data.alertState nil in ["ALERT","ALARM"]
  due never
`
	if diff := cmp.Diff(want, told(p.Explain(f))); diff != "" {
		t.Error(diff)
	}
}

// told prints an explanation. The due time of a condition is that of the first
// that keeps the execution.
func told(e Explanation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s: %s", e.Execution, e.Flow, e.Decision)
	if e.Rule != "" {
		fmt.Fprintf(&b, " by %s (mode %s): %s", e.Rule, e.Mode, e.Reason)
	}
	fmt.Fprintln(&b, "\n"+e.Protected)
	for _, r := range e.Rules {
		fmt.Fprintf(&b, "\nrule %s (mode %s) %s\n", r.Rule, r.Mode, r.Result)
		for i, c := range r.Conditions {
			mark, remark := map[bool]string{true: "✓", false: "✗"}[c.Holds], ""
			if c.Error != "" {
				mark, remark = "?", "  — cannot be decided: "+c.Error
			} else if i == r.Failed {
				remark = "  — due " + c.Due.String()
			}
			fmt.Fprintf(&b, "  %s %s%s\n", mark, c.Seen, remark)
		}
		fmt.Fprintf(&b, "  due %s\n", r.Due)
	}
	return b.String()
}

func TestExplainTheCondemned(t *testing.T) {
	p := readPolicy(t, "guardrails.yaml")
	e := p.Explain(facts())
	if got := told(e); !strings.HasPrefix(got, "run-1 of etl-nightly: stop by etl-max-runtime (mode enforce): age 3h2m > 2h and input.priority \"low\" != \"high\"\n") {
		t.Error(got)
	}
	if r := e.Rules[0]; r.Result != Condemns || r.Failed != -1 || r.Due.String() != "2026-03-04T10:57:53.000000001Z" {
		t.Errorf("%+v", r)
	}
}

// TestExplainJSON: editors and scripts read it.
func TestExplainJSON(t *testing.T) {
	p := mustParse(t, oneRule("maxRuntime: 4h", "when: execution.input.x > 5"))
	got, err := json.MarshalIndent(p.Explain(facts()), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "flow": "etl-nightly",
 "execution": "run-1",
 "decision": "keep",
 "rules": [
  {
   "rule": "r",
   "mode": "enforce",
   "result": "keeps",
   "conditions": [
    {
     "text": "event.kind in [\"timer\",\"manual\"]",
     "seen": "event.kind \"timer\" in [\"timer\",\"manual\"]",
     "holds": true
    },
    {
     "text": "execution.status == \"Running\"",
     "seen": "status == \"Running\"",
     "holds": true
    },
    {
     "key": "maxRuntime",
     "text": "execution.age \u003e 4h",
     "seen": "age 3h2m \u003e 4h",
     "holds": false,
     "due": "2026-03-04T12:57:53.000000001Z"
    },
    {
     "key": "when",
     "text": "execution.input.x \u003e 5",
     "seen": "input.x nil \u003e 5",
     "holds": false,
     "error": "execution.input.x \u003e 5: nil \u003e a number cannot be compared",
     "due": "never"
    }
   ],
   "failed": 2,
   "due": "never"
  }
 ]
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestExplainUndecided(t *testing.T) {
	p := mustParse(t, oneRule("maxRuntime: 2h", "when: execution.input.x > 5"))
	e := p.Explain(facts())
	if r := e.Rules[0]; r.Result != IsUndecided || r.Failed != 3 {
		t.Errorf("%+v", r)
	}
}
