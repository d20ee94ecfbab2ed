package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lint prints what is found: line:column, severity, code, rule, message, next.
func lint(t *testing.T, text string, o LintOptions) string {
	t.Helper()
	findings, err := Lint("p.yaml", []byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range findings {
		all = append(all, fmt.Sprintf("%d:%d %s %s %s: %s → %s", f.Line, f.Column, f.Severity, f.Code, f.Rule, f.Message, f.Next))
	}
	return strings.Join(all, "\n")
}

// lintHead is what stands before the rules of the tests: seven lines.
const lintHead = `version: 1
mode: enforce
vars: {limit: 2h, moment: 30s, words: [a, b], glob: 'e?l-*'}
protect: {flows: ["payroll-*"]}
pricing: {currency: CNY, perMinute: [{flows: ["etl-*"], price: 0.1}, {flows: ["web-*"], price: 0.2}]}

rules:
`

// TestLint has for each finding a policy that has it and one that nearly does.
func TestLint(t *testing.T) {
	const beginning = "  - {name: first, maxRuntime: 2h}\n"
	tests := []struct{ name, rules, want string }{
		// never
		{"when that is false", "  - {name: r, maxRuntime: 2h, when: 1 > 2}\n", `8:37 warning never r: the rule can never stop anything: this is always false → correct one of them, or take the rule out`},
		{"an age between nothing", "  - {name: r, maxRuntime: 2h, when: execution.age < duration(\"1h\")}\n", `8:37 warning never r: the rule can never stop anything: execution.age < 1h contradicts execution.age > 2h, which is what maxRuntime means → correct one of them, or take the rule out`},
		{"an age between something", "  - {name: r, maxRuntime: 1h, when: execution.age < duration(\"2h\")}\n", ``},
		{"an alarm on a timer", "  - {name: r, maxRuntime: 1h, when: event.kind == \"alarm\"}\n", `8:37 warning never r: the rule can never stop anything: event.kind == "alarm" contradicts event.kind in ["timer","manual"], which is what on means (without it: timer and manual) → correct one of them, or take the rule out`},
		{"an ended status", "  - {name: r, maxRuntime: 1h, when: execution.status == \"Failed\"}\n", `8:37 warning never r: the rule can never stop anything: execution.status == "Failed" contradicts execution.status in ["Running","Starting"], which holds for every rule → correct one of them, or take the rule out`},
		{"a kind that there isn't", "  - {name: r, on: [event], limits: none, when: event.kind == \"cron\"}\n", `8:48 warning never r: the rule can never stop anything: event.kind == "cron" is true of no execution → correct one of them, or take the rule out`},
		{"a name that is two", "  - {name: r, maxRuntime: 1h, when: flow.name == \"a\" and flow.name == \"b\"}\n", `8:37 warning never r: the rule can never stop anything: flow.name == "b" contradicts flow.name == "a" → correct one of them, or take the rule out`},
		{"flows that name none", "  - {name: r, maxRuntime: 1h, flows: [\"etl-*\", \"!*\"]}\n", `8:38 warning never r: the rule can never stop anything: its flows name none → the last glob that matches wins: put exclusions behind what they exclude from, and no further`},
		{"flows that name some", "  - {name: r, maxRuntime: 1h, flows: [\"etl-*\", \"!etl-*-x\"]}\n", ``},
		{"flows that don't name the only one", "  - {name: r, maxRuntime: 1h, flows: [\"etl-*\"], when: 'flow.name in [\"web\", \"api\"]'}\n", `8:38 warning never r: the rule can never stop anything: its flows don't name "web", "api", the only that its conditions leave → correct one of them`},
		{"flows that name one of them", "  - {name: r, maxRuntime: 1h, flows: [\"etl-*\"], when: 'flow.name in [\"web\", \"etl-a\"]'}\n", ``},
		{"only protected flows", "  - {name: r, maxRuntime: 1h, flows: [payroll-march, \"payroll-2*\"]}\n", `8:38 warning never r: the rule can never stop anything: all of its flows are protected → take them out of protect.flows, or the rule out`},
		{"only protected flows, by a condition", "  - {name: r, maxRuntime: 1h, when: flow.name == \"payroll-a\"}\n", `8:5 warning never r: the rule can never stop anything: all of its flows are protected → take them out of protect.flows, or the rule out`},
		{"also protected flows", "  - {name: r, maxRuntime: 1h, flows: [\"pay*\"]}\n", ``},

		// shadowed
		{"shadowed", beginning + "  - {name: r, flows: [\"etl-*\"], when: execution.age > vars.limit}\n", `9:5 warning shadowed r: the rule never speaks: first (line 8) condemns all that it condemns, and comes first → take it out, or make the other narrower`},
		{"shadowed by one that enforces", "  - {name: r, maxRuntime: 2h, mode: plan}\n" + beginning, `8:5 warning shadowed r: the rule never speaks: first (line 9) condemns all that it condemns, and enforces → take it out, or make the other narrower`},
		{"not shadowed by one that plans", "  - {name: p, maxRuntime: 2h, mode: plan, flows: [\"a*\"]}\n  - {name: r, maxRuntime: 2h, flows: [\"a*\"], when: execution.name startsWith \"x\"}\n", ``},
		{"not shadowed by a later one", "  - {name: r, maxRuntime: 2h, flows: [\"etl-*\"]}\n" + beginning, ``},
		{"shadowed by one of two", "  - {name: a, maxRuntime: 2h, when: execution.input.x == 1 or execution.input.y == 2}\n  - {name: r, maxRuntime: 2h, when: execution.input.y == 2 and flow.name != \"z\"}\n", `9:5 warning shadowed r: the rule never speaks: a (line 8) condemns all that it condemns, and comes first → take it out, or make the other narrower`},
		{"not shadowed by a narrower when", "  - {name: a, maxRuntime: 2h, when: execution.input.x == 1}\n  - {name: r, maxRuntime: 2h, when: execution.input.y == 2}\n", ``},
		{"not shadowed by narrower flows", "  - {name: a, maxRuntime: 2h, flows: [\"etl-*\", \"!etl-x\"]}\n  - {name: r, maxRuntime: 2h, flows: [\"etl-*\"]}\n", ``},
		{"not shadowed on another trigger", beginning + "  - {name: r, maxRuntime: 2h, on: [event], limits: none}\n", ``},
		{"not shadowed by one with a window", "  - {name: a, maxRuntime: 2h, window: {days: Mon-Fri}}\n  - {name: r, maxRuntime: 2h, window: {days: \"Sat,Sun\"}}\n", ``},
		{"shadowed in the same window", "  - {name: a, maxRuntime: 2h, window: {days: Mon-Fri}}\n  - {name: r, maxRuntime: 2h, flows: [a], window: {days: Mon-Fri}}\n", `9:5 warning shadowed r: the rule never speaks: a (line 8) condemns all that it condemns, and comes first → take it out, or make the other narrower`},

		// longer-inside
		{"a longer limit inside", "  - {name: r, flows: [etl-backfill], maxRuntime: 6h}\n" + beginning, `8:50 warning longer-inside r: its limit of 6h has no effect: the rule first (line 9) condemns the same executions after 2h → a narrower rule never softens a broader one: take its flows out of the other with !`},
		{"a longer limit inside, with conditions", beginning + "  - {name: r, when: now - execution.startedTime > duration(\"6h\") and flow.name startsWith \"etl-\"}\n", `9:21 warning longer-inside r: its limit of 6h has no effect: the rule first (line 8) condemns the same executions after 2h → a narrower rule never softens a broader one: take its flows out of the other with !`},
		{"a longer limit beside", "  - {name: r, flows: [etl-backfill], maxRuntime: 6h}\n  - {name: first, maxRuntime: 2h, flows: [\"*\", \"!etl-backfill\"]}\n", ``},
		{"a longer limit inside one that plans", "  - {name: r, flows: [etl-backfill], maxRuntime: 6h}\n  - {name: first, maxRuntime: 2h, mode: plan}\n", ``},
		{"a shorter limit inside", "  - {name: r, flows: [etl-a], maxRuntime: 1h}\n" + beginning, ``},

		// always
		{"when: true", "  - {name: r, when: true} # lint: allow every-sweep\n", `8:21 warning always r: this is true for every execution: the rule condemns all that runs → narrow it, unless that is what you want`},
		{"when that is true for all that runs", "  - {name: r, flows: [\"a*\"], when: execution.status == \"Running\" and execution.age >= duration(\"0s\")} # lint: allow every-sweep\n", `8:36 warning always r: this is true for every execution: the rule condemns all that runs of its flows → narrow it, unless that is what you want`},
		{"when that narrows nothing", "  - {name: r, maxRuntime: 2h, when: flow.name matches \".*\" or execution.input.x == 1}\n", `8:37 warning always r: this is true for every execution, so that it narrows nothing → take it out, or correct it`},
		{"flows that are all", "  - {name: r, flows: [\"a*\", \"*\"]} # lint: allow every-sweep\n", `8:5 warning always r: no condition says which executions: the rule condemns all that runs → give maxRuntime or when; if that is what you want, allow it: # lint: allow always`},
		{"nothing but flows", "  - {name: r, flows: [\"a*\"]} # lint: allow every-sweep\n", `8:5 warning always r: no condition says which executions: the rule condemns all that runs of its flows → give maxRuntime or when; if that is what you want, allow it: # lint: allow always`},
		{"nothing but a window", "  - {name: r, window: {days: Mon-Fri}} # lint: allow every-sweep\n", `8:5 warning always r: no condition says which executions: the rule condemns all that runs while its window is open → give maxRuntime or when; if that is what you want, allow it: # lint: allow always`},
		{"nothing but flows and a window", "  - {name: r, flows: [a], window: {days: Mon-Fri}} # lint: allow every-sweep\n", `8:5 warning always r: no condition says which executions: the rule condemns all that runs of its flows while its window is open → give maxRuntime or when; if that is what you want, allow it: # lint: allow always`},
		{"nothing but on", "  - {name: r, on: [event], limits: none}\n", `8:5 warning always r: no condition says which executions: the rule condemns all that runs, whatever the event is → give maxRuntime or when; if that is what you want, allow it: # lint: allow always`},
		{"nothing but manual", "  - {name: r, on: manual}\n", `8:5 warning always r: no condition says which executions: the rule condemns all that runs → give maxRuntime or when; if that is what you want, allow it: # lint: allow always`},
		{"a cost of nothing", "  - {name: r, flows: [\"etl-*\"], maxCost: 0} # lint: allow every-sweep\n", `8:42 warning always r: this is true for every execution: the rule condemns all that runs of its flows → narrow it, unless that is what you want`},
		{"what has started", "  - {name: r, flows: [a], when: now > execution.startedTime} # lint: allow every-sweep\n", `8:33 warning always r: this is true for every execution: the rule condemns all that runs of its flows → narrow it, unless that is what you want`},
		{"when true and a window", "  - {name: r, window: {days: Mon-Fri}, when: true} # lint: allow every-sweep\n", `8:46 warning always r: this is true for every execution: the rule condemns all that runs while its window is open → narrow it, unless that is what you want`},
		{"an event that is asked for", "  - {name: r, on: [event], limits: none, flows: [a], when: event.data.x == 1}\n", ``},
		{"too many at once", "  - {name: r, flows: [a], maxConcurrent: 5} # lint: allow every-sweep\n", ``},
		{"when that narrows", "  - {name: r, maxRuntime: 2h, when: flow.name matches \"a\"}\n", ``},

		// glob
		{"== with a glob", "  - {name: r, maxRuntime: 2h, when: flow.name == \"pay-*\"}\n", `8:37 warning glob r: == takes "pay-*" letter by letter, and no flow's name has a "*" → ask with flow.name startsWith "pay-", or write flows: ["pay-*"]`},
		{"!= with a glob", "  - {name: r, maxRuntime: 2h, when: flow.name != \"*-x\"}\n", `8:37 warning glob r: != takes "*-x" letter by letter, and no flow's name has a "*" → ask with flow.name endsWith "-x"`},
		{"in with a glob", "  - {name: r, maxRuntime: 2h, when: 'flow.name in [\"a\", \"etl-*\"]'}\n", `8:37 warning glob r: in takes "etl-*" letter by letter, and no flow's name has a "*" → ask with flow.name startsWith "etl-", or write flows: ["etl-*"]`},
		{"not in with a glob, in a clause", "  - {name: r, maxRuntime: 2h, when: 'execution.input.x == 1 or flow.name not in [\"*etl*\"]'}\n", `8:37 warning glob r: in takes "*etl*" letter by letter, and no flow's name has a "*" → ask with flow.name contains "etl", or write flows: ["*etl*"]`},
		{"startsWith a glob", "  - {name: r, maxRuntime: 2h, when: flow.name startsWith \"etl-*\"}\n", `8:37 warning glob r: startsWith takes "etl-*" letter by letter, and no flow's name has a "*" → ask with flow.name startsWith "etl-", or write flows: ["etl-*"]`},
		{"a var that is a glob", "  - {name: r, maxRuntime: 2h, when: lower(flow.name) == vars.glob}\n", `8:37 warning glob r: == takes "e?l-*" letter by letter, and no flow's name has a "?" → ask with flow.name matches "^e.l-.*$", or write flows: ["e?l-*"]`},
		{"any of some globs", "  - {name: r, maxRuntime: 2h, when: 'any([\"a\", \"etl-*\"], flow.name startsWith #)'}\n", `8:37 warning glob r: startsWith takes "etl-*" letter by letter, and no flow's name has a "*" → ask with flow.name startsWith "etl-", or write flows: ["etl-*"]`},
		{"any of some texts", "  - {name: r, maxRuntime: 2h, when: 'any([\"a\", \"etl-\"], flow.name startsWith #)'}\n", ``},
		{"== with a regular expression", "  - {name: r, maxRuntime: 2h, when: flow.name == \"^etl\"}\n", `8:37 warning glob r: == takes "^etl" letter by letter, and no flow's name has a "^" → correct it; a regular expression is asked for with matches`},
		{"an execution's glob", "  - {name: r, maxRuntime: 2h, when: execution.name == \"run-*\"}\n", `8:37 warning glob r: == takes "run-*" letter by letter, and execution.name never has a "*" → ask with execution.name startsWith "run-"`},
		{"an execution's name", "  - {name: r, maxRuntime: 2h, when: execution.name == \"a.b:c\"}\n", ``},
		{"an input's glob", "  - {name: r, maxRuntime: 2h, when: execution.input.job == \"batch-*\"}\n", `8:37 warning glob r: == takes "batch-*" letter by letter, and a * is no wildcard there → ask with execution.input.job startsWith "batch-"`},
		{"an input's cron line", "  - {name: r, maxRuntime: 2h, when: execution.input.cron == \"0 * * * *\"}\n", ``},
		{"matches a glob", "  - {name: r, maxRuntime: 2h, when: flow.name matches \"etl-*\"}\n", `8:37 warning glob r: matches takes a regular expression, and "etl-*" is a glob: its * repeats the "-" before it, or leaves it out → ask with flow.name startsWith "etl-", or write flows: ["etl-*"]`},
		{"matches a glob with anchors", "  - {name: r, maxRuntime: 2h, when: execution.name matches \"^run-?$\"}\n", `8:37 warning glob r: matches takes a regular expression, and "^run-?$" is a glob: its ? repeats the "-" before it, or leaves it out → ask with execution.name matches "^run-.$"`},
		{"matches globs", "  - {name: r, maxRuntime: 2h, when: flow.name matches \"etl-*|web-*\"}\n", `8:37 warning glob r: matches takes a regular expression, and "etl-*|web-*" is a glob: its * repeats the "-" before it, or leaves it out → correct it; a regular expression is asked for with matches`},
		{"matches a regular expression", "  - {name: r, maxRuntime: 2h, when: flow.name matches \"^etl-.*$\" or execution.input.url matches \"^https?://\"}\n", ``},

		// placeholder
		{"braces of other tools", "  - {name: r, maxRuntime: 2h, cause: \"ran {{ execution.age }}\"}\n", `8:38 warning placeholder r: "{{ execution.age }}" is no placeholder: the cause has it as it stands → write it like ${execution.age}`},
		{"a Go template", "  - {name: r, maxRuntime: 2h, cause: \"ran {{.Age}}\"}\n", `8:38 warning placeholder r: "{{.Age}}" is no placeholder: the cause has it as it stands → write it like ${execution.age}`},
		{"a dollar alone", "  - {name: r, maxRuntime: 2h, cause: \"ran $execution.age of $(vars.limit)\"}\n", `8:38 warning placeholder r: "$execution.age" is no placeholder: the cause has it as it stands → write it like ${execution.age}`},
		{"braces alone", "  - {name: r, maxRuntime: 2h, cause: \"limit {vars.limit}, $${x}\"}\n", `8:38 warning placeholder r: "{vars.limit}" is no placeholder: the cause has it as it stands → write it like ${vars.limit}`},
		{"dollars that are escaped", "  - {name: r, maxRuntime: 2h, cause: \"$${execution.age} is ${execution.age}, in {} at $5\"}\n", ``},

		// below-tick and beyond-a-year
		{"below the tick", "  - {name: r, maxRuntime: vars.moment}\n", `8:27 warning below-tick r: a limit of 30s is shorter than the 1m between two sweeps: executions are stopped up to 1m late → give a longer limit, or sweep more often`},
		{"a tick", "  - {name: r, maxRuntime: 1m}\n", ``},
		{"below the tick, on events", "  - {name: r, maxRuntime: 30s, on: [event], limits: none}\n", ``},
		{"above a year", "  - {name: r, when: execution.age >= duration(\"365d\")}\n", `8:21 warning beyond-a-year r: no execution gets older than 365d: CloudFlow itself ends them after a year → give a limit below 365d`},
		{"below a year", "  - {name: r, maxRuntime: 364d}\n", ``},

		// nil-guard
		{"no nil guard", "  - {name: r, maxRuntime: 2h, when: execution.input.priority != \"high\"}\n", `8:37 warning nil-guard r: this is true, too, for executions whose input has no priority → if that isn't meant, add: execution.input.priority != nil and …`},
		{"no nil guard, turned round", "  - {name: r, maxRuntime: 2h, when: \"\\\"high\\\" != execution.input.a.b\"}\n", `8:37 warning nil-guard r: this is true, too, for executions whose input has no a.b → if that isn't meant, add: execution.input.a.b != nil and …`},
		{"no nil guard against a variable", "  - {name: r, maxRuntime: 2h, when: flow.name != execution.input.flow}\n", `8:37 warning nil-guard r: this is true, too, for executions whose input has no flow → if that isn't meant, add: execution.input.flow != nil and …`},
		{"unless", "  - {name: r, maxRuntime: 2h, when: not (execution.input.priority == \"high\")}\n", ``},
		{"no nil guard in a list", "  - {name: r, maxRuntime: 2h, when: execution.input.c not in vars.words}\n", `8:37 warning nil-guard r: this is true, too, for executions whose input has no c → if that isn't meant, add: execution.input.c != nil and …`},
		{"a nil guard", "  - {name: r, maxRuntime: 2h, when: execution.input.priority != nil and execution.input.priority != \"high\"}\n", ``},
		{"a default", "  - {name: r, maxRuntime: 2h, when: (execution.input.priority ?? \"low\") != \"high\"}\n", ``},
		{"nil is meant", "  - {name: r, maxRuntime: 2h, when: execution.input.priority == nil or execution.input.priority != \"high\"}\n", ``},
		{"nil is out", "  - {name: r, maxRuntime: 2h, when: execution.input.n > 1 and execution.input.n != 2}\n", ``},
		{"no input", "  - {name: r, maxRuntime: 2h, when: execution.name != \"a\"}\n", ``},

		// every-sweep
		{"no age", "  - {name: r, flows: [\"a*\"], when: execution.input.x == 1}\n", `8:5 warning every-sweep r: its flows are looked at in every sweep, because no condition says how old an execution must be: 0.017 calls/s a flow: 120 flows take all of the API's 2 → add a maxRuntime, the longer the better, or name fewer flows`},
		{"flow.live", "  - {name: r, flows: [\"a*\"], maxRuntime: 1h, when: flow.live > 5}\n", `8:52 warning every-sweep r: its flows are looked at in every sweep, because flow.live > 5 can become true at any time: 0.033 calls/s a flow: 60 flows take all of the API's 2 → what is counted can't do without: name the flows that need it`},
		{"an age, and what can't be foreseen", "  - {name: r, flows: [\"a*\"], maxRuntime: 1h, when: history.steps > 5}\n", `8:52 note every-sweep r: executions older than 1h are judged again in every sweep, because history.steps > 5 can become true at any time: 1 call or more each → give a longer maxRuntime`},
		{"few flows", "  - {name: r, flows: [a, b], maxConcurrent: 50}\n", `8:45 note every-sweep r: its flows are looked at in every sweep, because maxConcurrent 50, newest first can become true at any time: 0.067 calls/s of 2 for 2 flows → what is counted can't do without: name the flows that need it
8:45 note count-per-flow r: 50 may run of each of its flows: every flow is counted by itself → if all of them together are meant, write countBy: rule; if not, countBy: flow`},
		{"few flows, each by itself", "  # lint: allow every-sweep\n  - {name: r, flows: [a, b], maxConcurrent: 50, countBy: flow}\n", ``},
		{"flows by a glob", "  # lint: allow every-sweep\n  - {name: r, flows: [\"a*\"], maxConcurrent: 1}\n", `9:45 note count-per-flow r: 1 may run of each of its flows: every flow is counted by itself → if all of them together are meant, write countBy: rule; if not, countBy: flow`},
		{"one flow by a condition", "  # lint: allow every-sweep\n  - {name: r, when: flow.name == \"a\", maxConcurrent: 1}\n", ``},
		{"too many flows to count", "  # lint: allow every-sweep\n  - {name: r, flows: [" + manyFlows(41) + "], maxConcurrent: 50, countBy: rule}\n", `9:257 warning count-too-many r: its 41 flows take 82 calls to list, 41s within the API's quota, and a sweep waits no longer than 40s for what it counts: it is never decided → name fewer flows`},
		{"as many flows as can be counted", "  # lint: allow every-sweep\n  - {name: r, flows: [" + manyFlows(40) + "], maxConcurrent: 50, countBy: rule}\n", ``},
		{"a key", "  - {name: r, flows: [a, b], maxConcurrent: 50, countBy: execution.input.c}\n", `8:45 note every-sweep r: its flows are looked at in every sweep, because maxConcurrent 50 by execution.input.c, newest first can become true at any time: 0.067 calls/s of 2 for 2 flows → what is counted can't do without: name the flows that need it`},
		{"an end by the clock, whatever the age", "  - {name: r, flows: [a, b], endBy: {time: \"08:00\"}}\n", `8:5 note every-sweep r: its flows are looked at in every sweep, because no condition says how old an execution must be: 0.033 calls/s of 2 for 2 flows → add a maxRuntime, the longer the better, or name fewer flows`},
		{"an end by the clock, from an age on", "  - {name: r, flows: [a, b], maxRuntime: 10m, endBy: {time: \"08:00\"}}\n", ``},
		{"an age", "  - {name: r, flows: [\"a*\"], maxRuntime: 5m, when: execution.input.x == 1}\n", ``},
		{"an event", "  - {name: r, on: [event, manual], when: event.data.x == 1}\n", ``},
		{"a window", "  - {name: r, maxRuntime: 5m, window: {days: Mon-Fri}}\n", ``},

		{"a warning that can't come in time", "  - {name: r, maxRuntime: 20m, warnBefore: 30m}\nnotify: [{name: a, kind: webhook, urlEnv: A}]\n", `8:44 warning warn-before r: executions are warned of as soon as they are seen, and stopped 30m later, at a limit of 20m: its flows are looked at in every sweep for that → warn later, or give a longer limit`},
		{"a warning in time", "  - {name: r, maxRuntime: 33m, warnBefore: 30m}\nnotify: [{name: a, kind: webhook, urlEnv: A}]\n", ``},
		// emergency-limits and alarm-state
		{"an emergency with limits", "  - {name: r, on: [event], when: event.data.x == 1}\n", `8:19 warning emergency-limits r: the rule answers events alone and keeps the limits: where it condemns more than 100, or 50% of what is live, it stops nothing → if it is for emergencies, say limits: none`},
		{"an emergency that trickles", "  - {name: r, on: [event], when: event.data.x == 1}\nlimits: {over: trickle} # lint: allow trickle\n", ``},
		{"an emergency without", "  - {name: r, on: [event], limits: none, when: event.data.x == 1}\n", ``},
		{"an event and more", "  - {name: r, on: [event, manual], when: event.data.x == 1}\n", ``},
		{"an alarm in any state", "  - {name: r, on: [event], limits: none, when: event.kind == \"alarm\"}\n", `8:48 warning alarm-state r: the rule judges on alarms and doesn't ask for their state: the message that an alarm is over sets it off, too → add: event.data.alertState in ["ALERT", "ALARM"]`},
		{"an alarm by its fields", "  - {name: r, on: [event], limits: none, when: event.data.metricName == \"cost\"}\n", `8:48 warning alarm-state r: the rule judges on alarms and doesn't ask for their state: the message that an alarm is over sets it off, too → add: event.data.alertState in ["ALERT", "ALARM"]`},
		{"a subscription's alarm in any state", "  - {name: r, on: [event], limits: none, when: event.data.alert.eventName == \"cost\"}\n", `8:48 warning alarm-state r: the rule judges on alarms and doesn't ask for their state: the message that an alarm is over sets it off, too → add: event.data.alert.alertStatus == "TRIGGERED"`},
		{"a subscription in any state", "  - {name: r, on: [event], limits: none, when: event.kind == \"alarm\" and event.data.strategyName == \"cost\"}\n", `8:48 warning alarm-state r: the rule judges on alarms and doesn't ask for their state: the message that an alarm is over sets it off, too → add: event.data.alert.alertStatus == "TRIGGERED"`},
		{"an alarm that isn't over", "  - {name: r, on: [event], limits: none, when: event.kind == \"alarm\" and event.data.alertState != \"OK\"}\n", `8:48 warning alarm-state r: the rule asks which state an alarm is not in: an alarm of another form has no such state, so that the message that it is over sets the rule off, too → write instead: event.data.alertState in ["ALERT", "ALARM"]`},
		{"a subscription's alarm that isn't over", "  - {name: r, on: [event], limits: none, when: event.kind == \"alarm\" and not (event.data.alert.alertStatus == \"RESOLVED\")}\n", `8:48 warning alarm-state r: the rule asks which state an alarm is not in: an alarm of another form has no such state, so that the message that it is over sets the rule off, too → write instead: event.data.alert.alertStatus == "TRIGGERED"`},
		{"a subscription's alarm that rings", "  - {name: r, on: [event], limits: none, when: event.kind == \"alarm\" and event.data.alert.alertStatus == \"TRIGGERED\" and event.data.alertState != \"OK\"}\n", ``},
		{"a subscription's alarm that rings, by its keys", "  - {name: r, on: [event], limits: none, when: 'event.kind == \"alarm\" and event.data?.alert?.[\"alertStatus\"] == \"TRIGGERED\"'}\n", ``},
		{"an alarm that rings, and what it is not", "  - {name: r, on: [event], limits: none, when: event.data.alertState == \"ALERT\" and event.data.alert.alertStatus != \"RESOLVED\"}\n", ``},
		{"an alarm of either form that rings", "  - {name: r, on: [event], limits: none, when: event.kind == \"alarm\" and (event.data.alertState == \"ALERT\" or event.data.alert.alertStatus == \"TRIGGERED\")}\n", ``},
		{"an alarm that rings", "  - {name: r, on: [event], limits: none, when: event.kind == \"alarm\" and event.data.alertState == \"ALERT\"}\n", ``},

		// unpriced
		{"unpriced", "  - {name: r, maxRuntime: 1h, maxCost: 5, flows: [\"etl-*\", \"api-*\"]}\n", `8:40 warning unpriced r: some of its flows have no price, such as one that is called "api-": their cost is nil, and is never too high → price them in pricing.perMinute, or name only flows that are priced`},
		{"priced", "  - {name: r, maxRuntime: 1h, maxCost: 5, flows: [\"etl-*\", \"web-a*\"]}\n", ``},
		{"unpriced in when", "  - {name: r, maxRuntime: 1h, when: execution.cost > 5}\n", `8:37 warning unpriced r: some of its flows have no price, such as one that is called "x": their cost is nil, and is never too high → price them in pricing.perMinute, or name only flows that are priced`},

		// express
		{"Express", "  - {name: r, maxRuntime: 1m, when: flow.executionMode == \"Express\"}\n", `8:37 warning express r: this holds for Express flows alone, and they are never looked at: their executions end within five minutes → take the rule out`},
		{"not Standard", "  - {name: r, maxRuntime: 1m, when: flow.executionMode != \"Standard\"}\n", `8:37 warning express r: this holds for Express flows alone, and they are never looked at: their executions end within five minutes → take the rule out`},
		{"Standard", "  - {name: r, maxRuntime: 1m, when: flow.executionMode == \"Standard\"}\n", ``},

		// cause-length
		{"a cause too long", "  - {name: r, maxRuntime: 1h, cause: \"" + strings.Repeat("x", 3900) + "${flow.name}\"}\n", `8:38 warning cause-length r: the cause may have 4156 bytes, and what is beyond 3990 is cut → make it shorter`},
		{"a cause that may be", "  - {name: r, maxRuntime: 1h, cause: \"${execution.input.x ?? 1} for ${execution.age}\"}\n", `8:38 note cause-length r: execution.input.x ?? 1 may be of any length, and what is beyond 3990 bytes of the cause is cut → put it last, so that nothing else is lost`},
		{"a cause that may be, at its end", "  - {name: r, maxRuntime: 1h, cause: \"for ${execution.input.x}\"}\n", `8:38 note cause-length r: execution.input.x may be of any length, and what is beyond 3990 bytes of the cause is cut → it stands last, so that only its own end is lost`},
		{"a cause that fits", "  - {name: r, maxRuntime: 1h, cause: \"" + strings.Repeat("x", 3500) + "${flow.name} ${execution.age} ${execution.input.x == 1 ? upper(\\\"yes\\\") : 5} ${vars.words} ${execution.startedTime} ${execution.age > vars.limit}\"}\n", ``},

		// allow
		{"allowed on the line", "  - {name: r, when: true} # lint: allow every-sweep, always\n", ``},
		{"allowed above", "  # all of it, lint: allow nothing\n  # lint: allow always,every-sweep (on purpose)\n  - {name: r, when: true}\n", ``},
		{"another is allowed", "  # lint: allow shadowed\n  - {name: r, maxRuntime: 30s}\n", `9:27 warning below-tick r: a limit of 30s is shorter than the 1m between two sweeps: executions are stopped up to 1m late → give a longer limit, or sweep more often`},
		{"allowed on another rule's line", "  - {name: a, maxRuntime: 1m} # lint: allow below-tick\n  - {name: r, maxRuntime: 30s, flows: [a]}\n", `9:27 warning below-tick r: a limit of 30s is shorter than the 1m between two sweeps: executions are stopped up to 1m late → give a longer limit, or sweep more often`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, lint(t, lintHead+test.rules, LintOptions{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestLintProtect: a slip in protect stops what somebody meant to keep.
func TestLintProtect(t *testing.T) {
	for _, test := range []struct{ protect, want string }{
		{`{flows: ["payroll-*"], when: 'flow.env.KEEP == "yes"'}`, ``},
		{`{when: flow.name == "payroll-*"}`, `2:17 warning glob : == takes "payroll-*" letter by letter, and no flow's name has a "*" → ask with flow.name startsWith "payroll-", or write protect.flows: ["payroll-*"]`},
		{`{when: flow.name matches "payroll*"}`, `2:17 warning glob : matches takes a regular expression, and "payroll*" is a glob: its * repeats the "l" before it, or leaves it out → ask with flow.name startsWith "payroll", or write protect.flows: ["payroll*"]`},
		{`{when: 'flow.env.TEAM in ["pay-*"]'}`, `2:17 warning glob : in takes "pay-*" letter by letter, and a * is no wildcard there → ask with flow.env.TEAM startsWith "pay-"`},
		{`{when: flow.name == "a" and flow.name == "b"}`, `2:17 warning protect : this protects nothing: flow.name == "b" contradicts flow.name == "a" → correct it, or take it out`},
		{`{when: execution.status == "RUNNING"}`, `2:17 warning protect : this protects nothing: execution.status == "RUNNING" is true of no execution that could be stopped → correct it, or take it out`},
		{`{when: false}`, `2:17 warning protect : this protects nothing: this is always false → correct it, or take it out`},
		{`{when: execution.age >= duration("0s")}`, `2:17 warning protect : this protects everything: it is true for every execution, and nothing is ever stopped → narrow it, or correct it`},
		{`{flows: ["!payroll-*"]}`, `2:18 warning protect : a list that begins with ! begins from all: every flow is protected, but not "payroll-*" → to protect those write "payroll-*"; if this is meant, begin with "*"`},
		{`{flows: ["*", "!payroll-*"]}`, ``},
		{`{flows: ["a", "!*"]}`, `2:18 warning protect : this protects nothing: its flows name none → the last glob that matches wins: put exclusions behind what they exclude from, and no further`},
		{`{flows: ["*"]} # lint: allow protect`, ``},
	} {
		text := "version: 1\nprotect: " + test.protect + "\nrules:\n  # lint: allow never\n  - {name: r, maxRuntime: 2h}\n"
		if diff := cmp.Diff(test.want, lint(t, text, LintOptions{})); diff != "" {
			t.Errorf("%s\n%s", test.protect, diff)
		}
	}
}

// TestLintLimits: 0 is not without a limit.
func TestLintLimits(t *testing.T) {
	const says = "warning never : these limits let nothing be stopped: all that is condemned under them is withheld → "
	for limits, want := range map[string]string{
		"{maxStops: 0}":                     "2:20 " + says + "0 is no stop at all: give the most that may be stopped",
		"{maxShare: 0%, floor: 0}":          "2:20 " + says + "give a maxShare, or a floor, above 0",
		"{maxShare: 0%}":                    "",
		"{floor: 0, maxStops: 1}":           "",
		"{maxStops: 0} # lint: allow never": "",
		"{maxStops: 20, per: 30m, over: trickle}": "2:40 warning trickle : a rule that is wrong goes on stopping what it should not, up to 20 executions every 30m, until somebody sees it: " +
			"withhold would stop nothing → if that is meant, say so: # lint: allow trickle",
		"{over: trickle} # lint: allow trickle": "",
		"{maxStops: 0, over: trickle}":          "2:20 " + says + "0 is no stop at all: give the most that may be stopped",
		"{over: withhold}":                      "",
	} {
		if diff := cmp.Diff(want, lint(t, "version: 1\nlimits: "+limits+"\nrules: [{name: r, maxRuntime: 2h}]\n", LintOptions{})); diff != "" {
			t.Errorf("%s\n%s", limits, diff)
		}
	}
}

// TestLintOptions: what it costs depends on the account and the tick.
func TestLintOptions(t *testing.T) {
	const rule = "  - {name: r, flows: [\"a*\"], when: execution.input.x == 1}\n"
	for _, test := range []struct {
		options LintOptions
		want    string
	}{
		{LintOptions{Flows: 1200}, "8:5 warning every-sweep r: its flows are looked at in every sweep, because no condition says how old an execution must be: 20 calls/s of 2 for 1,200 flows → add a maxRuntime, the longer the better, or name fewer flows"},
		{LintOptions{Flows: 1200, Tick: time.Hour}, "8:5 note every-sweep r: its flows are looked at in every sweep, because no condition says how old an execution must be: 0.33 calls/s of 2 for 1,200 flows → add a maxRuntime, the longer the better, or name fewer flows"},
	} {
		if diff := cmp.Diff(test.want, lint(t, lintHead+rule, test.options)); diff != "" {
			t.Error(diff)
		}
	}
	if got := lint(t, lintHead+"  - {name: r, maxRuntime: 1m}\n", LintOptions{Tick: 5 * time.Minute}); !strings.Contains(got, "shorter than the 5m between two sweeps") {
		t.Error(got)
	}
}

func TestFindingPrints(t *testing.T) {
	findings, err := Lint("p.yaml", []byte(lintHead+"  - name: r\n    maxRuntime: 30s\n"), LintOptions{})
	if err != nil || len(findings) != 1 {
		t.Fatal(findings, err)
	}
	want := `p.yaml:9:17: warning: a limit of 30s is shorter than the 1m between two sweeps: executions are stopped up to 1m late: give a longer limit, or sweep more often (below-tick)
   9 |     maxRuntime: 30s
     |                 ^`
	if diff := cmp.Diff(want, findings[0].Error()); diff != "" {
		t.Error(diff)
	}
}

func TestLintOfAWrongPolicy(t *testing.T) {
	if _, err := Lint("p.yaml", []byte("version: 1\n"), LintOptions{}); err == nil || !strings.HasPrefix(err.Error(), "p.yaml:1:1: rules is missing") {
		t.Errorf("error %v", err)
	}
}

// FuzzLint: whatever the policy, its findings have places.
func FuzzLint(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "policies", "*.yaml"))
	if err != nil || len(files) == 0 {
		f.Fatal("no policies to begin with", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(oneRule(`when: hour(now, "Asia/Shanghai") >= 9 and weekday(now) in ["Sat"] or date(now) != date(execution.startedTime, "Europe/Berlin") and monthDay(now) < 29`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		findings, err := Lint("p.yaml", text, LintOptions{Flows: 10})
		if err != nil {
			return
		}
		lines := strings.Count(string(text), "\n") + 1
		for _, finding := range findings {
			if finding.Line < 1 || finding.Line > lines || finding.Column < 1 || finding.Message == "" || finding.Next == "" {
				t.Errorf("%+v", finding)
			}
		}
	})
}

func TestDemand(t *testing.T) {
	for _, test := range []struct {
		rules string
		flows int
		want  string
	}{
		{"[{name: r, maxRuntime: 2h}]", 1200, "1,200 flows need 0.17 calls/s of 2: enough, so that stops come about as soon as they are due"},
		{"[{name: r, maxRuntime: 2h}]", 10_000, "10,000 flows need 1.4 calls/s of 2: enough, so that stops come about as soon as they are due"},
		{"[{name: r, maxRuntime: 2h}]", 13_000, "13,000 flows need 1.8 calls/s of 2: nearly all; whatever comes on top makes stops late"},
		{"[{name: r, maxRuntime: 1h}]", 10_000, "10,000 flows need 2.8 calls/s of 2: more than the API grants; stops can be 23m50s late"},
		{"[{name: r, when: execution.input.x == 1}]", 10_000, "10,000 flows need 167 calls/s of 2: more than the API grants; stops can be 1h22m20s late"},
		{"[{name: r, maxRuntime: 2h}, {name: crowd, flows: [a, b], maxConcurrent: 5}]", 1200, "1,200 flows need 0.23 calls/s of 2: enough, so that stops come about as soon as they are due"},
		{"[{name: crowd, flows: [a, b], maxConcurrent: 5}]", 1, "1 flow needs 0.033 calls/s of 2: enough, so that stops come about as soon as they are due"},
		{"[{name: r, on: [event], when: true}]", 1200, "1,200 flows need 0 calls/s of 2: enough, so that stops come about as soon as they are due"},
	} {
		p := mustParse(t, "version: 1\nrules: "+test.rules+"\n")
		if diff := cmp.Diff(test.want, p.Demand(test.flows, time.Minute).String()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestLintClocks(t *testing.T) {
	const window = "  - {name: w, maxRuntime: 2h, flows: [a], window: {days: Mon, timeZone: Asia/Shanghai}}\n"
	for _, test := range []struct{ name, rules, want string }{
		{"UTC beside another zone", window + "  - {name: r, maxRuntime: 1h, flows: [b], when: hour(now) >= 9}\n", `9:49 warning time-zone r: hour(now) goes by UTC, and the window of w by Asia/Shanghai → write hour(now, "Asia/Shanghai"), or "UTC" if that is meant`},
		{"UTC beside the rule's own", "  - {name: r, maxRuntime: 1h, when: weekday(execution.startedTime) == \"Sat\", endBy: {time: \"08:00\", timeZone: Europe/Berlin}}\n", `8:37 warning time-zone r: weekday(execution.startedTime) goes by UTC, and the rule's endBy by Europe/Berlin → write weekday(execution.startedTime, "Europe/Berlin"), or "UTC" if that is meant`},
		{"UTC that is meant", window + "  - {name: r, maxRuntime: 1h, flows: [b], when: \"hour(now, 'UTC') >= 9\"}\n", ``},
		{"UTC that nobody named", "  - {name: r, maxRuntime: 1h, when: hour(now) >= 9, window: {days: Mon}}\n", `8:37 note time-zone r: hour(now) goes by UTC, since it names no zone → name the one whose clocks are meant: write hour(now, "Asia/Shanghai"), or hour(now, "UTC")`},
		{"a text's date", "  - {name: r, maxRuntime: 1h, when: execution.startedTime < date(\"2027-01-01\")}\n", ``},
		{"an hour that is none", "  - {name: r, maxRuntime: 1h, when: hour(now) > 23}\n", `8:37 warning never r: the rule can never stop anything: hour(now) > 23 is true of no execution → correct one of them, or take the rule out`},
		{"two hours at once", "  - {name: r, maxRuntime: 1h, when: hour(now) >= 22 and hour(now) < 6}\n", `8:37 warning never r: the rule can never stop anything: hour(now) < 6 contradicts hour(now) >= 22 → correct one of them, or take the rule out`},
		{"every hour", "  - {name: r, maxRuntime: 1h, when: \"hour(now, 'UTC') < 24\"}\n", `8:37 warning always r: this is true for every execution, so that it narrows nothing → take it out, or correct it`},
		{"every day", "  - {name: r, maxRuntime: 1h, when: \"monthDay(now, 'Asia/Shanghai') >= 1\"}\n", `8:37 warning always r: this is true for every execution, so that it narrows nothing → take it out, or correct it`},
		{"some hours", "  - {name: r, maxRuntime: 1h, when: \"hour(now, 'UTC') + 1 > 23\"}\n", ``},
		{"not foreseen", "  - {name: r, maxRuntime: 1h, when: \"hour(now + duration('8h'), 'UTC') > 9\"}\n", `8:37 note every-sweep r: executions older than 1h are judged again in every sweep, because hour(now + 8h, "UTC") > 9 can become true at any time: 1 call or more each → give a longer maxRuntime`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, lint(t, lintHead+test.rules, LintOptions{Flows: 10})); diff != "" {
				t.Error(diff)
			}
		})
	}
	const held = "version: 1\nprotect: {window: {days: Mon, timeZone: Asia/Shanghai}, when: monthDay(now) == 1}\nrules: [{name: r, maxRuntime: 1h}]\n"
	if got := lint(t, held, LintOptions{}); got != `2:63 warning time-zone : monthDay(now) goes by UTC, and the window of protect by Asia/Shanghai → write monthDay(now, "Asia/Shanghai"), or "UTC" if that is meant` {
		t.Error(got)
	}
	const protect = "version: 1\nprotect: {when: monthDay(now) == 1}\nrules:\n" + window
	if got := lint(t, protect, LintOptions{}); got != `2:17 warning time-zone : monthDay(now) goes by UTC, and the window of w by Asia/Shanghai → write monthDay(now, "Asia/Shanghai"), or "UTC" if that is meant` {
		t.Error(got)
	}
}

func manyFlows(n int) string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("a%02d", i))
	}
	return strings.Join(names, ", ")
}

// What a template and a body copy as it stands, since the other one's values are written so.
func TestLintChannels(t *testing.T) {
	for keys, want := range map[string]string{
		`template: "${policy}: {{.Stopped.Count}}"`:          "3:51 warning placeholder : \"${policy}\" is no placeholder: the template has it as it stands → write it like {{.Policy}}",
		`template: "{{.Policy}}: cost ${{.Stopped.Count}}"`:  "",
		`body: "[\"{{.Policy}}\", \"${policy}\"]"`:           "3:47 warning placeholder : \"{{.Policy}}\" is no placeholder: the body has it as it stands → write it like ${policy}",
		`body: {a: [{b: "{{ .Title }}"}]}`:                   "3:47 warning placeholder : \"{{ .Title }}\" is no placeholder: the body has it as it stands → write it like ${policy}",
		`body: {a: "{{.Title}}"}} # lint: allow placeholder`: "",
		`body: {a: "${title}"}`:                              "",
	} {
		text := "version: 1\nnotify:\n  - {name: a, kind: webhook, urlEnv: A, " + strings.Replace(keys+"}", "}} # lint: allow placeholder}", "}} # lint: allow placeholder", 1) + "\nrules: [{name: r, maxRuntime: 2h}]\n"
		if diff := cmp.Diff(want, lint(t, text, LintOptions{})); diff != "" {
			t.Errorf("%s\n%s", keys, diff)
		}
	}
}
