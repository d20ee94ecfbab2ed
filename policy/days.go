package policy

import (
	"fmt"
	"slices"
	"time"
)

// day is a day of the calendar, counted from 1970-01-01, whatever the zone.
type day int64

const secondsADay = 24 * 60 * 60

// localDay is the day that the clocks of a zone show, and the second of it.
func localDay(t time.Time, zone *time.Location) (day, int) {
	_, offset := t.In(zone).Zone()
	local := t.Unix() + int64(offset)
	second := (local%secondsADay + secondsADay) % secondsADay
	return day((local - second) / secondsADay), int(second)
}

// begin is when the day begins by clocks that show UTC.
func (d day) begin() time.Time { return time.Unix(int64(d)*secondsADay, 0).UTC() }

func (d day) weekday() time.Weekday { return time.Weekday(((d+4)%7 + 7) % 7) }

// days says which days of the calendar are meant.
type days struct {
	week  [7]bool // by time.Weekday
	month *monthDays
	// except are calendars whose days are none of them, whatever the others say; also
	// has the last word.
	except, also calendars
}

// by is the calendar that decides whether a day is one of them; nil where none has
// it.
func (d *days) by(one day) *calendar {
	if c := d.also.with(one); c != nil {
		return c
	}
	return d.except.with(one)
}

// listed prints the days of the calendars.
func (d *days) listed() string {
	text := ""
	for _, c := range slices.Concat(d.except, d.also) {
		text += fmt.Sprint("\n", c.name, c.days)
	}
	return text
}

func (d *days) has(one day) bool {
	if d.also.with(one) != nil {
		return true
	}
	return d.except.with(one) == nil && d.week[one.weekday()] && (d.month == nil || d.month.has(one))
}

// next is the first of the days from one on; false where there is none in a
// hundred years.
func (d *days) next(from day) (day, bool) {
	const most = day(horizon / (24 * time.Hour))
	for one := from; one <= from+most; one++ {
		if d.has(one) {
			return one, true
		}
	}
	return 0, false
}

// monthDays are days of the month: for each length that a month can have, from 28
// on, a bit a day.
type monthDays [4]uint32

func (m *monthDays) has(one day) bool {
	year, month, number := one.begin().Date()
	length := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return m[length-28]>>number&1 == 1
}

// monthDay is a day of the month, counted from its first, or back from its last.
type monthDay struct {
	number   int // last-2 has 2
	fromLast bool
}

// of is its number in a month so long.
func (d monthDay) of(length int) int {
	if d.fromLast {
		return length - d.number
	}
	return d.number
}

// add adds the days from one to another.
func (m *monthDays) add(from, to monthDay) {
	for i := range m {
		length := 28 + i
		for number := max(1, from.of(length)); number <= min(length, to.of(length)); number++ {
			m[i] |= 1 << number
		}
	}
}
