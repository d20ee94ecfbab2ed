package policy

import (
	"testing"
	"time"
)

// at reads a moment.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment.UTC()
}

// openOf are the windows of a rule.
func openOf(t testing.TB, text string) windows {
	t.Helper()
	p := mustParse(t, oneRule("window: "+text))
	for _, c := range p.Rules[0].conjuncts {
		if ws, ok := c.(windows); ok {
			return ws
		}
	}
	t.Fatal("no window")
	return nil
}

func TestWindowContains(t *testing.T) {
	tests := []struct {
		window string
		in     []string
		out    []string
	}{
		{`{days: "Mon-Fri", hours: "09:00-18:00", timeZone: Asia/Shanghai}`,
			[]string{"2026-03-04T01:00:00Z", "2026-03-04T09:59:59Z", "2026-03-06T05:00:00Z"},
			[]string{"2026-03-04T00:59:59Z", "2026-03-04T10:00:00Z", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z"}},
		{`{days: Wed, hours: 22:00-06:00}`, // Wednesday's, into Thursday
			[]string{"2026-03-04T22:00:00Z", "2026-03-04T23:59:59Z", "2026-03-05T05:59:59Z"},
			[]string{"2026-03-04T21:59:59Z", "2026-03-04T05:00:00Z", "2026-03-05T06:00:00Z", "2026-03-05T22:00:00Z"}},
		{`{days: "Sat-Mon"}`,
			[]string{"2026-03-07T00:00:00Z", "2026-03-08T12:00:00Z", "2026-03-09T23:59:59Z"},
			[]string{"2026-03-06T23:59:59Z", "2026-03-10T00:00:00Z"}},
		{`{hours: 18:00-24:00}`, []string{"2026-03-04T18:00:00Z", "2026-03-04T23:59:59Z"}, []string{"2026-03-04T17:59:59Z", "2026-03-05T00:00:00Z"}},
		{`[{days: "monday, WED"}, {hours: "12:00-12:01"}]`,
			[]string{"2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z", "2026-03-05T12:00:59Z"}, []string{"2026-03-05T12:01:00Z"}},
		// Clocks go from 02:00 to 03:00 on 2026-03-29 in Berlin, and back on 2026-10-25.
		{`{hours: 02:30-04:00, timeZone: Europe/Berlin}`, []string{"2026-03-29T01:00:00Z", "2026-03-29T01:59:59Z", "2026-03-28T01:30:00Z"}, []string{"2026-03-29T00:59:59Z", "2026-03-29T02:00:00Z"}},
		{`{hours: 02:30-03:00, timeZone: Europe/Berlin}`, []string{"2026-10-25T00:30:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:30:00Z"}, []string{"2026-10-25T01:00:00Z", "2026-10-25T01:29:59Z", "2026-10-25T02:00:00Z", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"}},
		{`{monthDays: "4..27, last-2", timeZone: Asia/Shanghai}`,
			[]string{"2026-03-03T16:00:00Z", "2026-03-27T15:59:59Z", "2026-02-25T16:00:00Z", "2028-02-26T16:00:00Z", "2026-03-28T16:00:00Z"},
			[]string{"2026-03-03T15:59:59Z", "2026-03-27T16:00:00Z", "2028-02-27T16:00:00Z", "2026-03-29T16:00:00Z"}},
		{`{monthDays: last, hours: 22:00-06:00}`, // the last evening, into the first morning
			[]string{"2028-02-29T22:00:00Z", "2028-03-01T05:59:59Z", "2026-04-30T23:00:00Z"},
			[]string{"2028-02-28T22:00:00Z", "2028-02-29T05:00:00Z", "2028-03-01T22:00:00Z"}},
		{`{days: Fri, monthDays: 13}`, []string{"2026-03-13T00:00:00Z"}, []string{"2026-03-12T23:59:59Z", "2026-03-14T00:00:00Z", "2026-04-13T12:00:00Z", "2026-03-20T12:00:00Z"}},
	}
	for _, test := range tests {
		ws := openOf(t, test.window)
		for _, text := range test.in {
			if !ws.contains(at(t, text)) {
				t.Errorf("%s is shut at %s", test.window, text)
			}
		}
		for _, text := range test.out {
			if ws.contains(at(t, text)) {
				t.Errorf("%s is open at %s", test.window, text)
			}
		}
	}
}

func TestWindowNextAndOpened(t *testing.T) {
	tests := []struct{ window, from, next, opened string }{
		{`{days: "Mon-Fri", hours: "09:00-18:00", timeZone: Asia/Shanghai}`, "2026-03-06T10:00:00Z", "2026-03-09T01:00:00Z", ""},
		{`{days: "Mon-Fri", hours: "09:00-18:00", timeZone: Asia/Shanghai}`, "2026-03-06T09:59:59Z", "2026-03-06T09:59:59Z", "2026-03-06T01:00:00Z"},
		{`{days: "Mon-Fri"}`, "2026-03-04T12:00:00Z", "2026-03-04T12:00:00Z", "2026-03-02T00:00:00Z"},
		{`{hours: 00:00-24:00}`, "2026-03-04T12:00:00Z", "2026-03-04T12:00:00Z", ""}, // always
		{`{days: Wed, hours: 22:00-06:00}`, "2026-03-05T05:00:00Z", "2026-03-05T05:00:00Z", "2026-03-04T22:00:00Z"},
		{`{days: Wed, hours: 22:00-06:00}`, "2026-03-05T06:00:00.5Z", "2026-03-11T22:00:00Z", ""},
		{`[{days: Sun, hours: 10:00-11:00}, {days: Fri, hours: 20:00-21:00}]`, "2026-03-04T12:00:00Z", "2026-03-06T20:00:00Z", ""},
		// The hour that does not exist: a week later it does.
		{`{days: Sun, hours: 02:15-02:45, timeZone: Europe/Berlin}`, "2026-03-29T00:00:00Z", "2026-04-05T00:15:00Z", ""},
		// Opened by the clocks being set forward.
		{`{days: Sun, hours: 02:30-04:00, timeZone: Europe/Berlin}`, "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", ""},
		{`{days: Sun, hours: 02:30-04:00, timeZone: Europe/Berlin}`, "2026-03-29T01:20:00Z", "2026-03-29T01:20:00Z", "2026-03-29T01:00:00Z"},
		// Shut and opened again by the clocks being set back.
		{`{days: Sun, hours: 02:30-03:00, timeZone: Europe/Berlin}`, "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", ""},
		// Months and years ahead.
		{`{days: Fri, monthDays: 13}`, "2026-03-14T00:00:00Z", "2026-11-13T00:00:00Z", ""},
		{`{days: Mon, monthDays: 29, timeZone: Asia/Shanghai}`, "2026-03-04T12:00:00Z", "2026-06-28T16:00:00Z", ""},
		{`{monthDays: 31, hours: 22:00-06:00}`, "2026-04-01T06:00:00Z", "2026-05-31T22:00:00Z", ""},
		{`[{days: Mon, monthDays: 31}, {monthDays: 30}]`, "2026-02-01T00:00:00Z", "2026-03-30T00:00:00Z", ""},
		{`{monthDays: "4..27"}`, "2026-03-27T12:00:00Z", "2026-03-27T12:00:00Z", "2026-03-04T00:00:00Z"}, // opened weeks ago
	}
	for _, test := range tests {
		ws := openOf(t, test.window)
		from := at(t, test.from)
		if next, ok := ws.next(from); !ok || !next.Equal(at(t, test.next)) {
			t.Errorf("%s from %s: next is %s, want %s", test.window, test.from, next.Format(time.RFC3339), test.next)
		}
		if !ws.contains(from) {
			continue
		}
		switch opened, ok := ws.opened(from.Add(-100*24*time.Hour), from); {
		case ok != (test.opened != ""), ok && !opened.Equal(at(t, test.opened)):
			t.Errorf("%s at %s: opened at %s, %v, want %q", test.window, test.from, opened.Format(time.RFC3339), ok, test.opened)
		}
	}
}

// TestWindowChange: between two changes nothing opens or shuts.
func TestWindowChange(t *testing.T) {
	for _, text := range []string{
		`{days: "Mon,Sun", hours: 02:30-04:00, timeZone: Europe/Berlin}`, `{hours: 23:59-00:01, timeZone: America/St_Johns}`,
		`{days: Sun, hours: 01:00-02:00, timeZone: Australia/Lord_Howe}`, `{days: Sat, timeZone: Asia/Kathmandu}`,
		`{monthDays: "last, 1..3", hours: 22:00-06:00, timeZone: America/Santiago}`, `{monthDays: 5, timeZone: Pacific/Apia}`,
	} {
		ws := openOf(t, text)
		for _, start := range []string{"2026-03-27T00:00:00Z", "2026-04-03T00:00:00Z", "2026-10-02T00:00:00Z", "2026-10-23T00:00:00Z"} {
			from := at(t, start)
			for last := from.Add(72 * time.Hour); from.Before(last); {
				next := ws.change(from)
				if !next.After(from) {
					t.Fatalf("%s: after %s comes %s", text, from, next)
				}
				for minute := from; minute.Before(next); minute = minute.Add(time.Minute) {
					if ws.contains(minute) != ws.contains(from) {
						t.Fatalf("%s changes at %s, between %s and %s", text, minute, from, next)
					}
				}
				from = next
			}
		}
	}
}

func TestWindowDescribe(t *testing.T) {
	p := mustParse(t, oneRule(`window: {days: "Mon-Fri", hours: "09:00-22:00", timeZone: Asia/Shanghai}`))
	want := `now Wed 2026-03-04 20:00 +08:00 in window Mon-Fri 09:00-22:00 Asia/Shanghai`
	if got := p.Judge(facts()).Reason(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
