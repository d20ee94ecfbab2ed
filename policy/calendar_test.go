package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const calendarsHere = `calendars:
  holidays: {days: ["2027-01-01", "2027-02-15..2027-02-23", "2028-02-29"]}
  make-up: {days: 2027-02-14}
`

// withCalendars is a policy of one rule, with calendars.
func withCalendars(lines ...string) string {
	return strings.Replace(oneRule(lines...), "rules:", calendarsHere+"rules:", 1)
}

const officeHours = `window: {days: Mon-Fri, hours: "09:00-18:00", timeZone: Asia/Shanghai, except: [holidays], also: make-up}`

func TestCalendars(t *testing.T) {
	tests := []struct{ window, now, due string }{
		{officeHours, "2027-01-01T03:00:00Z", "2027-01-04T01:00:00Z"}, // a Friday, and no workday
		{officeHours, "2027-02-12T10:00:00Z", "2027-02-14T01:00:00Z"}, // a Sunday that is worked, and then nine days that aren't
		{officeHours, "2027-02-14T10:00:00Z", "2027-02-24T01:00:00Z"},
		{officeHours, "2028-02-28T10:00:00Z", "2028-03-01T01:00:00Z"}, // a leap day
		{"window: {except: [holidays]}", "2027-02-15T00:00:00Z", "2027-02-24T00:00:00Z"},
		{"window: {hours: 22:00-06:00, except: [holidays]}", "2027-01-01T12:00:00Z", "2027-01-02T22:00:00Z"}, // the evening's day counts
		{"window: {hours: 22:00-06:00, except: [holidays]}", "2027-01-01T05:00:00Z", "2026-12-31T22:00:00Z"},
		{"window: {monthDays: 15, also: [make-up], except: [holidays]}", "2027-01-20T00:00:00Z", "2027-02-14T00:00:00Z"},
	}
	for _, test := range tests {
		f := facts()
		f.Now = at(t, test.now)
		f.Execution.StartedTime = f.Now.AddDate(0, 0, -2)
		if got := mustParse(t, withCalendars(test.window)).Due(f).String(); got != test.due {
			t.Errorf("%s at %s: due %s, want %s", test.window, test.now, got, test.due)
		}
	}
}

func TestCalendarsExplained(t *testing.T) {
	p := mustParse(t, withCalendars(officeHours))
	for now, want := range map[string]string{
		"2027-01-01T03:00:00Z": "now Fri 2027-01-01 11:00 +08:00 (holidays) not in window Mon-Fri 09:00-18:00 Asia/Shanghai except holidays also make-up",
		"2027-02-14T03:00:00Z": "now Sun 2027-02-14 11:00 +08:00 (make-up) in window Mon-Fri 09:00-18:00 Asia/Shanghai except holidays also make-up",
		"2027-03-01T03:00:00Z": "now Mon 2027-03-01 11:00 +08:00 in window Mon-Fri 09:00-18:00 Asia/Shanghai except holidays also make-up",
	} {
		f := facts()
		f.Now = at(t, now)
		conditions := p.Explain(f).Rules[0].Conditions
		if got := conditions[len(conditions)-1].Seen; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestCalendarMistakes: each has one error, in its place.
func TestCalendarMistakes(t *testing.T) {
	days := func(text string) string { return "calendars: {a: {days: [" + text + "]}}\n" }
	const must = `3:24: days of calendars.a: they must be days such as "2027-01-01" and ranges such as "2027-02-15..2027-02-23", but one is `
	for _, test := range []struct{ calendars, window, want string }{
		{days("2027-02-30"), "", `3:24: days of calendars.a: 2027-02-30 is no day of any calendar: the month ends on the 2027-02-28`},
		{days("2027-13-01"), "", `3:24: days of calendars.a: 2027-13-01 is no day of any calendar`},
		{days("2027-02-23..2027-02-15"), "", `3:24: days of calendars.a: 2027-02-23..2027-02-15 ends before it begins: write "2027-02-15..2027-02-23"`},
		{days("2027/1/1"), "", must + `"2027/1/1": write "2027-01-01"`},
		{days(`"20270101"`), "", must + `"20270101": write "2027-01-01"`},
		{days("2027-02-23 to 2027-02-15"), "", must + `"2027-02-23 to 2027-02-15": write "2027-02-15..2027-02-23"`},
		{days("2027-02-15 to 2027-02-23"), "", must + `"2027-02-15 to 2027-02-23": write "2027-02-15..2027-02-23"`},
		{days("new year"), "", must + `"new year"`},
		{"calendars: {a: {days: []}}\n", "", `3:23: days must be a list of texts, but is empty`},
		{"calendars: {a: [2027-01-01]}\n", "", `3:16: calendars.a must be a mapping with its days, but is a list: write {days: ["2027-01-01"]}, or {file: holidays.ics}`},
		{"calendars: {a: {}}\n", "", `3:16: calendars.a needs days or file`},
		{"calendars: {a: {day: 2027-01-01}}\n", "", `3:17: unknown key "day"; did you mean "days"?`},
		{"calendars: [a]\n", "", `3:12: calendars must be a mapping of names to their days, such as holidays: {days: ["2027-01-01"]}, but is a list`},
		{"calendars: {A: {days: [2027-01-01]}}\n", "", `3:13: the name "A" in calendars must be 1 to 63 lower-case letters, digits and -, and begin with a letter or digit`},
		{calendarsHere, "except: [holiday]", `8:23: except names no calendar of the policy by "holiday"; did you mean "holidays"?`},
		{calendarsHere, "except: [cn.ics]", `8:23: except names calendars: give the file a name under calendars, such as {holidays: {file: cn.ics}}, and name that`},
		{calendarsHere, "except: {days: [2027-01-01]}", `8:22: except names calendars, but is a mapping: put it under calendars with a name, and write except: [NAME]`},
		{calendarsHere, "except: [2027-01-01]", `8:23: except names calendars: put 2027-01-01 into one, and name that`},
		{calendarsHere, "except: [holidays, holidays]", `8:33: except names the calendar holidays twice`},
		{calendarsHere, "except: [holidays], also: [holidays]", `8:40: the calendar holidays is in except and in also: leave it out of one`},
		{calendarsHere, "hours: 09:00-18:00, also: [make-up]", `8:40: also adds days, but all are meant already: give days or monthDays`},
		{"", "except: [holidays]", `5:23: except names the calendar "holidays", but the policy has no calendars: add calendars, such as {holidays: {days: ["2027-01-01"]}}`},
	} {
		window := test.window
		if window == "" {
			window = "except: [a]"
			if !strings.Contains(test.calendars, "{a:") {
				window = "days: Mon"
			}
		}
		text := "version: 1\nmode: plan\n" + test.calendars + "rules:\n  - {name: r, window: {" + window + "}}\n"
		if test.window != "" {
			text = "version: 1\nmode: plan\n" + test.calendars + "rules:\n  - name: r\n    window: {" + window + "}\n"
		}
		_, err := Parse("policy.yaml", []byte(text))
		if diff := cmp.Diff([]string{test.want}, firstLines(err)); diff != "" {
			t.Errorf("%s%s", text, diff)
		}
	}
}

// firstLines are the errors without their file and without the lines that they show.
func firstLines(err error) []string {
	problems, _ := err.(Errors)
	var lines []string
	for _, e := range problems {
		line, _, _ := strings.Cut(e.Error(), "\n")
		lines = append(lines, strings.TrimPrefix(line, "policy.yaml:"))
	}
	return lines
}

// TestCalendarsCostNothing: a verdict with a calendar allocates as little as one
// without.
func TestCalendarsCostNothing(t *testing.T) {
	p, f := mustParse(t, withCalendars("maxRuntime: 4h", officeHours)), facts()
	f.Now = at(t, "2027-02-24T03:00:00Z")
	if allocs := testing.AllocsPerRun(100, func() { p.Judge(f) }); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
