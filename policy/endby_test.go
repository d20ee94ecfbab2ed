package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEndBy(t *testing.T) {
	const workdays = `endBy: {time: "08:00", timeZone: Asia/Shanghai, days: Mon-Fri, except: [holidays]}`
	tests := []struct{ name, endBy, started, due string }{
		{"the next morning", workdays, "2026-03-04T12:00:00Z", "2026-03-05T00:00:00Z"},
		{"the same morning", workdays, "2026-03-04T23:59:59Z", "2026-03-05T00:00:00Z"},
		{"begun at that very moment", workdays, "2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z"},
		{"over a weekend", workdays, "2026-03-06T12:00:00Z", "2026-03-09T00:00:00Z"},
		{"over holidays", workdays, "2027-02-12T12:00:00Z", "2027-02-24T00:00:00Z"},
		{"at a month's end", `endBy: {time: "00:00", monthDays: last}`, "2028-02-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"a time that clocks are set over", `endBy: {time: "02:30", timeZone: Europe/Berlin}`, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"a time that clocks show twice", `endBy: {time: "02:30", timeZone: Europe/Berlin}`, "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{"begun between the two", `endBy: {time: "02:30", timeZone: Europe/Berlin}`, "2026-10-25T00:45:00Z", "2026-10-26T01:30:00Z"},
		{"a day that a zone left out", `endBy: {time: "08:00", timeZone: Pacific/Apia, monthDays: 30}`, "2011-12-29T20:00:00Z", "2011-12-30T10:00:00Z"},
	}
	for _, test := range tests {
		p, f := mustParse(t, withCalendars(test.endBy)), facts()
		f.Execution.StartedTime = at(t, test.started)
		for _, now := range []string{test.started, test.due} { // before it, and from it on
			f.Now = at(t, now)
			if got := p.Due(f).String(); got != test.due {
				t.Errorf("%s, at %s: due %s, want %s", test.name, now, got, test.due)
			}
			want := map[bool]Decision{false: Keep, true: Stop}[now == test.due]
			if got := p.Judge(f).Decision; got != want {
				t.Errorf("%s, at %s: %s, want %s", test.name, now, got, want)
			}
		}
		if q := p.Scope(f.Now, f.Event).Flow(f.Flow).Query(); !q.StartedBefore.Equal(f.Now) {
			t.Errorf("%s: at that moment what started before %s is asked for", test.name, q.StartedBefore)
		}
		f.Now = at(t, test.due).AddDate(0, 0, 20) // an outage passed over the moment
		if got := p.Judge(f).Decision; got != Stop {
			t.Errorf("%s, long after: %s", test.name, got)
		}
		q := p.Scope(f.Now, f.Event).Flow(f.Flow).Query()
		if q.StartedBefore.Before(f.Execution.StartedTime) || q.StartedBefore.After(f.Now) || q.MinAge != 0 {
			t.Errorf("%s: started before %s, least age %s", test.name, q.StartedBefore, q.MinAge)
		}
	}
}

func TestEndByExplained(t *testing.T) {
	p, f := mustParse(t, oneRule(`endBy: {time: "08:00", timeZone: Asia/Shanghai, days: Mon-Fri}`)), facts()
	want := "started Wed 2026-03-04 16:57 +08:00 and endBy 08:00 Mon-Fri Asia/Shanghai is Thu 2026-03-05 08:00 +08:00"
	if got := p.Rules[0].conjuncts[2].describe(&judgement{facts: *f}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f.Now = at(t, "2026-03-05T00:00:00Z")
	if got, want := p.Judge(f).Reason(), strings.Replace(want, " is ", " was ", 1); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f.Execution = &Execution{Name: "e", Status: "Running"}
	if v := p.Judge(f); v.Decision != Keep || len(v.Undecided) != 1 || v.Undecided[0].Err.Error() != "endBy: execution.startedTime is not known" {
		t.Errorf("without a start: %s, %v", v.Decision, v.Undecided)
	}
}

// TestEndByMistakes: each has one error, in its place.
func TestEndByMistakes(t *testing.T) {
	const must = `6:19: time must be a time of the day such as "08:00", but is `
	for _, test := range []struct{ endBy, want string }{
		{`endBy: "08:00"`, `6:12: endBy must be a mapping, but is the text "08:00": write {time: "08:00", timeZone: Asia/Shanghai}`},
		{`endBy: {days: Mon}`, `6:12: endBy needs the time of the day, such as time: "08:00"`},
		{`endBy: {hour: 8}`, `6:13: unknown key "hour"; did you mean "time"?`},
		{`endBy: {time: 8}`, must + `the number 8: write "08:00"`},
		{`endBy: {time: "8:30"}`, must + `the text "8:30": write "08:30"`},
		{`endBy: {time: "8:75"}`, must + `the text "8:75"`},
		{`endBy: {time: 25}`, must + `the number 25`},
		{`endBy: {time: "08:00-09:00"}`, must + `the text "08:00-09:00"`},
		{`endBy: {time: "24:00"}`, `6:19: time goes from 00:00 to 23:59, but is "24:00": write 00:00, which begins the next day`},
		{`endBy: {time: "08:60"}`, `6:19: time goes from 00:00 to 23:59, but is "08:60"`},
		{`endBy: {time: "08:00", timeZone: Mars}`, `6:38: timeZone must be a name such as Asia/Shanghai or UTC, but is the text "Mars"`},
		{`deadline: {time: "08:00"}`, `6:5: unknown key "deadline"; did you mean "endBy"?`},
	} {
		_, err := Parse("policy.yaml", []byte(oneRule(test.endBy)))
		if diff := cmp.Diff([]string{test.want}, firstLines(err)); diff != "" {
			t.Errorf("%s: %s", test.endBy, diff)
		}
	}
}
