package policy

import (
	"encoding/json"
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
  ✗ age 1h > 2h  — from 2026-03-04T13:00:00Z
  ✓ cost 7.20034 != nil
  ✓ cost 7.20034 > 5
  ✓ input.priority "low" != "high"
  ✗ now Wed 2026-03-04 20:00 +08:00 not in window Mon-Fri 09:00-18:00 Asia/Shanghai
  would be stopped at 2026-03-05T01:00:00Z if nothing changes

rule crowd (mode enforce) keeps
  ✓ event.kind "timer" in ["timer","manual"]
  ✓ status == "Running"
  ✗ flow.name "etl-nightly" does not match flows ["imports"]  — this does not change
  ? flow.live (unknown) > maxConcurrent 50  — cannot be decided: the complete list of the flow's executions was not fetched
  would never be stopped by this rule if nothing changes

rule overnight (mode enforce) keeps
  ✓ event.kind "timer" in ["timer","manual"]
  ✓ status == "Running"
  ✓ age 1h > 30m
  ✗ now Wed 2026-03-04 12:00 +00:00 not in window Sat,Sun 00:00-24:00 UTC or daily 22:00-06:00 Asia/Shanghai  — from 2026-03-04T14:00:00Z
  would be stopped at 2026-03-04T14:00:00Z if nothing changes

rule stuck (mode enforce) keeps
  ✓ event.kind "timer" in ["timer","manual"]
  ✓ status == "Running"
  ✗ history.idle 50m > 6h  — from 2026-03-04T17:10:00Z
  ✓ history.steps 2 < 3
  would be stopped at 2026-03-04T17:10:00Z if nothing changes

rule budget-alarm (mode enforce) keeps
  ✗ event.kind "timer" in ["cloudevent","alarm","custom"]  — this does not change
  ✓ status "Running" in ["Running","Starting"]
  ✗ event.kind "timer" == "alarm"
  ✗ event.data.alertState nil in ["ALERT","ALARM"]
  would never be stopped by this rule if nothing changes
`
	if diff := cmp.Diff(want, p.Explain(f).String()); diff != "" {
		t.Error(diff)
	}
}

func TestExplainTheCondemned(t *testing.T) {
	p := readPolicy(t, "guardrails.yaml")
	e := p.Explain(facts())
	if !strings.HasPrefix(e.String(), "run-1 of etl-nightly: stop by etl-max-runtime (mode enforce): age 3h2m > 2h and input.priority \"low\" != \"high\"\n") {
		t.Error(e)
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
