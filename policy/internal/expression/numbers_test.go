package expression

import (
	"strings"
	"testing"
)

func TestNumbersAndTexts(t *testing.T) {
	env := fullEnv()
	env["execution.input"] = map[string]any{
		"n": 5, "sizes": []any{3, 1.5, 7}, "mixed": []any{1, "a"}, "none": []any{}, "payload": `{"customer": 7, "big": 9007199254740993}`,
		"twice": `{"a": 1, "a": 2}`, "long": `"` + strings.Repeat("x", maxJSON) + `"`, "csv": "a,b,,c",
	}
	for text, want := range map[string]string{
		`max(execution.input.sizes)`:                            "7",
		`min(execution.input.sizes, 2)`:                         "1.5",
		`max(1, 2, execution.input.n)`:                          "5",
		`min(execution.age, duration("1m"))`:                    "1m",
		`min(execution.input.none)`:                             "min() of an empty list is nothing",
		`max(execution.input.mixed)`:                            "max() takes numbers or durations, not a text",
		`max(execution.input.missing, 1)`:                       "max() takes numbers or durations, not nil",
		`max(execution.input.n, execution.input.csv)`:           "max() takes numbers or durations, not a text",
		`max(execution.input.sizes, [duration("1h")])`:          "max(): a number and a duration cannot be compared",
		`sum(execution.input.sizes)`:                            "11.5",
		`sum(execution.input.sizes, # * 2)`:                     "23",
		`sum(execution.input.none)`:                             "0",
		`sum([duration("1h"), duration("30m")])`:                "1h30m",
		`sum([execution.input.n, duration("30m")])`:             "a number + a duration cannot be computed",
		`sum(execution.input.mixed)`:                            "sum() takes numbers or durations, not a text",
		`sum([9223372036854775807, execution.input.n])`:         "the result is too large",
		`sum(execution.input.n)`:                                "sum() takes a list, not a number",
		`abs(execution.input.n - 8)`:                            "3",
		`abs(-2.5 * execution.input.n)`:                         "12.5",
		`abs(duration("1h") - duration("2h"))`:                  "1h",
		`abs(execution.input.csv)`:                              "abs() takes a number or a duration, not a text",
		`abs(-9223372036854775807 - 1 + 0 * execution.input.n)`: "the result is too large",
		`round(execution.input.n / 2)`:                          "3",
		`round(-2.5)`:                                           "-3",
		`round(execution.input.missing)`:                        "round() takes a number, not nil",
		`split(execution.input.csv, ",")`:                       `["a","b","","c"]`,
		`len(split(execution.input.csv, ""))`:                   "6",
		`split(execution.input.n, ",")`:                         "split() takes texts, not a number",
		`fromJSON(execution.input.payload).customer`:            "7",
		`fromJSON(execution.input.payload).big`:                 "9007199254740993",
		`fromJSON(execution.input.payload).missing`:             "nil",
		`fromJSON(execution.input.csv)`:                         "fromJSON(): the text is not JSON: ",
		`fromJSON(execution.input.twice)`:                       `fromJSON(): the text gives the key "a" twice`,
		`fromJSON(execution.input.long)`:                        "fromJSON(): the text has 1.0 MiB: past 1 MiB it is not looked into",
		`fromJSON(execution.input.missing)`:                     "fromJSON() takes a text, not nil",
		`fromJSON("null")`:                                      "nil",
	} {
		value, err := compile(t, text).Value(env)
		got := Format(value)
		if err != nil {
			got = err.Error()
		}
		if got != want && !(strings.HasSuffix(want, ": ") && strings.HasPrefix(got, want)) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// What strangers write costs no more than the budget, however long it is.
func TestLongTextsRunOutOfBudget(t *testing.T) {
	env := fullEnv()
	json := `"` + strings.Repeat("x", maxJSON-2) + `"`
	env["execution.input"] = map[string]any{"commas": strings.Repeat(",", maxSteps/10), "json": []any{json, json, json, json}}
	for _, text := range []string{`len(split(execution.input.commas, ","))`, `len(split(execution.input.commas, ""))`, `map(execution.input.json, fromJSON(#))`} {
		if _, err := compile(t, text).Value(env); err != errBudget {
			t.Errorf("%s: error %v", text, err)
		}
	}
}
