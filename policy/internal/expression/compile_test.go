package expression

import (
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/plain"
)

func TestConditionProblems(t *testing.T) {
	tests := []struct{ text, want string }{
		// names
		{`executon.age > duration("2h")`, `0: unknown name "executon"; did you mean "execution"?`},
		{`execution.agee > duration("2h")`, `10: execution has no field "agee"; did you mean "age"?`},
		{`foo == 1`, `0: unknown name "foo"; there are: event, execution, flow, history, now, vars`},
		{`flow.name == foo`, `13: unknown name "foo": a text stands in quotes, "foo"`},
		{`flow.name != executon`, `13: unknown name "executon"; did you mean "execution"?`},
		{`flow == nil`, `0: flow is not a value; its fields are: env, name`},
		{`execution[flow.name] == 1`, `9: execution[…] needs a constant name: age, cost, input, startedTime, status`},
		{`execution.age > vars.limt`, `21: vars has no "limt"; did you mean "limit"?`},
		{`vars[flow.name] == 1`, `4: vars[…] needs a constant name: count, days, limit, names, pattern, word`},
		{`$env.flow.name == "x"`, `0: unknown name "$env"; there are: event, execution, flow, history, now, vars`},
		{`foo == 1 and execution.agee > baz`, "0: unknown name \"foo\"; there are: event, execution, flow, history, now, vars\n" +
			"23: execution has no field \"agee\"; did you mean \"age\"?\n" +
			"30: unknown name \"baz\"; there are: event, execution, flow, history, now, vars"},
		// types
		{`execution.age > 7200`, `14: invalid operation: > (mismatched types duration and int): write a duration as duration("2h")`},
		{`execution.age > "2h"`, `14: invalid operation: > (mismatched types duration and string): write a duration as duration("2h")`},
		{`execution.startedTime < "2026-01-01"`, `22: invalid operation: < (mismatched types time and string): write a time as date("2026-01-31"), or compare the day, as in date(now, "Asia/Shanghai") == "2026-01-31"`},
		{`flow.name == 5`, `10: invalid operation: == (mismatched types string and int): a text stands in quotes, as in weekday(now) == "Sat"`},
		{`flow.name`, `-1: this is a text, not a condition that is true or false`},
		{`execution.age`, `-1: this is a duration, not a condition that is true or false`},
		{`5`, `-1: this is a number, not a condition that is true or false`},
		{`flow.name ? true : false`, `5: non-bool expression (type string) used as condition`},
		{`now.Hour > 5`, `4: now has no fields: write hour(now, "Asia/Shanghai") >= 9`},
		{`(now - execution.startedTime).Hours == 1`, `30: what is computed has no fields: write execution.age > duration("2h"): durations are compared with each other`},
		{`date("2026-01-01").Year == 1`, `19: date() has no fields: write date(now, "Asia/Shanghai") startsWith "2026-01-"`},
		{`vars.limit.Hours == 1`, `11: a duration has no fields: write execution.age > duration("2h"): durations are compared with each other`},
		{`flow.name.x == 1`, `10: flow.name has no fields`},
		{`flow.name + "x" == "y"`, `10: texts cannot be added with +: compare their parts`},
		{`int(execution.age) > 5`, `0: int() takes a number or a text, not a duration: compare durations with each other`},
		{`-execution.age < duration("1h")`, `0: invalid operation: - (mismatched type duration)`},
		// durations and other constants
		{`execution.age > duration("2x")`, `25: "2x" is not a duration: write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w)`},
		{`execution.age > duration("99999999w")`, `25: the duration 99999999w is too long: the longest is 106751d23h47m16s`},
		{`execution.age > duration("100000d") * 5`, `36: the result is too large`},
		{`execution.age > duration(5)`, `25: duration() takes a text with a unit: write duration("5s") for seconds`},
		{`now > date("tomorrow")`, `11: date(): invalid date tomorrow: write it like 2026-01-31`},
		{`now > date("2026-01-01", flow.name)`, `30: the layout of date() must be constant`},
		{`now > date("2026-01-01", "2006-01-02", "Mars/Olympus")`, `39: the time zone of date() must be a name such as "Asia/Shanghai" or "UTC", but is "Mars/Olympus"`},
		{`now > date(5)`, `11: date() takes texts, not a number`},
		{`1 / 0 > 5`, `2: division by zero`},
		// what is not in the language
		{`let x = 1; x > 0`, `4: let is not in the language: name a constant in vars, or write the value out`},
		{`true; false`, `0: ; is not in the language: join conditions with and`},
		{`if true { true } else { false }`, `3: if is not in the language: write condition ? a : b`},
		{`1 < history.steps < 5`, `12: comparisons cannot be chained: write a < b and b < c`},
		{`execution.input.a ?: true`, `24: ?: is not in the language: write a ?? b, or condition ? a : b`},
		{`history.steps in 1..5`, `18: a range a..b is not in the language: compare with >= and <=`},
		{`execution.input == {a: 1}`, `19: an object {…} cannot be written in a condition`},
		{`execution.input.text[1:2] == "b"`, `20: a slice [a:b] is not in the language: use startsWith, endsWith, contains or matches`},
		{`execution.input.text == b"x"`, `24: bytes b"…" are not in the language: write a text`},
		{`max(execution.age, 5) > duration("2h")`, `19: max() takes numbers or durations, not both: write a duration as duration("2h")`},
		{`split(flow.name, "-", 2)[0] == "a"`, `22: split() takes a text and what separates its parts, and no more`},
		{`round(execution.age) > 5`, `0: round() takes a number, not a duration: compare durations with each other`},
		{`parseJSON(execution.input.x)`, `0: unknown function "parseJSON": write execution.input.x, which is read as JSON already; of a text with JSON in it fromJSON(text)`},
		{`reduce(execution.input.list, # + #acc) > 1`, `0: unknown function "reduce"; there are abs, all, any, count, date, duration, filter, float, fromJSON, hour, int, len, lower, map, max, min, monthDay, none, one, round, split, string, sum, trim, upper, weekday`},
		{`lenn(flow.name) > 1`, `0: unknown function "lenn"; did you mean "len"?`},
		{`repeat("x", 1000000) == ""`, `0: unknown function "repeat"; there are abs, all, any, count, date, duration, filter, float, fromJSON, hour, int, len, lower, map, max, min, monthDay, none, one, round, split, string, sum, trim, upper, weekday`},
		{`now.Hour() > 5`, `4: methods cannot be called: write hour(now, "Asia/Shanghai") >= 9`},
		{`any(execution.input.list, any(#, # > 1))`, `26: any() stands inside another predicate: they cannot be nested`},
		{`any(execution.input.list, #index > 1)`, `26: #index is not in the language: # is the element`},
		{`flow.name matches execution.input.text`, `34: the pattern of matches must be a constant text`},
		{`flow.name matches vars.count`, `23: the pattern of matches must be a text`},
		{`flow.name matches "("`, "18: the pattern \"(\" is not a regular expression: error parsing regexp: missing closing ): `(`"},
		{`flow.name matches "(a{900}b){2}"`, `18: the pattern "(a{900}b){2}" is not a regular expression: error parsing regexp: invalid repeat count: ` + "`{2}`"},
		{`flow.name matches "a{900}b{900}"`, `18: the pattern "a{900}b{900}" is too large: it compiles to 1802 instructions, at most 1000 are allowed`},
		{`execution.age > duration("2 hours")`, `25: "2 hours" is not a duration: write 2h`},
		{`execution.age > duration("1 day and 30 mins")`, `25: "1 day and 30 mins" is not a duration: write 1d30m`},
		{`execution.age > duration("PT2H30M")`, `25: "PT2H30M" is not a duration: write 2h30m`},
		{`execution.age > duration("7200")`, `25: "7200" is not a duration: it has no unit; of seconds write 7200s`},
		{`execution.age > duration("2小时")`, `25: "2小时" is not a duration: write 2h`},
		{`execution.age > duration("1h30")`, `25: "1h30" is not a duration: write 1h30m`},
		{`execution.age > duration("02:00:00")`, `25: "02:00:00" is not a duration: write 02h00m00s`},
		{`execution.age > duration("0")`, `25: "0" is not a duration: write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w)`},
		{`execution.age > duration("-2h")`, `25: "-2h" is not a duration: write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w)`},
		// what other languages write
		{`now() - execution.startedTime > duration("2h")`, `0: unknown function "now": write now, without brackets`},
		{`time.Now() > now`, `5: methods cannot be called: write now, without brackets`},
		{`execution.age.Minutes() > 120`, `14: methods cannot be called: write execution.age > duration("2h"): durations are compared with each other`},
		{`hasPrefix(flow.name, "a")`, `0: unknown function "hasPrefix": write text startsWith "a"`},
		{`flow.name.startsWith("a")`, `10: methods cannot be called: write text startsWith "a"`},
		{`strings.Has_Suffix(flow.name, "a")`, `8: methods cannot be called: write text endsWith "a"`},
		{`flow.name.length > 3`, `10: flow.name has no fields: write len(x)`},
		{`contains(flow.name, "a")`, `0: unexpected token Operator("contains"): write text contains "a"`},
		{`flow.name.frob("a")`, `10: methods cannot be called; there are the functions abs, all, any, count, date, duration, filter, float, fromJSON, hour, int, len, lower, map, max, min, monthDay, none, one, round, split, string, sum, trim, upper, weekday`},
		{`duration(7200) < execution.age`, `9: duration() takes a text with a unit: write duration("7200s") for seconds`},
		{`7200 < execution.age`, `5: invalid operation: < (mismatched types int and duration): write a duration as duration("2h")`},
		{`execution.age > 2 hours`, `16: write a duration as duration("2h")`},
		{`execution.input.x == null`, `21: unknown name "null": write nil`},
		{`execution.input.x == None`, `21: unknown name "None": write nil`},
		{`execution.input.x is not null`, `18: is is not in the language: write x != nil`},
		{`execution.input.x == True`, `21: unknown name "True": write true`},
		{`execution.status == Running`, `20: unknown name "Running": a text stands in quotes, "Running"`},
		{`age > duration("2h")`, `0: unknown name "age"; did you mean execution.age?`},
		{`execution.input.a AND flow.name == "b"`, `18: AND is not in the language: write and`},
		{`flow.name == "AND" OR foo`, `19: OR is not in the language: write or`},
		{`Execution.age > duration("2h")`, `0: unknown name "Execution"; did you mean "execution"?`},
		{`flow.env.OR == "a" and execution.input.between == execution.agee`, `60: execution has no field "agee"; did you mean "age"?`},
		{`flow.name !in ["a"]`, `10: write not in the place of !, as in x not in [1, 2]`},
		{`flow.name doesn't match "a"`, `10: write not (text contains "a")`},
		{`any(execution.input.files, f -> f > 1)`, `29: # is the element: any(list, # > 5)`},
		{`NOT (flow.name == "b")`, `0: NOT is not in the language: write not`},
		{`flow.name == "a" & flow.name == "b"`, `17: & is not in the language: write and`},
		{`flow.name == "a" | flow.name == "b"`, `17: | is not in the language: write or`},
		{`flow.name <> "a"`, `10: <> is not in the language: write !=`},
		{`flow.name === "a"`, `10: === is not in the language: write ==`},
		{`flow.name =~ "a"`, `10: this is not in the language: write text matches "^a"`},
		{`flow.name LIKE "a%"`, `10: this is not in the language: write text startsWith "a", or text matches "^a"`},
		{`history.steps between 1 and 5`, `14: between is not in the language: write a <= x and x <= b`},
		{`history.steps in (1, 2)`, `19: unexpected token Operator(","): a list stands in brackets: [1, 2]`},
		{`if history.steps > 1 then true`, `21: this is not in the language: write condition ? a : b`},
		{`${execution.age} > duration("2h")`, `0: no braces are needed here: write the name alone, such as execution.age`},
		{`{{flow.name}} == "a"`, `0: no braces are needed here: write the name alone, such as execution.age`},
		{`"a" not in flow.name`, `8: invalid operation: in (mismatched types string and string): in looks into a list, as in text in ["a", "b"]; write text contains "x", and not (text contains "x")`},
		{`map(execution.input.files, #.name) contains "x"`, `35: invalid operation: contains (mismatched types list and string): contains looks into a text; write "x" in list`},
		{`flow.name startsWith ["a", "b"]`, `10: invalid operation: startsWith (mismatched types string and list): write any(["a", "b"], text startsWith #)`},
		{`flow.name == ["a", "b"]`, `10: invalid operation: == (mismatched types string and list): write text in ["a", "b"]`},
		{`not flow.name == "a"`, `0: not stands for the next name alone: write not (a == b)`},
		{`not flow.name in ["a"]`, `0: not stands for the next name alone: write not (a in b)`},
		{`flow.env.FLOW-REAPER == "off"`, `14: unknown name "REAPER": a name with a dash in it stands in brackets, ["FLOW-REAPER"]`},
		{`flow.name matches "^\d+$"`, "21: invalid char escape: in backquotes a backslash stands for itself: `^\\d+$`; or do without: [0-9]"},
		{`flow.name == “a”`, `13: “ (U+201C) must be a plain "`},
		{`flow.name == "a"，foo`, `16: ， (U+FF0C) must be a plain ,`},
		{`flow.name == "a（" and len（flow.name) > 1`, `25: （ (U+FF08) must be a plain (`},
		{`execution.age > duration("2h") – duration("1h")`, `31: – (U+2013) must be a plain -`},
		{`flow.name matches "*-x"`, "18: the pattern \"*-x\" is not a regular expression: error parsing regexp: missing argument to repetition operator: `*`: any characters are .* in one"},
		{`execution.status in ["Running" "Starting"]`, `31: unexpected token String("Starting"): a comma or an operator is missing before it`},
		{`execution.startedTime < now - 7200`, `28: invalid operation: - (mismatched types time and int): write a duration as duration("2h")`},
		// syntax
		{``, `-1: the expression is empty`},
		{`execution.age >`, `14: unexpected token EOF: the expression ends too early`},
		{`flow.name = "x"`, `10: unexpected token Operator("="): compare with ==`},
		{`flow.name == "x`, `15: literal not terminated: close the quotes`},
		{`execution.age > 2h`, `17: bad number syntax: "2h": write a duration as duration("2h")`},
		{`(flow.name == "x"`, `16: unexpected token EOF: the expression ends too early`},
		{strings.Repeat("true and ", 600) + "true", `4505: the expression is too large: it has more than 1000 parts`},
		{strings.Repeat("(", 17000), `-1: the expression has 17000 bytes; at most 16384 are allowed`},
	}
	for _, test := range tests {
		t.Run(plain.Clip(test.text, 60), func(t *testing.T) {
			_, problems := testLanguage().Conditions(test.text)
			if got := problemTexts(problems); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestSharedNodes would run for ever if what the parser shares were checked
// where it stands.
func TestSharedNodes(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(1 < ", 200) + "1" + strings.Repeat(" < 1)", 200),
		strings.Repeat("(", 200) + "1" + strings.Repeat(" ?: 1)", 200),
	} {
		if _, problems := testLanguage().Conditions(text); len(problems) == 0 {
			t.Errorf("%s was accepted", plain.Clip(text, 40))
		}
	}
}

// TestDeepTexts would end the process if the parser's recursion had no bound.
func TestDeepTexts(t *testing.T) {
	for _, part := range []string{"(", "[", "-", "not ", "!", "any(", "true ? ", "true and (", "{", "#", "execution.input[", "1 - "} {
		text := strings.Repeat(part, maxText/len(part))
		if _, problems := testLanguage().Conditions(text); len(problems) == 0 {
			t.Errorf("%s… was accepted", part)
		}
	}
}

func TestConjuncts(t *testing.T) {
	all, problems := testLanguage().Conditions(`(flow.name == "a" && (now > execution.startedTime and (true or execution.input.x))) and not (flow.env.A == "b" and history.steps > 1)`)
	if len(problems) > 0 {
		t.Fatal(problemTexts(problems))
	}
	var got []string
	for _, c := range all {
		got = append(got, c.Describe(nil))
	}
	want := `flow.name == "a" | now > execution.startedTime | true or execution.input.x | not (flow.env.A == "b" and history.steps > 1)`
	if strings.Join(got, " | ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " | "), want)
	}
}

func TestReads(t *testing.T) {
	e := compile(t, `flow.name == "a" and (any(execution.input.list, # > vars.count) or flow?.env["X"] == nil)`)
	var got []string
	for v := range e.Reads().All() {
		got = append(got, testVariables[v].Name)
	}
	if want := "flow.name flow.env execution.input"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, " "), want)
	}
}
