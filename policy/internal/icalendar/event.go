package icalendar

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"

	"github.com/flowreaper/flowreaper/internal/pattern"
)

const aDay = 24 * time.Hour

// event is an all-day event: what it begins with, how long it lasts each time.
type event struct {
	uid      string
	first    int64 // a day
	days     int64
	rules    []ical.Prop
	more     []int64 // RDATE
	except   []int64 // EXDATE
	override bool    // of one time of another event
}

// reader collects the events of a file, and all that is wrong.
type reader struct {
	calendar *Calendar
	events   []event
	moved    map[string][]int64 // by UID: the days of events that others take the place of
	recur    int                // events that recur by a rule
	searched int64              // days gone through for them
	problems []Problem
}

func (r *reader) fail(line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{line, fmt.Sprintf(format, args...)})
}

var (
	dateText = pattern.Of(`^[0-9]{8}$`)
	// midnight is how some programs write a day of an all-day event.
	midnight = pattern.Of(`^([0-9]{8})(?:T000000)?$`)
	timeText = pattern.Of(`^[0-9]{8}T[0-9]{6}Z?$`)
)

// onceAtMost are properties of which it is not to be told which counts.
var onceAtMost = []string{ical.PropDateTimeStart, ical.PropDateTimeEnd, ical.PropDuration, ical.PropUID, ical.PropRecurrenceID, ical.PropStatus, ical.PropSequence}

// event reads one event.
func (r *reader) event(c component) {
	start := c.first(ical.PropDateTimeStart)
	if start == nil {
		r.fail(c.line, "the event has no DTSTART: give the day on which it begins, such as DTSTART;VALUE=DATE:20270101")
		return
	}
	for _, name := range onceAtMost {
		if all := c.Props[name]; len(all) > 1 {
			r.fail(lineOf(&all[1]), "%s is given twice in one event: leave one, or make two events of it", name)
			return
		}
	}
	switch value := strings.TrimSpace(start.Value); {
	case timeText().MatchString(value):
		r.timed(c)
		return
	case !dateText().MatchString(value):
		r.fail(lineOf(start), "DTSTART must be a day such as 20270101, but is %q", value)
		return
	}
	before := len(r.problems)
	e := event{first: r.day(start, start.Value)}
	if uid := c.first(ical.PropUID); uid != nil {
		e.uid = uid.Value
	}
	e.days = r.length(c, e.first)
	e.rules = c.Props[ical.PropRecurrenceRule]
	e.more = r.list(c.Props[ical.PropRecurrenceDates])
	e.except = r.list(c.Props[ical.PropExceptionDates])
	if old := c.first("EXRULE"); old != nil {
		r.fail(lineOf(old), "EXRULE is no longer part of iCalendar: write the days as EXDATE")
	}
	if id := c.first(ical.PropRecurrenceID); id != nil {
		e.override = true
		r.override(e, id)
	}
	if len(r.problems) == before && !c.isCancelled() {
		r.events = append(r.events, e)
	}
}

// timed takes in an event that has a time of the day: it may take the place of a day.
func (r *reader) timed(c component) {
	r.calendar.Timed = append(r.calendar.Timed, c.line)
	id, uid := c.first(ical.PropRecurrenceID), c.first(ical.PropUID)
	if id != nil && uid != nil && midnight().MatchString(strings.TrimSpace(id.Value)) {
		r.override(event{uid: uid.Value}, id)
	}
}

// override notes whose place the event takes, or that it is cancelled.
func (r *reader) override(e event, id *ical.Prop) {
	switch {
	case id.Params.Get(ical.ParamRange) != "":
		r.fail(lineOf(id), "RECURRENCE-ID with a RANGE can't be read: end the event there, and begin another")
	case e.uid == "":
		r.fail(lineOf(id), "RECURRENCE-ID needs the UID of the event that it is one time of")
	default:
		r.moved[e.uid] = append(r.moved[e.uid], r.day(id, id.Value))
	}
}

// day reads a day, counted from 1970-01-01.
func (r *reader) day(p *ical.Prop, text string) int64 {
	m := midnight().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		r.fail(lineOf(p), "%s of an all-day event must be a day such as 20270101, but is %q", p.Name, text)
		return 0
	}
	t, err := time.Parse("20060102", m[1])
	if err != nil {
		r.fail(lineOf(p), "%s: %s is no day of any calendar", p.Name, m[1])
		return 0
	}
	return t.Unix() / int64(aDay/time.Second)
}

// list reads days, comma-separated.
func (r *reader) list(all []ical.Prop) (days []int64) {
	for _, p := range all {
		if strings.EqualFold(p.Params.Get(ical.ParamValue), "PERIOD") {
			r.fail(lineOf(&p), "%s of an all-day event must be days, but is periods: give the days, or an event each", p.Name)
			continue
		}
		for text := range strings.SplitSeq(p.Value, ",") {
			days = append(days, r.day(&p, text))
		}
	}
	return days
}

var durationText = pattern.Of(`^[+]?P[0-9]{1,5}[DW]$|^[+]?P([0-9]{1,5}D)?T([0-9]{1,5}[HMS])+$`)

// length is how many days the event lasts: up to DTEND, which is exclusive, for
// DURATION, or for one.
func (r *reader) length(c component, first int64) int64 {
	end, duration := c.first(ical.PropDateTimeEnd), c.first(ical.PropDuration)
	switch {
	case end != nil:
		return r.upTo(end, first)
	case duration == nil:
		return 1
	}
	length, err := duration.Duration()
	if err != nil || !durationText().MatchString(strings.ToUpper(duration.Value)) || length%aDay != 0 || length <= 0 {
		r.fail(lineOf(duration), "DURATION of an all-day event must be whole days such as P1D, but is %q", duration.Value)
	}
	return int64(length / aDay)
}

// upTo is how many days lie before an end. One that is the first day is how some
// write a single day.
func (r *reader) upTo(end *ical.Prop, first int64) int64 {
	before := len(r.problems)
	last := r.day(end, end.Value)
	if len(r.problems) == before && last < first {
		r.fail(lineOf(end), "DTEND %s lies before DTSTART: it is the day after the last", strings.TrimSpace(end.Value))
	}
	return max(1, last-first)
}

// expand adds the days of an event, those of its recurrences too.
func (r *reader) expand(e event) {
	before := len(r.problems)
	times := append([]int64{e.first}, e.more...)
	for i := range e.rules {
		times = append(times, r.recurrences(e, &e.rules[i])...)
	}
	if len(r.problems) > before {
		return
	}
	except := e.except
	if !e.override {
		except = append(except, r.moved[e.uid]...)
	}
	slices.Sort(except)
	for _, first := range times {
		if _, left := slices.BinarySearch(except, first); !left {
			r.calendar.Days = append(r.calendar.Days, Range{first, first + e.days - 1})
		}
	}
}

var ruleFrequency = pattern.Of(`(?:^|;)FREQ=(?:YEARLY|MONTHLY|WEEKLY|DAILY)(?:;|$)`)

// isFull says that no more rules are gone through.
func (r *reader) isFull() bool { return r.recur > maxRecurrence || r.searched > maxSearched }

// recurrences are the days on which the event begins by a rule.
func (r *reader) recurrences(e event, p *ical.Prop) []int64 {
	if r.isFull() {
		return nil // which was said
	}
	text := strings.ToUpper(strings.TrimSpace(p.Value))
	options, err := rrule.StrToROption(text)
	switch {
	case err != nil:
		r.fail(lineOf(p), "RRULE: %v", err)
		return nil
	case !ruleFrequency().MatchString(text):
		r.fail(lineOf(p), "RRULE of an all-day event must have a FREQ of YEARLY, MONTHLY, WEEKLY or DAILY, but is %q", text)
		return nil
	case len(text) > 1024 || options.Interval > 9999 || len(options.Byeaster) > 0 || options.Count < 0:
		r.fail(lineOf(p), "RRULE can't be read: it is longer than 1,024 characters, has an INTERVAL of more than 9,999 or a COUNT below 0, or a part that iCalendar doesn't know")
		return nil
	}
	if r.recur++; r.recur > maxRecurrence {
		r.fail(lineOf(p), "more than %d events recur: leave out what is no holiday", maxRecurrence)
		return nil
	}
	return r.starts(e, options, p)
}

// shift takes the place of a day nineteen times 400 years later, and the calendar
// repeats itself every 400 years: the library looks on for a day up to the year 9999,
// which for a rule that never comes true takes seconds.
const shift = 19 * 146_097

// search counts the days that a rule was looked for in, up to the last that it may give. One
// by days asks about each, others ask about a year or a month at once.
func (r *reader) search(first int64, found []int64, options *rrule.ROption) {
	last := options.Until.Unix()/int64(aDay/time.Second) - shift
	if options.Count > 0 && len(found) >= options.Count {
		last = found[len(found)-1]
	}
	days := max(0, last-first)
	if options.Freq == rrule.DAILY {
		days *= 8
	}
	r.searched += days
}

// starts are the days of a rule, up to its end or that of LastYear.
func (r *reader) starts(e event, options *rrule.ROption, p *ical.Prop) (days []int64) {
	defer func() {
		if recover() != nil { // the library's
			r.fail(lineOf(p), "RRULE can't be read: %q", p.Value)
		}
	}()
	last := time.Date(LastYear, 12, 31, 0, 0, 0, 0, time.UTC)
	endless := options.Count == 0 && options.Until.IsZero()
	if options.Until.IsZero() || options.Until.After(last) {
		options.Until = last
	}
	options.Dtstart = time.Unix((e.first+shift)*int64(aDay/time.Second), 0).UTC()
	options.Until = options.Until.AddDate(0, 0, shift)
	options.Byhour, options.Byminute, options.Bysecond = nil, nil, nil // of a day there are none
	rule, err := rrule.NewRRule(*options)
	if err != nil {
		r.fail(lineOf(p), "RRULE: %v", err)
		return nil
	}
	for next := rule.Iterator(); len(days) <= maxDays; {
		at, ok := next()
		if !ok {
			break
		}
		days = append(days, at.Unix()/int64(aDay/time.Second)-shift)
	}
	if r.search(e.first, days, options); r.isFull() {
		r.fail(lineOf(p), "the RRULEs up to here go over too many years: leave out what is no holiday, or end them, by UNTIL")
	}
	r.calendar.Endless = r.calendar.Endless || endless && len(days) > 0
	return days
}
