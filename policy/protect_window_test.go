package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// monthEnd is a policy that stops nothing while the books are closed.
func monthEnd() string {
	return "calendars: {holidays: {days: 2026-03-02}}\n" +
		"protect: {window: {monthDays: \"last-2..last, 1..3\", timeZone: Asia/Shanghai, except: [holidays]}}\n" + oneRule("maxRuntime: 2h")
}

func TestProtectWindow(t *testing.T) {
	p := mustParse(t, monthEnd())
	for _, test := range []struct {
		now      string
		decision Decision
		reason   string
		until    string
	}{
		{"2026-03-04T12:00:00Z", Stop, "age 3h2m > 2h", ""},
		{"2026-02-25T15:59:59Z", Stop, "age 3h2m > 2h", ""},
		{"2026-02-25T16:00:00Z", Protected, "protected: now Thu 2026-02-26 00:00 +08:00 in window monthDays last-2..last, 1..3 00:00-24:00 Asia/Shanghai except holidays", "2026-03-01T16:00:00Z"},
		{"2026-03-02T12:00:00Z", Stop, "age 3h2m > 2h", ""}, // a holiday
		{"2026-03-03T15:59:58Z", Protected, "protected: now Tue 2026-03-03 23:59 +08:00 in window monthDays last-2..last, 1..3 00:00-24:00 Asia/Shanghai except holidays", "2026-03-03T16:00:00Z"},
		{"2026-03-03T16:00:00Z", Stop, "age 3h2m > 2h", ""},
	} {
		f := facts()
		f.Now = at(t, test.now)
		f.Execution.StartedTime = f.Now.Add(-3*time.Hour - 2*time.Minute)
		e := p.Explain(f)
		until := ""
		if e.Until != nil {
			until = e.Until.String()
		}
		if e.Decision != test.decision || e.Reason != test.reason || until != test.until {
			t.Errorf("%s: %s, %s, until %s", test.now, e.Decision, e.Reason, until)
		}
	}
}

func TestProtectWindowMistakes(t *testing.T) {
	for protect, want := range map[string]string{
		"{}":                                 "1:10: protect is empty: give flows, a window or when",
		"{windows: {days: Mon}}":             `1:11: unknown key "windows"; did you mean "window"?`,
		"{window: []}":                       "1:19: window is an empty list: give one, or leave the key out",
		"{window: {}}":                       "1:19: window needs days, monthDays, hours or except",
		"{window: month-end}":                `1:19: window must be a mapping, but is the text "month-end": write {days: Mon-Fri, hours: "09:00-18:00", timeZone: Asia/Shanghai}`,
		"{window: {weekday: Mon}}":           `1:20: unknown key "weekday"; did you mean "days"?`,
		"{window: {days: Sat, Sun}}":         `1:31: unknown key "Sun": if it belongs to days, put that text in quotes: it has a comma`,
		"{window: {days: weekdays}}":         `1:26: days must be names and ranges such as "Mon-Fri" or "Mon,Wed", but is the text "weekdays": write "Mon-Fri"`,
		"{window: {days: weekend}}":          `1:26: days must be names and ranges such as "Mon-Fri" or "Mon,Wed", but is the text "weekend": write "Sat,Sun"`,
		"{window: {days: daily}}":            `1:26: days must be names and ranges such as "Mon-Fri" or "Mon,Wed", but is the text "daily": leave it out for every day`,
		"{window: {monthDays: last-2..3}}":   `1:31: monthDays must be days from 1 to 31, last, last-2 and ranges such as "4..27" or "last-2..last, 1..3", but is the text "last-2..3": a range stays in its month: write "last-2..last, 1..3"`,
		"{window: {days: Mon, except: [a]}}": `1:40: except names the calendar "a", but the policy has no calendars: add calendars, such as {holidays: {days: ["2027-01-01"]}}`,
	} {
		_, err := Parse("policy.yaml", []byte("protect: "+protect+"\n"+oneRule("maxRuntime: 2h")))
		if diff := cmp.Diff([]string{want}, firstLines(err)); diff != "" {
			t.Errorf("%s: %s", protect, diff)
		}
	}
}

func TestLintTimes(t *testing.T) {
	now := at(t, "2027-02-12T12:00:00Z")
	const never = "warning never r: the rule can never stop anything: "
	for _, test := range []struct{ calendars, protect, window, want string }{
		{"", `{hours: "00:00-24:00"}`, "{days: Mon}", "2:19 warning protect : this protects everything: its window is always open, and nothing is ever stopped → narrow it, or correct it\n" +
			"4:39 " + never + "its window opens only while protect's does → correct one of them"},
		{"", `[{hours: "00:00-12:00"}, {hours: "12:00-23:59"}]`, "{days: Mon}", ""},
		{"", "{monthDays: 1..3}", "{monthDays: 2}", "4:39 " + never + "its window opens only while protect's does → correct one of them"},
		{"", "{monthDays: 1..3}", "{monthDays: 2..4}", ""},
		{"", "{monthDays: 1..3}", "{days: Mon}", ""},
		{"{a: {days: 2027-04-01..2027-04-30}}", "{days: Mon}", "{monthDays: 31, also: [a]}", ""},
		{"{a: {days: 2027-01-01..2099-12-31}}", "{except: [a]}", "{days: Mon}", ""},
		{"{a: {days: 1999-01-01..2199-12-31}}", "{except: [a]}", "{days: Mon, except: [a]}", "3:19 warning protect : this protects nothing: its window never opens → correct it, or its calendars\n" +
			"5:39 " + never + "its window never opens → correct it, or its calendars"},
		{"{a: {days: 2027-02-11}}", "{days: Mon}", "{except: [a]}", "2:16 warning calendar-over : the last day of the calendar a, 2027-02-11, lies behind → add the days to come, or take it out"},
		{"{a: {days: 2027-02-12}}", "{days: Mon}", "{except: [a]}", "2:16 warning calendar-over : the last day of the calendar a, 2027-02-12, is today → add the days to come, or take it out"},
		{"{a: {days: [2027-01-01, 2027-02-12..2027-02-13]}}", "{days: Mon}", "{except: [a]}", "2:16 warning calendar-over : the last day of the calendar a, 2027-02-13, is in 1 day → add the days to come, or take it out"},
		{"{a: {days: 2027-03-14}}", "{days: Mon}", "{except: [a]}", "2:16 warning calendar-over : the last day of the calendar a, 2027-03-14, is in 30 days → add the days to come, or take it out"},
		{"{a: {days: 2027-03-15}}", "{days: Mon}", "{except: [a]}", ""},
		{"{a: {days: 2027-03-01}} # lint: allow calendar-over", "{days: Mon}", "{except: [a]}", ""},
		{"{a: {file: yearly.ics}}", "{days: Mon}", "{except: [a]}", ""},
		{"{a: {file: once.ics}}", "{days: Mon}", "{except: [a]}", "2:16 warning calendar-over : the last day of the calendar a, 2027-01-01, lies behind → add the days to come, or take it out"},
		{"{a: {file: timed.ics}}", "{days: Mon}", "{except: [a]}", "2:16 warning calendar-timed : of the file of the calendar a, 2 events give no days, having a time of the day: the first begins in line 2 → make all-day events of those that are meant"},
	} {
		text := "version: 1\n"
		if test.calendars != "" {
			text += "calendars: " + test.calendars + "\n"
		}
		text += "protect: {window: " + test.protect + "}\nrules:\n  - {name: r, maxRuntime: 2h, window: " + test.window + "}\n"
		meeting := "BEGIN:VEVENT\nDTSTART:20270101T090000\nEND:VEVENT\n"
		files := Files{
			{"yearly.ics", []byte(newYear)}, {"once.ics", []byte(strings.Replace(newYear, "RRULE:FREQ=YEARLY\n", "", 1))},
			{"timed.ics", []byte(strings.Replace(newYear, "BEGIN:VEVENT", meeting+meeting+"BEGIN:VEVENT", 1))},
		}
		if diff := cmp.Diff(test.want, lint(t, text, LintOptions{Now: now, Read: files.Read})); diff != "" {
			t.Errorf("%s%s", text, diff)
		}
		p, err := ParseWith("policy.yaml", []byte(text), files.Read)
		if err != nil || len(p.Over(now)) > 0 != strings.Contains(test.want+test.calendars, "calendar-over") {
			t.Errorf("%s: %v, over %q", text, err, p.Over(now))
		}
	}
}
