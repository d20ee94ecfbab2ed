package policy

import (
	"strings"
	"testing"
	"time"
)

const fingerprinted = `version: 1
policy: p
mode: plan
vars: {limit: 2h}
limits: {maxStops: 10}
calendars: {off: {days: [2027-01-01]}, web: {days: [2027-01-01]}, mornings: {days: [2027-01-01]}}
protect: {flows: [kept]}
pricing: {perMinute: [{flows: ["etl-*"], price: 0.1}, {flows: [web], price: 0.2}]}
rules:
  - {name: etl, flows: ["etl-*"], maxRuntime: vars.limit, when: 'flow.env["TEAM"] == "data"'}
  - {name: dear, flows: ["etl-*"], maxCost: 5}
  - {name: web, flows: [web], maxRuntime: 1h, window: {hours: "09:00-18:00", timeZone: UTC}}
  - {name: workdays, flows: ["etl-*"], maxRuntime: 1d, window: {days: Mon-Fri, except: [off]}}
  - {name: mornings, flows: ["etl-*"], endBy: {time: "08:00", except: [mornings]}}
  - {name: many, flows: ["etl-*"], maxConcurrent: 50}
  - {name: customers, flows: ["etl-*"], maxConcurrent: 5, countBy: execution.input.customer}
`

func TestFingerprint(t *testing.T) {
	fingerprint := func(text string, flow *Flow, now time.Time, kind string) string {
		p, err := Parse("policy.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return p.Scope(now, &Event{Kind: kind, Time: now}).Flow(flow).Fingerprint()
	}
	flow := &Flow{Name: "etl-a", Env: map[string]string{"TEAM": "data"}}
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	before := fingerprint(fingerprinted, flow, noon, "timer")
	for _, test := range []struct {
		edit, from, to string
		same           bool
	}{
		{"nothing", "", "", true},
		{"the mode", "mode: plan", "mode: enforce", true},
		{"the limits", "maxStops: 10", "maxStops: 20", true},
		{"what is protected", "flows: [kept]", "flows: [kept, etl-a]", true},
		{"another flow's limit", "maxRuntime: 1h", "maxRuntime: 2h", true},
		{"another flow's price", "price: 0.2", "price: 0.3", true},
		{"a rule's name", "name: etl", "name: nightly", true},
		{"a var", "limit: 2h", "limit: 3h", false},
		{"its own rule's limit", "maxRuntime: vars.limit", "maxRuntime: 3h", false},
		{"its own price", "price: 0.1", "price: 0.3", false},
		{"its own cost", "maxCost: 5", "maxCost: 6", false},
		{"its own condition", `== "data"`, `!= "web"`, false},
		{"its own concurrency", "maxConcurrent: 50", "maxConcurrent: 51", false},
		{"what it counts by", "input.customer}", "input.tenant}", false},
		{"that it counts by something", ", countBy: execution.input.customer", "", false},
		{"its calendar", "off: {days: [2027-01-01", "off: {days: [2027-01-02", false},
		{"its endBy's calendar", "mornings: {days: [2027-01-01", "mornings: {days: [2027-01-02", false},
		{"its endBy", "08:00", "09:00", false},
		{"another calendar", "web: {days: [2027-01-01", "web: {days: [2027-01-02", true},
		{"its calendar's use", "except: [off]", "except: [web]", false},
		{"its distributed Maps", "maxConcurrent: 50", "maxConcurrent: 50, mapChildren: count", false},
		{"the order of what is surplus", "maxConcurrent: 50", "maxConcurrent: 50, stopFirst: oldest", false},
		{"another rule that names it", "flows: [web]", `flows: [web, "etl-*"]`, false},
		{"the events that its rule judges on", "name: etl,", "name: etl, on: [manual],", false},
	} {
		edited := strings.Replace(fingerprinted, test.from, test.to, 1)
		if test.from != "" && edited == fingerprinted {
			t.Fatalf("%s: not there", test.edit)
		}
		if same := fingerprint(edited, flow, noon, "timer") == before; same != test.same {
			t.Errorf("edited %s: the same is %v, want %v", test.edit, same, test.same)
		}
	}
	if fingerprint(fingerprinted, flow, noon.Add(9*time.Hour), "custom") != before {
		t.Error("another time and event have another fingerprint: a window that opens would lose what is known")
	}
	if fingerprint(fingerprinted, &Flow{Name: "etl-a"}, noon, "timer") == before {
		t.Error("a flow that its owner took from a rule has the same fingerprint")
	}
}
