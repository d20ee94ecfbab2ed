// Package icalendar reads the days of an iCalendar file (RFC 5545): those of its
// all-day events, and of what they recur as.
//
//	calendar, problems := icalendar.Read(text)
//
// Events that have a time of the day give no days; [Calendar].Timed tells of them.
package icalendar

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-ical"

	"github.com/flowreaper/flowreaper/internal/order"
)

// Calendar is what a file holds.
type Calendar struct {
	Days    []Range // in no order; they may overlap
	Endless bool    // some event recurs without an end
	Timed   []int   // the lines of events that have a time of the day
}

// Range is days, counted from 1970-01-01, To inclusive.
type Range struct{ From, To int64 }

// Problem is one mistake in a file.
type Problem struct {
	Line    int // counts from 1
	Message string
}

const (
	// LastYear is the last for which endless recurrences give days.
	LastYear = 2099

	maxDays       = 100_000    // ranges of days in a file
	maxRecurrence = 500        // events in a file that recur by a rule
	maxSearched   = 25_000_000 // days in which a file's rules are looked for; of those by days eight times as many
)

// Read reads a file, or says all that is wrong with it.
func Read(text []byte) (*Calendar, []Problem) {
	components, problem := decode(lines(text))
	if problem != nil {
		return nil, []Problem{*problem}
	}
	components = newest(components)
	r := &reader{calendar: &Calendar{}, moved: map[string][]int64{}}
	for _, c := range components {
		r.event(c)
	}
	for _, e := range r.events {
		if r.expand(e); len(r.calendar.Days) > maxDays {
			r.fail(1, "its events give more than %d days: leave out what is no holiday", maxDays)
			break
		}
	}
	if len(r.problems) == 0 && len(r.calendar.Days) == 0 {
		r.fail(1, "%s", nothingIn(len(components), len(r.calendar.Timed)))
	}
	if len(r.problems) > 0 {
		order.By(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
		return nil, r.problems
	}
	return r.calendar, nil
}

// nothingIn says why a file gives no day.
func nothingIn(events, timed int) string {
	switch {
	case events == 0:
		return "it has no events: export the calendar anew, with its events"
	case timed == events:
		return "it has no all-day event, and an event with a time of the day gives no days: make them all-day events, which begin by a date such as DTSTART;VALUE=DATE:20270101"
	}
	return "its events give no day: all are cancelled, or recur never"
}

// component is an event as the file has it, and the line on which it begins.
type component struct {
	*ical.Component
	line int
}

// newest leaves of several versions of an event, or of one time of it, the last.
func newest(all []component) []component {
	last := map[[2]string]int{}
	for _, c := range all {
		last[c.identity()] = max(last[c.identity()], c.sequence())
	}
	return slices.DeleteFunc(all, func(c component) bool {
		return c.first(ical.PropUID) != nil && c.sequence() < last[c.identity()]
	})
}

// identity is what versions of an event have in common.
func (c component) identity() (id [2]string) {
	for i, name := range []string{ical.PropUID, ical.PropRecurrenceID} {
		if p := c.first(name); p != nil {
			id[i] = strings.TrimSuffix(strings.TrimSpace(p.Value), "T000000")
		}
	}
	return id
}

func (c component) sequence() int {
	number := 0
	if p := c.first(ical.PropSequence); p != nil {
		number, _ = strconv.Atoi(strings.TrimSpace(p.Value))
	}
	return max(0, number)
}

// first is the first property of a name; nil where there is none.
func (c component) first(name string) *ical.Prop { return c.Props.Get(name) }

// isCancelled says whether the event doesn't take place.
func (c component) isCancelled() bool {
	status := c.first(ical.PropStatus)
	return status != nil && strings.EqualFold(strings.TrimSpace(status.Value), "CANCELLED")
}
