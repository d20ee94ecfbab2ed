package expression

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestValue(t *testing.T) {
	tests := []struct {
		text string
		want any
	}{
		// paths
		{`execution.input.priority`, "low"},
		{`execution.input["priority"]`, "low"},
		{`execution.input?.priority`, "low"},
		{`execution["input"].deep.er["x"]`, "found"},
		{`execution.input.missing`, nil},
		{`execution.input.missing.more[0]["x"]`, nil},
		{`execution.input.nothing.more`, nil},
		{`execution.input.nothing[0]["x"]`, nil},
		{`execution.input.list[1]`, 2.5},
		{`execution.input.list[execution.input.f - 4]`, 2.5},
		{`execution.input.list[-1]`, nil},
		{`execution.input.list[-2]`, "x"},
		{`execution.input.list[99]`, nil},
		{`execution.input.items[0].id`, 1},
		{`execution.input[flow.name]`, nil},
		{`flow.env.FLOWREAPER`, "off"},
		{`flow.env["MISSING"]`, nil},
		{`flow.env.MISSING.x`, nil},
		// equality
		{`execution.input.n == 5`, true},
		{`execution.input.n == 5.0`, true},
		{`execution.input.f == 5`, true},
		{`execution.input.n == "5"`, false},
		{`execution.input.priority != "high"`, true},
		{`execution.input.missing != "high"`, true},
		{`execution.input.missing == nil`, true},
		{`execution.input.nothing == nil`, true},
		{`execution.input.yes == true`, true},
		{`execution.input.list == [1, 2.5, "x", nil]`, true},
		{`execution.input.list == [1, 2.5, "x"]`, false},
		{`execution.input.deep == execution.input.deep`, true},
		{`execution.input.deep == execution.input.items`, false},
		{`execution.input.yes == execution.input.deep`, false},
		{`execution.startedTime == execution.startedTime`, true},
		// order
		{`execution.input.n > 4.5`, true},
		{`execution.input.f <= 5`, true},
		{`execution.input.text < "b"`, true},
		{`execution.age > duration("3h2m")`, true},
		{`execution.age >= vars.limit`, true},
		{`now - execution.startedTime > duration("1h")`, true},
		{`execution.startedTime + duration("1d") > now`, true},
		{`now > date("2026-03-04")`, true},
		// in, texts
		{`"x" in execution.input.list`, true},
		{`5 in execution.input.list`, false},
		{`1.0 in execution.input.list`, true},
		{`"priority" in execution.input`, true},
		{`"x" in execution.input.missing`, false},
		{`flow.name in ["etl-nightly", "b"]`, true},
		{`flow.name not in vars.names`, true},
		{`"FLOWREAPER" in flow.env`, true},
		{`flow.name matches "^etl-"`, true},
		{`flow.name matches vars.pattern`, true},
		{`execution.input.missing matches "x"`, false},
		{`not (execution.input.missing matches "x")`, true},
		{`flow.name contains "night"`, true},
		{`flow.name startsWith vars.word`, true},
		{`flow.name endsWith "ly"`, true},
		{`execution.input.missing contains "x"`, false},
		// logic
		{`true and execution.input.yes`, true},
		{`false and execution.input.missing`, false},
		{`true or execution.input.missing`, true},
		{`not execution.input.yes`, false},
		{`execution.input.missing ?? 7`, 7},
		{`execution.input.n > 3 ? "big" : "small"`, "big"},
		// arithmetic
		{`execution.input.n + 1`, 6},
		{`execution.input.n * 1.5`, 7.5},
		{`execution.input.n / 2`, 2.5},
		{`execution.input.n % 3`, 2},
		{`execution.input.n ** 2`, 25.0},
		{`-execution.input.n`, -5},
		{`+execution.input.f`, 5.0},
		{`history.steps - 10`, -3},
		{`execution.age * 2 > duration("6h")`, true},
		{`vars.limit * 1.5`, 3 * time.Hour},
		{`2 * duration("1h") + duration("30m")`, 2*time.Hour + 30*time.Minute},
		{`duration("1d1h") - duration("1h")`, 24 * time.Hour},
		// functions
		{`len("中文")`, 2},
		{`len(execution.input.list)`, 4},
		{`len(flow.env)`, 1},
		{`lower("ABC") == "abc" and upper(flow.name) == "ETL-NIGHTLY"`, true},
		{`trim("  x ")`, "x"},
		{`trim("--x-", "-")`, "x"},
		{`int("12") + int(3.9)`, 15},
		{`float("1.5") + float(1)`, 2.5},
		{`string(execution.input.n)`, "5"},
		{`string(vars.limit)`, "2h"},
		{`string(now)`, "2026-03-04T12:00:00Z"},
		{`string(execution.input.missing)`, "nil"},
		{`string(vars.days)`, `["1d"]`},
		{`duration(execution.input.missing ?? "1h")`, time.Hour},
		{`date("2026-01-02 03:04:05", "2006-01-02 15:04:05", "Asia/Shanghai") == date("2026-01-01T19:04:05Z")`, true},
		{`date("2026-01-02T11:04:05.5+0800") == date("2026-01-02T03:04:05.5Z")`, true},
		{`date(trim(" 2026-01-02T11:04:05+0800 ")) == date("2026-01-02T11:04:05PRC")`, true},
		{`date("2026-01-02")`, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)},
		// predicates
		{`any(execution.input.items, .id == 2)`, true},
		{`all(execution.input.items, #.id > 0)`, true},
		{`none(execution.input.items, .missing != nil)`, true},
		{`one(execution.input.items, .id == 2)`, true},
		{`count(execution.input.items, .id > 0)`, 2},
		{`count(filter(execution.input.items, .id > 1), true)`, 1},
		{`map(execution.input.items, .id)`, []any{1, 2}},
		{`execution.input.items | map(.id) | len()`, 2},
		{`any(execution.input.items, .id == history.steps - 5)`, true},
		{`any([], true)`, false},
		{`all([], false)`, true},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			got, err := compile(t, test.text).Value(fullEnv())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{`execution.input.missing > 5`, `execution.input.missing > 5: nil > a number cannot be compared`},
		{`execution.input.text < 5`, `execution.input.text < 5: a text < a number cannot be compared`},
		{`execution.input.n > execution.age`, `execution.input.n > execution.age: a number > a duration cannot be compared`},
		{`execution.input.missing`, `execution.input.missing: the result is nil, not true or false`},
		{`execution.input.missing and true`, `execution.input.missing and true: nil stands where true or false must`},
		{`not execution.input.text`, `not execution.input.text: a text stands where true or false must`},
		{`execution.cost > 5`, `execution.cost > 5: the cost was not computed`},
		{`execution.input.text + execution.input.text == "x"`, `execution.input.text + execution.input.text == "x": a text + a text cannot be computed`},
		{`execution.input.n + 9223372036854775807 > 0`, `execution.input.n + 9223372036854775807 > 0: the result is too large`},
		{`-execution.input.n - 9223372036854775807 > 0`, `-execution.input.n - 9223372036854775807 > 0: the result is too large`},
		{`execution.input.n * 9223372036854775807 > 0`, `execution.input.n * 9223372036854775807 > 0: the result is too large`},
		{`execution.age * 1000000000 > vars.limit`, `execution.age * 1000000000 > 2h: the result is too large`},
		{`execution.age * 1e30 > vars.limit`, `execution.age * 1e+30 > 2h: the result is too large`},
		{`execution.age + duration("106751d23h") > vars.limit`, `execution.age + 106751d23h > 2h: the result is too large`},
		{`now - date("1492-10-12") > vars.limit`, `now - 1492-10-12T00:00:00Z > 2h: the result is too large`},
		{`execution.input.n / 0 > 1`, `execution.input.n / 0 > 1: division by zero`},
		{`execution.input.n % 0 > 1`, `execution.input.n % 0 > 1: division by zero`},
		{`execution.input.n ** 1000 > 1`, `execution.input.n ** 1000 > 1: the result +Inf is not a number`},
		{`len(execution.input.n) > 1`, `len(execution.input.n) > 1: len() takes a text, a list or an object, not a number`},
		{`lower(execution.input.n) == ""`, `lower(execution.input.n) == "": lower() takes a text, not a number`},
		{`int(execution.input.text) > 1`, `int(execution.input.text) > 1: int(): "abc" is not a whole number`},
		{`float(execution.input.text) > 1`, `float(execution.input.text) > 1: float(): "abc" is not a number`},
		{`duration(execution.input.text) > vars.limit`, `duration(execution.input.text) > 2h: "abc" is not a duration: write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w)`},
		{`duration(execution.input.n) > vars.limit`, `duration(execution.input.n) > 2h: duration() takes a text, not a number`},
		{`date(execution.input.text) > now`, `date(execution.input.text) > now: date(): invalid date abc: write it like 2026-01-31`},
		{`execution.input.n in execution.input.deep`, `execution.input.n in execution.input.deep: a number cannot be a key of an object: in takes a text here`},
		{`"a" in execution.input.text`, `"a" in execution.input.text: in takes a list or an object on its right, not a text`},
		{`execution.input.n contains "a"`, `execution.input.n contains "a": a number contains a text cannot be looked for: both must be texts`},
		{`execution.input.n matches "a"`, `execution.input.n matches "a": a number cannot be matched: matches takes a text`},
		{`any(execution.input.deep, true)`, `any(execution.input.deep, true): any() takes a list, not an object`},
		{`any(execution.input.missing, true)`, `any(execution.input.missing, true): any() takes a list, not nil`},
		{`trim(execution.input.text, execution.input.long) == ""`, `trim(execution.input.text, execution.input.long) == "": trim(): at most 100 bytes of characters can be trimmed`},
		{`execution.input.digits > 5`, `execution.input.digits > 5: 111111111111111111111111111111111111111… is not a number that can be judged`},
		{`execution.input.text.x == nil`, `execution.input.text.x == nil: a text has no key "x": only an object has keys`},
		{`execution.input.text?.x == nil`, `execution.input.text.x == nil: a text has no key "x": only an object has keys`},
		{`(execution.input.text.x ?? 1) == 1`, `execution.input.text.x ?? 1 == 1: a text has no key "x": only an object has keys`},
		{`execution.input.text[0] == nil`, `execution.input.text[0] == nil: a text has no element 0: only a list has elements`},
		{`execution.input.n.x.y == nil`, `execution.input.n.x.y == nil: a number has no key "x": only an object has keys`},
		{`execution.input.yes.x == nil`, `execution.input.yes.x == nil: true or false has no key "x": only an object has keys`},
		{`execution.input.list.x == nil`, `execution.input.list.x == nil: a list has no key "x": index it with a whole number`},
		{`execution.input.list[1.5] == nil`, `execution.input.list[1.5] == nil: a list has no key 1.5: index it with a whole number`},
		{`execution.input.list[execution.input.missing] == nil`, `execution.input.list[execution.input.missing] == nil: a list has no key nil: index it with a whole number`},
		{`execution.input.list[2].x == nil`, `execution.input.list[2].x == nil: a text has no key "x": only an object has keys`},
		{`execution.input[5] == nil`, `execution.input[5] == nil: an object has no key 5: its keys are texts`},
		{`execution.input[execution.input.missing] == nil`, `execution.input[execution.input.missing] == nil: an object has no key nil: its keys are texts`},
		{`flow.env.FLOWREAPER.x == nil`, `flow.env.FLOWREAPER.x == nil: a text has no key "x": only an object has keys`},
		{`any(execution.input.list, .id == 1)`, `any(execution.input.list, .id == 1): a number has no key "id": only an object has keys`},
		{`any(execution.input.items, .id)`, `any(execution.input.items, .id): the predicate's result is a number, not true or false`},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			env := fullEnv()
			env["execution.input"].(map[string]any)["long"] = strings.Repeat("x", 101)
			env["execution.input"].(map[string]any)["digits"] = json.Number(strings.Repeat("1", 1<<20))
			holds, err := compile(t, test.text).Holds(env)
			if err == nil {
				t.Fatalf("it is %v", holds)
			}
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
		})
	}
}

// TestExactNumbers: two identifiers beyond 2^53 are not equal.
func TestExactNumbers(t *testing.T) {
	env := fullEnv()
	env["execution.input"] = map[string]any{"id": json.Number("9007199254740993"), "f": json.Number("9007199254740992.0"), "huge": json.Number("1e400"), "order": json.Number("12345678901234567890")}
	for text, want := range map[string]bool{
		`execution.input.id == 9007199254740993`:  true,
		`execution.input.id == 9007199254740992`:  false,
		`execution.input.id == execution.input.f`: false,
		`execution.input.id > execution.input.f`:  true,
		`execution.input.f < execution.input.id`:  true,
	} {
		if got, err := compile(t, text).Holds(env); got != want || err != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if _, err := compile(t, `execution.input.huge > 1`).Holds(env); err == nil {
		t.Error("1e400 was compared")
	}
	if _, err := compile(t, `execution.input.order == 12345678901234567891.0`).Holds(env); err == nil || !strings.Contains(err.Error(), "12345678901234567890 is too large a number to be told from others: write it as a text") {
		t.Errorf("%v", err)
	}
}

// TestBudget evaluates what would run for minutes or hours.
func TestBudget(t *testing.T) {
	numbers := make([]any, 200_000)
	for i := range numbers {
		numbers[i] = i
	}
	env := fullEnv()
	env["execution.input"] = map[string]any{"a": numbers, "b": numbers[1:], "text": strings.Repeat("a", 1<<20)}
	for _, text := range []string{
		`all(execution.input.a, # in execution.input.b or true)`,
		`all(execution.input.a, execution.input.text contains "b" or true)`,
		`all(execution.input.a, string(execution.input.a) == "" or true)`,
		`all(execution.input.a, execution.input.a == execution.input.a)`,
		`all(execution.input.a, len(execution.input.text) > 5)`,
		`all(execution.input.a, lower(execution.input.text) != "b")`,
		`execution.input.text matches "(a?){100}b"`,
		`len(map(execution.input.a, string(execution.input.a))) > 1`,
		`len(map(execution.input.a, [#, #, #, #, #, #, #, #])) > 1`,
	} {
		if _, err := compile(t, text).Holds(env); !errors.Is(err, errBudget) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
