package expression

import (
	"testing"
	"time"
)

func TestWall(t *testing.T) {
	env := fullEnv() // started 2026-03-04 08:57:53 UTC
	env["execution.input"] = map[string]any{"at": "2026-03-29T00:30:00Z", "n": 5}
	for text, want := range map[string]string{
		`hour(now)`:                  "12",
		`hour(now, "Asia/Shanghai")`: "20",
		`hour(execution.startedTime, "America/New_York")`:      "3",
		`hour(date(execution.input.at), "Europe/Berlin")`:      "1",
		`hour(date("2026-03-29T01:00:00Z"), "Europe/Berlin")`:  "3", // 2 is never
		`hour(now, vars.zone)`:                                 "20",
		`weekday(now, "Asia/Shanghai")`:                        "Wed",
		`weekday(now + duration("12h"), "Pacific/Kiritimati")`: "Thu",
		`monthDay(now)`:                   "4",
		`monthDay(date("2028-02-29"))`:    "29",
		`date(now, "Pacific/Kiritimati")`: "2026-03-05",
		`date(now)`:                       "2026-03-04",
		`date("2026-01-02", "2006-01-02", "Asia/Shanghai")`:      "2026-01-01T16:00:00Z",
		`hour(execution.input.n)`:                                "hour() takes a time, not a number",
		`weekday(execution.input.at)`:                            "weekday() takes a time, not a text",
		`monthDay(execution.input.missing)`:                      "monthDay() takes a time, not nil",
		`date(now) == date(execution.startedTime)`:               "true",
		`weekday(now) in ["Sat", "Sun"] or hour(now) in [12, 1]`: "true",
	} {
		l := New(testVariables, map[string]any{"zone": "Asia/Shanghai"})
		e, problems := l.Compile(text)
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		value, err := e.Value(env)
		got := Format(value)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// What a clock never shows is refused, with what was meant.
func TestWallMistakes(t *testing.T) {
	const days = "weekday() is Mon, Tue, Wed, Thu, Fri, Sat or Sun, and never "
	const zones = `the time zone of hour() must be a name such as "Asia/Shanghai" or "UTC", `
	for text, want := range map[string]string{
		`weekday(now) == "Monday"`:                        `16: ` + days + `"Monday": write "Mon"`,
		`weekday(now) != "Sat "`:                          `16: ` + days + `"Sat ": write "Sat"`,
		`"tues" == weekday(now)`:                          `0: ` + days + `"tues": write "Tue"`,
		`weekday(now) in ["Sat", "sunday"]`:               `16: ` + days + `"sunday": write "Sun"`,
		`weekday(now) not in vars.days`:                   `25: ` + days + `"Mon-Tue": write weekday(…) in ["Mon", "Tue"]`,
		`weekday(now) == "Fri-Mon"`:                       `16: ` + days + `"Fri-Mon": write weekday(…) in ["Fri", "Sat", "Sun", "Mon"]`,
		`weekday(now) == "someday"`:                       `16: ` + days + `"someday"`,
		`weekday(now) in [6, 7]`:                          `13: cannot use string as type int in array: a text is looked for among numbers, and never found`,
		`weekday(now) == 1`:                               `13: invalid operation: == (mismatched types string and int): a text stands in quotes, as in weekday(now) == "Sat"`,
		`weekday(now) > "Fri"`:                            `15: days of the week have no order: write weekday(…) in ["Sat", "Sun"]`,
		`weekday(now) in "Sat,Sun"`:                       `13: invalid operation: in (mismatched types string and string): in looks into a list, as in text in ["a", "b"]; write text contains "x", and not (text contains "x")`,
		`hour(now) == 24`:                                 `13: hour() is a whole number from 0 to 23, and never 24`,
		`hour(now) > 25`:                                  `12: hour() is a whole number from 0 to 23, and never 25`,
		`hour(now) == 9.5`:                                `13: hour() is a whole number from 0 to 23, and never 9.5`,
		`hour(now) in ["9"]`:                              `10: cannot use int as type string in array: a number is looked for among texts, and never found`,
		`hour(now) == "09:00"`:                            `10: invalid operation: == (mismatched types int and string): a number stands without quotes, as in hour(now) >= 9`,
		`monthDay(now) == 32`:                             `17: monthDay() is a whole number from 1 to 31, and never 32`,
		`monthDay(now) == -1`:                             `17: monthDay() is a whole number from 1 to 31, and never -1: the last day of the month stands in the window, as monthDays: last`,
		`monthDay(now) in ["last"]`:                       `14: cannot use int as type string in array: a number is looked for among texts, and never found`,
		`date(now) == "2027-1-1"`:                         `13: date() of a time is a text such as "2026-01-31", and never "2027-1-1": write "2027-01-01"`,
		`date(now) in ["2027-01-01..2027-01-07"]`:         `13: date() of a time is a text such as "2026-01-31", and never "2027-01-01..2027-01-07": write "2027-01-01" <= date(…) and date(…) <= "2027-01-07"`,
		`date(now) >= "2027-02"`:                          `13: date() of a time is a text such as "2026-01-31", and never "2027-02": write date(…) startsWith "2027-02-"`,
		`date(now) == "2027-02-30"`:                       `13: date() of a time is a text such as "2026-01-31", and never "2027-02-30"`,
		`date(now) == date("2027-01-01")`:                 `10: invalid operation: == (mismatched types string and time): write a time as date("2026-01-31"), or compare the day, as in date(now, "Asia/Shanghai") == "2026-01-31"`,
		`date(execution.input.at, "Asia/Shanghai") > now`: `25: the time zone of a text stands behind its layout: write date(…, "2006-01-02", "Asia/Shanghai")`,
		`hour() == 5`:                                     `0: hour() takes a time and its zone: write hour(now, "Asia/Shanghai")`,
		`hour(now, "UTC", 5) == 5`:                        `0: hour() takes a time and its zone: write hour(now, "Asia/Shanghai")`,
		`hour("2026-01-31") == 5`:                         `0: hour() takes a time, not a text: write hour(now, "Asia/Shanghai"), or hour(date("2026-01-31"))`,
		`hour(execution.age) > 2`:                         `0: hour() takes a time, not a duration: write hour(now, "Asia/Shanghai")`,
		`hour(now, "Asia/Shangai") > 2`:                   `10: ` + zones + `but is "Asia/Shangai"; did you mean "Asia/Shanghai"?`,
		`hour(now, "Beijing") > 2`:                        `10: ` + zones + `but is "Beijing": write "Asia/Shanghai"`,
		`hour(now, "") > 2`:                               `10: ` + zones + `but is ""`,
		`hour(now, 8) > 2`:                                `10: ` + zones + `but is a number`,
		`hour(now, flow.env.ZONE) > 2`:                    `19: ` + zones + `or vars.NAME`,
		`date() > now`:                                    `0: date() takes a text, such as date("2026-01-31"), or a time and its zone, such as date(now, "Asia/Shanghai")`,
		`date(5) > now`:                                   `5: date() takes texts, not a number`,
		`dayOfWeek(now) == 1`:                             `0: unknown function "dayOfWeek": write weekday(now, "Asia/Shanghai") in ["Sat", "Sun"]`,
		`monthday(now) == 1`:                              `0: unknown function "monthday": write monthDay(now, "Asia/Shanghai") == 1, or the days into the rule's window: {monthDays: last}`,
		`weekDay(now) == "Sat"`:                           `0: unknown function "weekDay": write weekday(now, "Asia/Shanghai") in ["Sat", "Sun"]`,
		`minute(now) == 1`:                                `0: unknown function "minute": write the hours and days into the rule's window: {days: "Mon-Fri", hours: "09:00-18:00"}`,
	} {
		l := New(testVariables, map[string]any{"days": []any{"Sat", "Mon-Tue"}})
		if _, problems := l.Conditions(text); problemTexts(problems) != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, problemTexts(problems), want)
		}
	}
}

func TestWallDescribed(t *testing.T) {
	for text, want := range map[string]string{
		`hour(now, "Asia/Shanghai") >= 9`:         `hour(now, "Asia/Shanghai") 20 >= 9`,
		`weekday(now) == "Wed"`:                   `weekday(now) == "Wed"`,
		`weekday(now) == "Thu"`:                   `weekday(now) "Wed" == "Thu"`,
		`weekday(now) in ["Sat", "Sun"]`:          `weekday(now) "Wed" in ["Sat","Sun"]`,
		`date(execution.startedTime) < date(now)`: `date(execution.startedTime) "2026-03-04" < date(now) "2026-03-04"`,
		`hour(date(execution.input.text)) == 5`:   `hour(date(execution.input.text)) (unknown) == 5`,
	} {
		if got := compile(t, text).Describe(fullEnv()); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// A zone is loaded once, when the policy loads.
func TestWallAllocatesLittle(t *testing.T) {
	e, env := compile(t, `hour(now, "Asia/Shanghai") >= 9 and weekday(now, "Asia/Shanghai") in ["Wed", "Thu"]`), fullEnv()
	env["now"] = any(time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC))
	if n := testing.AllocsPerRun(100, func() { e.Holds(env) }); n > 5 {
		t.Errorf("%v allocations", n)
	}
}
