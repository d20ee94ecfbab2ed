package icalendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// file is a calendar of some lines, ended as iCalendar has it.
func file(lines ...string) []byte {
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0"}, lines...)
	return []byte(strings.Join(append(all, "END:VCALENDAR", ""), "\r\n"))
}

// vevent is an event's lines.
func vevent(lines ...string) []string {
	return append(append([]string{"BEGIN:VEVENT"}, lines...), "END:VEVENT")
}

// days prints the days of a calendar before a year, each once.
func days(c *Calendar, year int) string {
	seen := map[int64]bool{}
	for _, r := range c.Days {
		for day := r.From; day <= r.To; day++ {
			seen[day] = true
		}
	}
	var all []string
	for day := int64(0); day < time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Unix()/86400; day++ {
		if seen[day] {
			all = append(all, time.Unix(day*86400, 0).UTC().Format("060102"))
		}
	}
	return strings.Join(all, " ")
}

func TestRead(t *testing.T) {
	override := append(vevent("UID:a", "DTSTART;VALUE=DATE:20270104", "RRULE:FREQ=WEEKLY;COUNT=4"),
		vevent("UID:a", "RECURRENCE-ID;VALUE=DATE:20270111", "DTSTART;VALUE=DATE:20270112")...)
	cancelled := append(override, vevent("UID:a", "RECURRENCE-ID;VALUE=DATE:20270118", "DTSTART;VALUE=DATE:20270118", "STATUS:CANCELLED")...)
	for name, test := range map[string]struct {
		lines []string
		want  string
	}{
		"one day":                       {vevent("DTSTART;VALUE=DATE:20270101"), "270101"},
		"without VALUE=DATE":            {vevent("DTSTART:20270101"), "270101"},
		"an end, which is no day of it": {vevent("DTSTART;VALUE=DATE:20270215", "DTEND;VALUE=DATE:20270218"), "270215 270216 270217"},
		"an end that is its day":        {vevent("DTSTART;VALUE=DATE:20270215", "DTEND;VALUE=DATE:20270215"), "270215"},
		"a duration":                    {vevent("DTSTART;VALUE=DATE:20270215", "DURATION:P2D"), "270215 270216"},
		"a duration in hours":           {vevent("DTSTART;VALUE=DATE:20270215", "DURATION:PT24H"), "270215"},
		"a week":                        {vevent("DTSTART;VALUE=DATE:20270226", "DURATION:P1W"), "270226 270227 270228 270301 270302 270303 270304"},
		"every year":                    {vevent("DTSTART;VALUE=DATE:20270501", "RRULE:FREQ=YEARLY"), "270501 280501 290501"},
		"a leap day":                    {vevent("DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY"), "240229 280229"},
		"every fourth Thursday":         {vevent("DTSTART;VALUE=DATE:20271125", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"), "271125 281123 291122"},
		"every last Monday":             {vevent("DTSTART;VALUE=DATE:20270531", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=2"), "270531 280529"},
		"until a day":                   {vevent("DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=WEEKLY;UNTIL=20270115"), "270101 270108 270115"},
		"until a time":                  {vevent("DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=WEEKLY;UNTIL=20270115T155959Z"), "270101 270108 270115"},
		"days of more than one":         {vevent("DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:20270103", "RRULE:FREQ=MONTHLY;COUNT=2"), "270101 270102 270201 270202"},
		"the end of the month":          {vevent("DTSTART;VALUE=DATE:20270131", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3"), "270131 270228 270331"},
		"more days":                     {vevent("DTSTART;VALUE=DATE:20270101", "RDATE;VALUE=DATE:20270203,20270204", "RDATE;VALUE=DATE:20270301"), "270101 270203 270204 270301"},
		"but some":                      {vevent("DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;VALUE=DATE:20270108,20270115"), "270101 270122"},
		"but some, as times":            {vevent("DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Asia/Shanghai:20270108T000000"), "270101 270115"},
		"hours of days are nothing":     {vevent("DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=DAILY;COUNT=2;BYHOUR=3,4"), "270101 270102"},
		"one moved":                     {override, "270104 270112 270118 270125"},
		"one moved, one cancelled":      {cancelled, "270104 270112 270125"},
		"a cancelled one beside":        {append(vevent("DTSTART;VALUE=DATE:20270101", "STATUS:CANCELLED"), vevent("DTSTART;VALUE=DATE:20270102")...), "270102"},
		"meetings and alarms":           {append(vevent("DTSTART:20270103T090000Z"), vevent("DTSTART;VALUE=DATE:20270102", "BEGIN:VALARM", "TRIGGER:-P1D", "END:VALARM")...), "270102"},
		"a version that is out":         {append(vevent("UID:a", "SEQUENCE:1", "DTSTART;VALUE=DATE:20270102"), vevent("UID:a", "DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=YEARLY")...), "270102"},
		"one called off later":          {append(vevent("UID:a", "DTSTART;VALUE=DATE:20270101", "SEQUENCE:9"), slices.Concat(vevent("UID:a", "DTSTART;VALUE=DATE:20270101", "SEQUENCE:10", "STATUS:CANCELLED"), vevent("DTSTART;VALUE=DATE:20270103"))...), "270103"},
		"a time moved twice":            {slices.Concat(override, vevent("UID:a", "RECURRENCE-ID:20270111T000000", "SEQUENCE:2", "DTSTART;VALUE=DATE:20270113")), "270104 270113 270118 270125"},
		"one UID, no versions":          {append(vevent("UID:a", "DTSTART;VALUE=DATE:20270101"), vevent("UID:a", "DTSTART;VALUE=DATE:20270102")...), "270101 270102"},
		"moved to a time of the day":    {append(vevent("UID:a", "DTSTART;VALUE=DATE:20270104", "RRULE:FREQ=WEEKLY;COUNT=3"), vevent("UID:a", "RECURRENCE-ID;VALUE=DATE:20270111", "DTSTART:20270111T090000Z")...), "270104 270118"},
		"folded":                        {vevent("DTST", " ART;VALUE=DA", "\tTE:2027010", " 1", "SUMMARY:元", " \xe5", " \x85\x83"), "270101"},
		"lower case":                    {vevent("dtstart;value=date:20270101", "rrule:freq=daily;count=2"), "270101 270102"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{string(file(test.lines...)), "\ufeff" + strings.ReplaceAll(string(file(test.lines...)), "\r\n", "\n"), string(file(test.lines...)) + "\n\n" + string(file(test.lines...))} {
				got, problems := Read([]byte(text))
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				if got := days(got, 2030); got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
			}
		})
	}
}

func TestEndless(t *testing.T) {
	for rule, want := range map[string]bool{"FREQ=YEARLY": true, "FREQ=YEARLY;COUNT=3": false, "FREQ=YEARLY;UNTIL=20300101": false, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": false} {
		got, problems := Read(file(vevent("DTSTART;VALUE=DATE:20270101", "RRULE:"+rule)...))
		if len(problems) > 0 || got.Endless != want {
			t.Errorf("%s: endless %t, %v", rule, got.Endless, problems)
		}
	}
	got, _ := Read(file(vevent("DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=YEARLY")...))
	if last := got.Days[len(got.Days)-1].To; time.Unix(last*86400, 0).UTC().Format(time.DateOnly) != "2099-01-01" {
		t.Errorf("the last is %d", last)
	}
}

func TestTimed(t *testing.T) {
	got, problems := Read(file(append(vevent("DTSTART;VALUE=DATE:20270101"), vevent("DTSTART;TZID=Asia/Shanghai:20270103T090000")...)...))
	if diff := cmp.Diff([]int{6}, got.Timed); diff != "" || len(problems) > 0 {
		t.Error(diff, problems)
	}
}

func TestMistakes(t *testing.T) {
	one := func(lines ...string) []byte {
		return file(vevent(append([]string{"DTSTART;VALUE=DATE:20270101"}, lines...)...)...)
	}
	many := func(n int, lines ...string) []byte {
		var all []string
		for range n {
			all = append(all, vevent(lines...)...)
		}
		return file(all...)
	}
	const anew = ": export the calendar anew"
	for name, test := range map[string]struct {
		text []byte
		want []Problem
	}{
		"empty":               {nil, []Problem{{1, "it is empty" + anew}}},
		"a page":              {[]byte("\n<!DOCTYPE html><html>"), []Problem{{2, `an iCalendar file begins with BEGIN:VCALENDAR, but this one with "<!DOCTYPE html><html>": is it what was meant to be downloaded?`}}},
		"no events":           {file("X-WR-CALNAME:none"), []Problem{{1, "it has no events: export the calendar anew, with its events"}}},
		"only times":          {file(vevent("DTSTART:20270101T090000Z")...), []Problem{{1, "it has no all-day event, and an event with a time of the day gives no days: make them all-day events, which begin by a date such as DTSTART;VALUE=DATE:20270101"}}},
		"all are cancelled":   {one("STATUS:CANCELLED"), []Problem{{1, "its events give no day: all are cancelled, or recur never"}}},
		"cut off":             {[]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\n"), []Problem{{3, "the file ends in the midst of a calendar: END lines are missing; was it downloaded as a whole?"}}},
		"no colon":            {file("hello"), []Problem{{3, `it has no colon: a line is a name, a colon and a value, or continues the line before and begins with a blank, but is "hello"`}}},
		"ends crossed":        {file("BEGIN:VEVENT", "DTSTART:20270101", "END:VTODO", "BEGIN:VTODO", "END:VEVENT"), []Problem{{5, `"END:VTODO" is no line of iCalendar (malformed component: expected END property for "VEVENT", got "VTODO")` + anew}}},
		"a parameter":         {file("BEGIN:VEVENT", "DTSTART;VALUE:20270101", "END:VEVENT"), []Problem{{4, `"DTSTART;VALUE:20270101" is no line of iCalendar (malformed param: missing equal sign)` + anew}}},
		"a library's panic":   {file("X;Y=\"a\"b:c"), []Problem{{3, `"X;Y=\"a\"b:c" is no line of iCalendar (malformed)` + anew}}},
		"deep":                {[]byte(strings.Repeat("BEGIN:VCALENDAR\n", 9)), []Problem{{9, "too much stands in each other: is an END line missing?"}}},
		"long":                {file("X;Y=" + strings.Repeat("a", 5000) + ":b"), []Problem{{3, "it has more than 4096 characters before its colon: take the event out"}}},
		"no start":            {file(vevent("SUMMARY:a")...), []Problem{{3, "the event has no DTSTART: give the day on which it begins, such as DTSTART;VALUE=DATE:20270101"}}},
		"a start":             {file(vevent("DTSTART:2027-01-01")...), []Problem{{4, `DTSTART must be a day such as 20270101, but is "2027-01-01"`}}},
		"no day":              {file(vevent("DTSTART:20270230")...), []Problem{{4, "DTSTART: 20270230 is no day of any calendar"}}},
		"an end before":       {one("DTEND;VALUE=DATE:20261231"), []Problem{{5, "DTEND 20261231 lies before DTSTART: it is the day after the last"}}},
		"an end that is none": {one("DTEND:20270102T100000"), []Problem{{5, `DTEND of an all-day event must be a day such as 20270101, but is "20270102T100000"`}}},
		"a duration":          {one("DURATION:PT5H"), []Problem{{5, `DURATION of an all-day event must be whole days such as P1D, but is "PT5H"`}}},
		"a long duration":     {one("DURATION:P999999999D"), []Problem{{5, `DURATION of an all-day event must be whole days such as P1D, but is "P999999999D"`}}},
		"all that is wrong":   {file(append(vevent("DTSTART:1"), vevent("DTSTART:20270101", "RRULE:FREQ=MONTHLY;BYMONTH=13")...)...), []Problem{{4, `DTSTART must be a day such as 20270101, but is "1"`}, {8, "RRULE: bymonth must be between 1 and 12"}}},
		"an hourly rule":      {one("RRULE:FREQ=HOURLY"), []Problem{{5, `RRULE of an all-day event must have a FREQ of YEARLY, MONTHLY, WEEKLY or DAILY, but is "FREQ=HOURLY"`}}},
		"no frequency":        {one("RRULE:COUNT=5"), []Problem{{5, "RRULE: RRULE property FREQ is required"}}},
		"an interval":         {one("RRULE:FREQ=DAILY;INTERVAL=9223372036854775807"), []Problem{{5, "RRULE can't be read: it is longer than 1,024 characters, has an INTERVAL of more than 9,999 or a COUNT below 0, or a part that iCalendar doesn't know"}}},
		"periods":             {one("RDATE;VALUE=PERIOD:20270101T000000Z/P1D"), []Problem{{5, "RDATE of an all-day event must be days, but is periods: give the days, or an event each"}}},
		"an old exception":    {one("EXRULE:FREQ=DAILY"), []Problem{{5, "EXRULE is no longer part of iCalendar: write the days as EXDATE"}}},
		"one of no other":     {one("RECURRENCE-ID:20270101"), []Problem{{5, "RECURRENCE-ID needs the UID of the event that it is one time of"}}},
		"two starts":          {one("DTSTART:20280101"), []Problem{{5, "DTSTART is given twice in one event: leave one, or make two events of it"}}},
		"two ends":            {one("DTEND:20270102", "SUMMARY:a", "DTEND:20270103"), []Problem{{7, "DTEND is given twice in one event: leave one, or make two events of it"}}},
		"years by days":       {many(100, "DTSTART:20000101", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), []Problem{{2 + 85*4 + 3, "the RRULEs up to here go over too many years: leave out what is no holiday, or end them, by UNTIL"}}},
		"all that follow":     {one("UID:a", "RECURRENCE-ID;RANGE=THISANDFUTURE:20270101"), []Problem{{6, "RECURRENCE-ID with a RANGE can't be read: end the event there, and begin another"}}},
		"many that recur":     {many(510, "DTSTART:20270101", "RRULE:FREQ=DAILY;COUNT=1"), []Problem{{2003 + 2, "more than 500 events recur: leave out what is no holiday"}}},
		"many days":           {many(2, "DTSTART:20000101", "RRULE:FREQ=DAILY;COUNT=99999;INTERVAL=1", "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY"), []Problem{{1, "its events give more than 100000 days: leave out what is no holiday"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := Read(test.text)
			if diff := cmp.Diff(test.want, problems); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A rule that never comes true ends: the library alone would look on for thousands
// of years.
func TestNever(t *testing.T) {
	for _, frequency := range []string{"DAILY", "WEEKLY;BYDAY=MO", "MONTHLY", "YEARLY"} {
		rule := fmt.Sprintf("RRULE:FREQ=%s;BYMONTH=2;BYMONTHDAY=30", frequency)
		got, problems := Read(file(vevent("DTSTART:20270101", rule)...))
		if got := days(got, 2100); got != "270101" || len(problems) > 0 {
			t.Errorf("%s: %s %v", rule, got, problems)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file(vevent("DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:20270103", "RRULE:FREQ=MONTHLY;COUNT=2", "EXDATE:20270201")...))
	f.Add(file(vevent("UID:a", "DTSTART:20270131", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;BYSETPOS=1;WKST=SU;BYWEEKNO=3;BYYEARDAY=-5;INTERVAL=2")...))
	f.Add(file(vevent("UID:a", "RECURRENCE-ID:20270131", "DURATION:P1W", "DTSTART:20270101", "RDATE:20270102,20270103", "STATUS:CANCELLED", "BEGIN:VALARM", "END:VALARM")...))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, problems := Read(text)
		if (got == nil || len(got.Days) == 0) && len(problems) == 0 {
			t.Fatal("no day, and no problem")
		}
		for ; got != nil && len(got.Days) > 0; got.Days = got.Days[1:] {
			if r := got.Days[0]; r.To < r.From {
				t.Errorf("%v ends before it begins", r)
			}
		}
		end := strings.Count(string(text), "\n") + 1
		for _, p := range problems {
			if p.Line < 1 || p.Line > end {
				t.Errorf("%v lies beyond the file", p)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var all []string
	for i := range 30 {
		all = append(all, vevent(fmt.Sprintf("DTSTART;VALUE=DATE:2027%02d%02d", i%12+1, i%28+1), "RRULE:FREQ=YEARLY")...)
	}
	text := file(all...)
	for b.Loop() {
		if _, problems := Read(text); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
