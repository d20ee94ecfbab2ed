package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	p := readPolicy(t, "guardrails.yaml")
	type rule struct {
		Name, Description, Error string
		Mode                     Mode
	}
	var rules []rule
	for _, r := range p.Rules {
		rules = append(rules, rule{r.Name, r.Description, r.Error, r.Mode})
	}
	want := []rule{
		{"etl-max-runtime", "Nightly ETL ends within two hours", "MaxRuntimeExceeded", ModeEnforce},
		{"hung-anywhere", "", "FlowReaper.hung-anywhere", ModeEnforce},
		{"test-leftovers", "", "FlowReaper.test-leftovers", ModePlan},
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error(diff)
	}
	if p.Name != "production-guardrails" || p.Mode != ModeEnforce || p.Limits != (Limits{50, 30 * time.Minute, 0.5, 10, Withhold}) {
		t.Errorf("%q, %s, %+v", p.Name, p.Mode, p.Limits)
	}
}

func TestDefaults(t *testing.T) {
	p := readPolicy(t, "minimal.yaml")
	if p.Name != "policy" || p.Mode != ModePlan || p.Rules[0].Mode != ModePlan || p.Limits != (Limits{100, time.Hour, 0.5, 10, Withhold}) {
		t.Errorf("%q, %s, %s, %+v", p.Name, p.Mode, p.Rules[0].Mode, p.Limits)
	}
	if want := "sha256:8f0bcde0d7cb77b88fe579afa2f0d9100a7476eda105b57a1d6056a049f76486"; p.Hash != want { // sha256sum minimal.yaml
		t.Errorf("hash %s, want %s", p.Hash, want)
	}
}

func TestRuleSoftensMode(t *testing.T) {
	p := mustParse(t, "version: 1\nmode: plan\nrules: [{name: r, maxRuntime: 1h, mode: enforce}]\n")
	if p.Rules[0].Mode != ModePlan {
		t.Errorf("a rule hardened the policy's mode to %s", p.Rules[0].Mode)
	}
}

// TestErrors compares whole messages: they are what a person has at hand.
func TestErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", `
policy.yaml:1:1: the policy is empty: it needs at least version: 1 and rules`},
		{"only comments", "# nothing\n\n", `
policy.yaml:1:1: the policy is empty: it needs at least version: 1 and rules
   1 | # nothing
     | ^`},
		{"a list", "- name: a\n", `
policy.yaml:1:1: a policy must be a mapping with keys such as version and policy, but is a list
   1 | - name: a
     | ^`},
		{"nothing in it", "policy: a\n", `
policy.yaml:1:1: version is missing: begin with version: 1
   1 | policy: a
     | ^
policy.yaml:1:1: rules is missing: a policy without rules stops nothing
   1 | policy: a
     | ^`},
		{"a file of tests", "version: 1\npolicy: policy.yaml\ncases: []\n", `
policy.yaml:1:1: this is a file of policy tests, and no policy: 'flowreaper test FILE' runs it
   1 | version: 1
     | ^`},
		{"a fleet", "version: 1\nplaces: [{name: a}]\n", `
policy.yaml:1:1: this is a fleet's file, and no policy: give it with --fleet, or to the function as FLOWREAPER_FLEET
   1 | version: 1
     | ^`},
		{"all at once", `version: 2
policy: "a\nb"
mode: enforc
vars: {1x: 2, a: {b: 1}, c: 0x10, "d": ~}
protect: {flow: [a]}
limits: {maxStops: -1, per: 2x, maxShares: 5}
rules:
  - name: Etl
    maxRuntme: 2h
  - name: a
    when: execution.agee > duration("2x")
    maxRuntime: vars.b
  - name: a
    maxRuntime: 0s
    flows: []
    error: ""
`, `
policy.yaml:1:10: version must be 1, but is the number 2: this flowreaper knows no other
   1 | version: 2
     |          ^
policy.yaml:2:9: policy must be a name of 1 to 128 characters in one line
   2 | policy: "a\nb"
     |         ^
policy.yaml:3:7: mode must be plan or enforce, but is the text "enforc"; did you mean "enforce"?
   3 | mode: enforc
     |       ^
policy.yaml:4:8: the name "1x" in vars must be letters, digits and _, and not begin with a digit
   4 | vars: {1x: 2, a: {b: 1}, c: 0x10, "d": ~}
     |        ^
policy.yaml:4:18: vars.a must be a text, a number, a duration, true, false or a list of them, but is a mapping
   4 | vars: {1x: 2, a: {b: 1}, c: 0x10, "d": ~}
     |                  ^
policy.yaml:4:29: vars.c must be a plain number such as 5 or 0.25, but is the number 0x10
   4 | vars: {1x: 2, a: {b: 1}, c: 0x10, "d": ~}
     |                             ^
policy.yaml:4:40: vars.d must be a text, a number, a duration, true, false or a list of them, but is empty
   4 | vars: {1x: 2, a: {b: 1}, c: 0x10, "d": ~}
     |                                        ^
policy.yaml:5:11: unknown key "flow"; did you mean "flows"?
   5 | protect: {flow: [a]}
     |           ^
policy.yaml:6:20: maxStops must be a whole number from 0 on, but is the number -1
   6 | limits: {maxStops: -1, per: 2x, maxShares: 5}
     |                    ^
policy.yaml:6:29: per: "2x" is not a duration: write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w)
   6 | limits: {maxStops: -1, per: 2x, maxShares: 5}
     |                             ^
policy.yaml:6:33: unknown key "maxShares"; did you mean "maxShare"?
   6 | limits: {maxStops: -1, per: 2x, maxShares: 5}
     |                                 ^
policy.yaml:8:11: name must be 1 to 63 lower-case letters, digits and -, and begin with a letter or digit, but is the text "Etl"
   8 |   - name: Etl
     |           ^
policy.yaml:9:5: unknown key "maxRuntme"; did you mean "maxRuntime"?
   9 |     maxRuntme: 2h
     |     ^
policy.yaml:11:21: when: execution has no field "agee"; did you mean "age"?
  11 |     when: execution.agee > duration("2x")
     |                     ^
policy.yaml:12:22: maxRuntime: vars has no "b"; there are: a, c, d
  12 |     maxRuntime: vars.b
     |                      ^
policy.yaml:13:5: the name a is given to two rules; first in line 10
  13 |   - name: a
     |     ^
policy.yaml:14:17: maxRuntime must be longer than 0s
  14 |     maxRuntime: 0s
     |                 ^
policy.yaml:15:12: flows must be a list of texts, but is empty
  15 |     flows: []
     |            ^
policy.yaml:16:12: error must be 1 to 128 characters in one line
  16 |     error: ""
     |            ^`},
		{"unquoted !", "version: 1\nrules:\n  - name: a\n    flows: [etl-*, !etl-backfill]\n", `
policy.yaml:4:20: a text that begins with ! must be quoted: "!etl-backfill" (unquoted, it is a YAML tag, which policies don't use)
   4 |     flows: [etl-*, !etl-backfill]
     |                    ^`},
		{"when in a block", oneRule("when: |", "  execution.age > duration(\"2h\")", "  and flow.nam == \"中文\""), `
policy.yaml:8:16: when: flow has no field "nam"; did you mean "name"?
   8 |       and flow.nam == "中文"
     |                ^`},
		{"when folded", oneRule("when: >-", "  execution.age >", "  duration(\"2x\")"), `
policy.yaml:8:16: when: "2x" is not a duration: write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w)
   8 |       duration("2x")
     |                ^`},
		{"when in quotes", oneRule(`when: 'flow.name == ''a'' and flow.nam == 1'`), `
policy.yaml:6:40: when: flow has no field "nam"; did you mean "name"?
   6 |     when: 'flow.name == ''a'' and flow.nam == 1'
     |                                        ^`},
		{"when in double quotes behind wide characters", oneRule(`when: "flow.name == \"中文\" and flow.nam == 1"`), `
policy.yaml:6:41: when: flow has no field "nam"; did you mean "name"?
   6 |     when: "flow.name == \"中文\" and flow.nam == 1"
     |                                           ^`},
		{"when asks an event for what is in its data", oneRule(`when: event.alertName == "x"`), `
policy.yaml:6:17: when: event has no field "alertName"; did you mean event.data.alertName? There are: data, id, kind, source, subject, time, type
   6 |     when: event.alertName == "x"
     |                 ^`},
		{"when that is no bool", oneRule("when: execution.age"), `
policy.yaml:6:11: when: this is a duration, not a condition that is true or false
   6 |     when: execution.age
     |           ^`},
		{"when that is a number", oneRule("when: 5"), `
policy.yaml:6:11: when: this is a number, not a condition that is true or false
   6 |     when: 5
     |           ^`},
		{"when that is a list", oneRule("when: [a]"), `
policy.yaml:6:11: when must be a condition, but is a list
   6 |     when: [a]
     |           ^`},
		{"mismatched types", oneRule("when: execution.age > 7200"), `
policy.yaml:6:25: when: invalid operation: > (mismatched types duration and int): write a duration as duration("2h")
   6 |     when: execution.age > 7200
     |                         ^`},
		{"keys without values", oneRule("when:", "flows: [a]"), `
policy.yaml:6:5: when has no value: give one, or leave the key out
   6 |     when:
     |     ^`},
		{"a key twice", oneRule("when: true", "when: false"), `
policy.yaml:7:5: the key when is given twice; first in line 6
   7 |     when: false
     |     ^`},
		{"globs of other tools", oneRule("flows: [\"etl-{a,b}\", \"etl-[0-9]\", \"!\", 5]"), `
policy.yaml:6:13: "etl-{a,b}" is not a glob of flow names: no flow's name has a "{"; write them one by one: "etl-a", "etl-b"
   6 |     flows: ["etl-{a,b}", "etl-[0-9]", "!", 5]
     |             ^
policy.yaml:6:26: "etl-[0-9]" is not a glob of flow names: no flow's name has a "["; did you mean "etl-?"?
   6 |     flows: ["etl-{a,b}", "etl-[0-9]", "!", 5]
     |                          ^
policy.yaml:6:39: "!" is not a glob of flow names: it names none; * stands for any characters, ? for one, and a ! before it excludes
   6 |     flows: ["etl-{a,b}", "etl-[0-9]", "!", 5]
     |                                       ^
policy.yaml:6:44: each of flows must be a text, but is the number 5: quote it
   6 |     flows: ["etl-{a,b}", "etl-[0-9]", "!", 5]
     |                                            ^`},
		{"maxRuntime of the wrong kind", oneRule("maxRuntime: vars.words"), `
policy.yaml:6:17: maxRuntime: vars.words must be a duration longer than 0s, but is ["a","b"]
   6 |     maxRuntime: vars.words
     |                 ^`},
		{"maxRuntime without a unit", oneRule("maxRuntime: 90"), `
policy.yaml:6:17: maxRuntime: "90" is not a duration: it has no unit; of seconds write 90s
   6 |     maxRuntime: 90
     |                 ^`},
		{"maxRuntime that is code", oneRule("maxRuntime: vars.limit and true"), `
policy.yaml:6:28: maxRuntime: invalid operation: and (mismatched types duration and bool)
   6 |     maxRuntime: vars.limit and true
     |                            ^`},
		{"cause", oneRule("when: true", "cause: \"ran ${execution.age} of ${vars.limit\""), `
policy.yaml:7:37: cause: this ${ is never closed with }; write $${ for the characters themselves
   7 |     cause: "ran ${execution.age} of ${vars.limit"
     |                                     ^`},
		{"cause, types and names", oneRule("when: true", "cause: \"ran ${execution.ag} ${1 + flow.name}\""), `
policy.yaml:7:29: cause: execution has no field "ag"; there are: age, cost, env, input, name, startedTime, status
   7 |     cause: "ran ${execution.ag} ${1 + flow.name}"
     |                             ^
policy.yaml:7:37: cause: invalid operation: + (mismatched types int and string)
   7 |     cause: "ran ${execution.ag} ${1 + flow.name}"
     |                                     ^`},
		{"protect", "version: 1\nprotect: {}\nrules: [{name: a, when: true}]\n", `
policy.yaml:2:10: protect is empty: give flows, a window or when
   2 | protect: {}
     |          ^`},
		{"a number that may be octal", "version: 1\nlimits: {maxStops: 010}\nrules: [{name: a, when: true}]\n", `
policy.yaml:2:20: maxStops must be a whole number from 0 on, but is the number 010
   2 | limits: {maxStops: 010}
     |                    ^`},
		{"a line that shows as another", "version: 1\nrules: [{name: a, when: true, \"x\u202e\": 1}]\n", `
policy.yaml:2:31: unknown key "x\u202e"; there are: ` + strings.Join(ruleKeys, ", ") + `
   2 | rules: [{name: a, when: true, "x` + "\ufffd" + `": 1}]
     |                               ^`},
		{"rules that are none", "version: 1\nrules: {a: b}\n", `
policy.yaml:2:8: rules must be a list of rules, each beginning with - name:, but is a mapping
   2 | rules: {a: b}
     |        ^`},
		{"a rule without a name", "version: 1\nrules: [{when: true}, 5]\n", `
policy.yaml:2:9: the rule has no name: begin it with - name:
   2 | rules: [{when: true}, 5]
     |         ^
policy.yaml:2:23: a rule must be a mapping with keys such as name and description, but is the number 5
   2 | rules: [{when: true}, 5]
     |                       ^`},
		{"limits", "version: 1\nlimits: {maxShare: 0.5, floor: x}\nrules: [{name: a, when: true}]\n", `
policy.yaml:2:20: maxShare must be a percentage from 0% to 100%, but is the number 0.5: write 50%
   2 | limits: {maxShare: 0.5, floor: x}
     |                    ^
policy.yaml:2:32: floor must be a whole number from 0 on, but is the text "x"
   2 | limits: {maxShare: 0.5, floor: x}
     |                                ^`},
		{"too large a share", "version: 1\nlimits: {maxShare: 101%}\nrules: [{name: a, when: true}]\n", `
policy.yaml:2:20: maxShare must be a percentage from 0% to 100%, but is the text "101%"
   2 | limits: {maxShare: 101%}
     |                    ^`},
		{"pricing", "version: 1\npricing: {currency: CNY, perMinute: [{price: -1}, {flows: [a]}]}\nrules: [{name: a, when: true}]\n", `
policy.yaml:2:46: price must be an amount such as 0.12, but is the number -1
   2 | pricing: {currency: CNY, perMinute: [{price: -1}, {flows: [a]}]}
     |                                              ^
policy.yaml:2:51: price is missing
   2 | pricing: {currency: CNY, perMinute: [{price: -1}, {flows: [a]}]}
     |                                                   ^`},
		{"pricing misspelt", "version: 1\npricing: {perStep: 1}\nrules: [{name: a, when: true}]\n", `
policy.yaml:2:11: unknown key "perStep"; there are: currency, perTransition, perMinute
   2 | pricing: {perStep: 1}
     |           ^`},
		{"pricing of nothing", "version: 1\npricing: {currency: CNY}\nrules: [{name: a, when: true}]\n", `
policy.yaml:2:10: pricing prices nothing: give perTransition, perMinute, or both
   2 | pricing: {currency: CNY}
     |          ^`},
		{"cost without pricing", oneRule("maxCost: 5", "when: execution.cost > 5"), `
policy.yaml:6:14: maxCost needs pricing: without prices there is no cost
   6 |     maxCost: 5
     |              ^
policy.yaml:7:11: when reads execution.cost, which needs pricing
   7 |     when: execution.cost > 5
     |           ^`},
		{"windows", oneRule("window: [{days: Mon-Fry}, {hours: 9:00-18:00}, {hours: 18:00-25:00}, {hours: 09:00-09:00},",
			"         {timeZone: Mars, days: Mon}, {timeZone: UTC}, {day: Mon, hours: 24:00-06:00}]"), `
policy.yaml:6:21: days must be names and ranges such as "Mon-Fri" or "Mon,Wed", but is the text "Mon-Fry"
   6 |     window: [{days: Mon-Fry}, {hours: 9:00-18:00}, {hours: 18:00-25:00}, {hours: 09:00-09:00},
     |                     ^
policy.yaml:6:39: hours must be two times such as "09:00-18:00", but is the text "9:00-18:00": write "09:00-18:00"
   6 |     window: [{days: Mon-Fry}, {hours: 9:00-18:00}, {hours: 18:00-25:00}, {hours: 09:00-09:00},
     |                                       ^
policy.yaml:6:60: hours go from 00:00 to 24:00, but are "18:00-25:00"
   6 |     window: [{days: Mon-Fry}, {hours: 9:00-18:00}, {hours: 18:00-25:00}, {hours: 09:00-09:00},
     |                                                            ^
policy.yaml:6:82: hours "09:00-09:00" are empty: write "00:00-24:00" for the whole day
   6 |     window: [{days: Mon-Fry}, {hours: 9:00-18:00}, {hours: 18:00-25:00}, {hours: 09:00-09:00},
     |                                                                                  ^
policy.yaml:7:25: timeZone must be a name such as Asia/Shanghai or UTC, but is the text "Mars"
   7 |              {timeZone: Mars, days: Mon}, {timeZone: UTC}, {day: Mon, hours: 24:00-06:00}]
     |                         ^
policy.yaml:7:43: window needs days, monthDays, hours or except
   7 |              {timeZone: Mars, days: Mon}, {timeZone: UTC}, {day: Mon, hours: 24:00-06:00}]
     |                                           ^
policy.yaml:7:61: unknown key "day"; did you mean "days"?
   7 |              {timeZone: Mars, days: Mon}, {timeZone: UTC}, {day: Mon, hours: 24:00-06:00}]
     |                                                             ^
policy.yaml:7:78: hours go from 00:00 to 24:00, but are "24:00-06:00"
   7 |              {timeZone: Mars, days: Mon}, {timeZone: UTC}, {day: Mon, hours: 24:00-06:00}]
     |                                                                              ^`},
		{"triggers", oneRule("on: [cron]", "limits: none", "for: 5m"), `
policy.yaml:6:10: on must be timer, event or manual, but is the text "cron"
   6 |     on: [cron]
     |          ^
policy.yaml:7:13: only a rule with on: [event], and nothing else in it, may lift the limits
   7 |     limits: none
     |             ^
policy.yaml:8:10: for is how long an event stays in force: it needs on: [event]
   8 |     for: 5m
     |          ^`},
		{"one mistake, one message", oneRule("limits: {maxStops: 1}", "window: {from: 22:00, tz: UTC}"), `
policy.yaml:6:13: limits of a rule must be none, but is a mapping
   6 |     limits: {maxStops: 1}
     |             ^
policy.yaml:7:14: unknown key "from"; did you mean "hours"?
   7 |     window: {from: 22:00, tz: UTC}
     |              ^
policy.yaml:7:27: unknown key "tz"; did you mean "timeZone"?
   7 |     window: {from: 22:00, tz: UTC}
     |                           ^`},
		{"limits lifted on timers too", oneRule("on: [event, timer]", "limits: none"), `
policy.yaml:7:13: only a rule with on: [event], and nothing else in it, may lift the limits
   7 |     limits: none
     |             ^`},
		{"concurrency", oneRule("maxConcurrent: 0", "stopFirst: biggest", "mapChildren: skip"), `
policy.yaml:6:20: maxConcurrent must be a whole number from 1 on, but is the number 0
   6 |     maxConcurrent: 0
     |                    ^
policy.yaml:7:16: stopFirst must be newest or oldest, but is the text "biggest"
   7 |     stopFirst: biggest
     |                ^
policy.yaml:8:18: mapChildren must be count, but is the text "skip"
   8 |     mapChildren: skip
     |                  ^`},
		{"mapChildren alone", oneRule("when: true", "mapChildren: count"), `
policy.yaml:7:18: mapChildren needs maxConcurrent
   7 |     mapChildren: count
     |                  ^`},
		{"countBy alone", oneRule("when: true", "countBy: rule"), `
policy.yaml:7:14: countBy needs maxConcurrent
   7 |     countBy: rule
     |              ^`},
		{"a long line", oneRule("when: " + strings.Repeat("true and ", 30) + "flow.nam == 1"), `
policy.yaml:6:286: when: flow has no field "nam"; did you mean "name"?
   6 | ` + (strings.Repeat("true and ", 30) + "flow.nam == 1")[163:] + `
     | ` + strings.Repeat(" ", 112) + `^`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("policy.yaml", []byte(test.text))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), err.Error()); diff != "" {
				t.Errorf("%s\ngot:\n%s", diff, err)
			}
		})
	}
}

// TestOneMistakeIsOneMessage: each policy has one mistake, of those that tired
// people make. Its one message says what to write.
func TestOneMistakeIsOneMessage(t *testing.T) {
	rule := func(keys string) string {
		return "version: 1\nvars: {n: 7200, s: 2 hours}\nrules:\n  - name: r\n    " + keys + "\n"
	}
	monthDays := func(is string) string {
		return `5:25: monthDays must be days from 1 to 31, last, last-2 and ranges such as "4..27" or "last-2..last, 1..3", but is ` + is
	}
	for _, test := range []struct{ text, want string }{
		{rule("maxRuntime: null"), `5:5: maxRuntime has no value: give one, or leave the key out`},
		{rule("maxRuntime: ~\n    flows: [a]"), `5:5: maxRuntime has no value: give one, or leave the key out`},
		{rule("maxRuntime: 2h\n    maxRuntime: null"), `6:5: the key maxRuntime is given twice; first in line 5`},
		{rule("maxRuntme: 2h"), `5:5: unknown key "maxRuntme"; did you mean "maxRuntime"?`},
		{rule("timeout: 2h"), `5:5: unknown key "timeout"; did you mean "maxRuntime"?`},
		{rule("if: execution.age > duration(\"2h\")"), `5:5: unknown key "if"; did you mean "when"?`},
		{rule("maxRuntime: n"), `5:17: maxRuntime: n is a var: write vars.n`},
		{rule("maxRuntime: ${vars.n}"), `5:17: maxRuntime: ${vars.n} is a var: write vars.n`},
		{"version: 1\nrules: [{name: a, when: contains(flow.name, b)}]\n", `2:45: unknown key "b)": if it belongs to when, put that text in quotes: it has a comma`},
		{"version: 1\nrules: [{name: a, when: contains(flow.name, \"b\")}]\n", `2:43: between braces a comma ends a text, and no key follows this one: quote the whole text, in single quotes if it holds double ones`},
		{rule("maxRuntime: {{n}}"), `5:18: could not find flow map content: a text that begins with { must be quoted`},
		{rule("maxRuntime: vars.n"), `5:17: maxRuntime: vars.n must be a duration longer than 0s, but is 7200: "7200" is not a duration: it has no unit; of seconds write 7200s`},
		{rule("maxRuntime: vars.s"), `5:17: maxRuntime: vars.s must be a duration longer than 0s, but is 2 hours: "2 hours" is not a duration: write 2h`},
		{rule("maxRuntime: ２h"), `5:17: maxRuntime: "２h" is not a duration: write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w); ２ (U+FF12) must be a plain 2`},
		{rule("maxRuntime：2h"), `5:5: YAML can't read this line: ： (U+FF1A) must be a plain :`},
		{rule("maxRuntime:\u00a02h"), `5:5: YAML can't read this line: U+00A0 must be a plain blank`},
		{rule("\u00a0maxRuntime: 2h"), `5:5: unknown key "\u00a0maxRuntime"; did you mean "maxRuntime"?; U+00A0 must be a plain blank`},
		{rule("maxRuntime: 2h\n    error: 5"), `6:12: error must be a text, but is the number 5: quote it`},
		{rule("maxRuntime: 2h\n    cause: [a]"), `6:12: cause must be a text, but is a list`},
		{rule("maxRuntime: 2h\n    cause: ran ${{execution.age}}"), `6:18: cause: one pair of braces is enough: ${execution.age}`},
		{rule("maxRuntime: 2h\n    cause: ran ${now()}"), `6:18: cause: unknown function "now": write now, without brackets`},
		{rule("window: {days: [Mon, Tue]}"), `5:20: days must be a text, but is a list: write "Mon,Tue"`},
		{rule("window: {days: Mon–Fri}"), `5:20: days must be names and ranges such as "Mon-Fri" or "Mon,Wed", but is the text "Mon–Fri"; – (U+2013) must be a plain -`},
		{rule("window: {monthDays: 4-27}"), monthDays(`the text "4-27": write "4..27"`)},
		{rule("window: {monthDays: 30-2}"), monthDays(`the text "30-2": write "2..30", or across the month's end "30..last, 1..2"`)},
		{rule("window: {monthDays: 4.27}"), monthDays(`the number 4.27: write "4..27"`)},
		{rule("window: {monthDays: 4…27}"), monthDays(`the text "4…27": write "4..27"`)},
		{rule("window: {monthDays: 27..4}"), monthDays(`the text "27..4": write "4..27", or across the month's end "27..last, 1..4"`)},
		{rule("window: {monthDays: last..last-2}"), monthDays(`the text "last..last-2": write "last-2..last"`)},
		{rule("window: {monthDays: last-2..3}"), monthDays(`the text "last-2..3": a range stays in its month: write "last-2..last, 1..3"`)},
		{rule("window: {monthDays: last-40}"), monthDays(`the text "last-40"`)},
		{rule("window: {monthDays: 0}"), monthDays(`the number 0`)},
		{rule("window: {monthDays: 32}"), monthDays(`the number 32`)},
		{rule("window: {monthDays: L}"), monthDays(`the text "L": write "last"`)},
		{rule("window: {monthDays: \"1,,2\"}"), `5:25: monthDays must be days from 1 to 31, last, last-2 and ranges such as "4..27" or "last-2..last, 1..3", but is the text "1,,2"`},
		{rule("window: {monthDays: [1, 2]}"), `5:25: monthDays must be a text, but is a list: write "1,2"`},
		{rule("window: {monthDays: \"1, 30..last-3\"}"), `5:25: monthDays "30..last-3" are no day of any month`},
		{rule("window: {monthDays: 30..last-3}"), `5:25: monthDays "30..last-3" are no day of any month`},
		{rule("window: {monthdays: 3}"), `5:14: unknown key "monthdays"; did you mean "monthDays"?`},
		{rule("window: {days: 1..5}"), `5:20: days must be names and ranges such as "Mon-Fri" or "Mon,Wed", but is the text "1..5": days of the month are monthDays`},
		{rule("window: {days: null}"), `5:14: days has no value: give one, or leave the key out`},
		{rule("window: {hours: 9}"), `5:21: hours must be two times such as "09:00-18:00", but is the number 9`},
		{rule("window: {hours: 9-18}"), `5:21: hours must be two times such as "09:00-18:00", but is the text "9-18": write "09:00-18:00"`},
		{rule("window: {hours: \"09:00-18:00\", timeZone: 8}"), `5:46: timeZone must be a text, but is the number 8: quote it`},
		{rule("when: any(execution.input.files, # > 5)"), `5:36: when: YAML takes what follows # for a comment: put the whole text in quotes, or on the lines below a |`},
		{rule("when: 'any(execution.input.files, # > 5'"), `5:43: when: unexpected token EOF: the expression ends too early`},
		{rule("when: \"execution.name matches '^\\d+$'\""), `5:38: found unknown escape character 'd': in double quotes a backslash begins an escape; put the text in single quotes`},
		{rule("when: “true”"), `5:11: when: “ (U+201C) must be a plain "`},
		{rule("when: flow.name == foo(bar(execution.input.x))"), `5:24: when: unknown function "foo"; there are abs, all, any, count, date, duration, filter, float, fromJSON, hour, int, len, lower, map, max, min, monthDay, none, one, round, split, string, sum, trim, upper, weekday`},
		{"version: 1\nnotify: [{name: a, kind: , url: \"https://a.example\"}]\nrules: [{name: r, when: true}]\n", `2:20: kind has no value: give one`},
		{"version: null\nrules: [{name: r, when: true}]\n", `1:1: version has no value: give one`},
		{"version: 1\nrules:\n", `2:1: rules has no value: give one`},
		{"version: 1\nrule: [{name: r, when: true}]\n", `2:1: unknown key "rule"; did you mean "rules"?`},
		{"version: 1\nrules: [{name: null, when: true}]\n", `2:10: name has no value: give one`},
		{"version: 1\npolicy: 5\nrules: [{name: r, when: true}]\n", `2:9: policy must be a text, but is the number 5: quote it`},
		{"version: 1\nexclude: [a]\nrules: [{name: r, when: true}]\n", `2:1: unknown key "exclude"; did you mean "protect"?`},
		{"version: 1\npricing: 5\nrules: [{name: r, when: true}]\n", `2:10: pricing must be a mapping with keys such as currency and perTransition, but is the number 5`},
		{"version: 1\npricing: {perTransition: null}\nrules: [{name: r, when: true}]\n", `2:11: perTransition has no value: give one, or leave the key out`},
		{"version: 1\npricing: {perMinute: [{price: null}]}\nrules: [{name: r, when: true}]\n", `2:24: price has no value: give one`},
		{"version：1\n", `1:1: a policy must be a mapping with keys such as version and policy, but is the text "version：1"; ： (U+FF1A) must be a plain :`},
		{"version: 1\nprotect: {flows: “payroll-*”}\nrules: [{name: r, when: true}]\n", `2:18: "“payroll-*”" is not a glob of flow names: no flow's name has a "“"; did you mean "payroll-*"?`},
	} {
		_, err := Parse("p.yaml", []byte(test.text))
		var all []string
		var wrong Errors
		errors.As(err, &wrong)
		for _, e := range wrong {
			all = append(all, fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message))
		}
		if diff := cmp.Diff([]string{test.want}, all); diff != "" {
			t.Errorf("%s\n%s", test.text, diff)
		}
	}
}

func TestErrorsAreTyped(t *testing.T) {
	_, err := Parse("p.yaml", []byte("version: 1\nmode: x\nrules: []\n"))
	var all Errors
	var first *Error
	if !errors.As(err, &all) || len(all) != 2 || !errors.As(err, &first) || first.Line != 2 || first.Column != 7 {
		t.Errorf("%T: %v", err, err)
	}
}

func TestManyErrors(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nrules:\n")
	for i := range 60 {
		fmt.Fprintf(&b, "  - {name: r%d, maxRuntime: x}\n", i)
	}
	_, err := Parse("p.yaml", []byte(b.String()))
	if !strings.HasSuffix(err.Error(), "\n… and 10 more") {
		t.Error(err)
	}
}
