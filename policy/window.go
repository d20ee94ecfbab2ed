package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// window is a time of some days. One that ends before it begins goes past
// midnight, and belongs to the day on which it opens.
type window struct {
	days     days
	from, to int // minutes of the day, to exclusive and up to 1440
	zone     *time.Location
	text     string // Mon-Fri 09:00-18:00 Asia/Shanghai
}

// contains says whether the window is open, by the clocks of its zone.
func (w *window) contains(t time.Time) bool {
	today, second := localDay(t, w.zone)
	minute := second / 60
	if w.from < w.to {
		return w.from <= minute && minute < w.to && w.days.has(today)
	}
	return minute >= w.from && w.days.has(today) || minute < w.to && w.days.has(today-1)
}

// change is the next moment after t at which the window may open or close: when
// the clocks of its zone show one of its hours or midnight, or are set. Days on
// which it surely is shut are passed over.
func (w *window) change(t time.Time) time.Time {
	today, second := localDay(t, w.zone)
	least := secondsADay - second
	for _, minute := range []int{w.from, w.to % (24 * 60)} {
		if ahead := (minute*60 - second + secondsADay) % secondsADay; ahead > 0 {
			least = min(least, ahead)
		}
	}
	next := time.Unix(t.Unix()+int64(least), 0).UTC()
	if _, end := t.In(w.zone).ZoneBounds(); !end.IsZero() && end.Before(next) {
		next = end.UTC()
	}
	if shut := w.shutUntil(today); shut.After(next) {
		return shut
	}
	return next
}

// shutUntil is a moment before which a window that doesn't open today, and didn't
// yesterday, can't open, in any zone; zero where it does.
func (w *window) shutUntil(today day) time.Time {
	if w.days.has(today) || w.days.has(today-1) {
		return time.Time{}
	}
	opens, ever := w.days.next(today + 1)
	if !ever {
		return today.begin().Add(horizon)
	}
	return (opens - 1).begin() // no clock is a day ahead
}

// windows is a list of windows: one of them must be open. Without any it is always
// open.
type windows []*window

func (ws windows) source() string        { return "window" }
func (ws windows) reads() expression.Set { return expression.SetOf(now) }

func (ws windows) holds(j *judgement) (bool, error) { return ws.contains(j.facts.Now), nil }

func (ws windows) contains(t time.Time) bool {
	return len(ws) == 0 || slices.ContainsFunc(ws, func(w *window) bool { return w.contains(t) })
}

// change is the next moment after t at which one of the windows may open or
// close.
func (ws windows) change(t time.Time) time.Time {
	next := ws[0].change(t)
	for _, w := range ws[1:] {
		if other := w.change(t); other.Before(next) {
			next = other
		}
	}
	return next
}

// next is the first moment from t on at which a window is open; false where
// there is none in a hundred years.
func (ws windows) next(t time.Time) (time.Time, bool) { return ws.first(true, t, horizon) }

// shut is the first moment from t on at which no window is open; false where there is
// none in two years: no execution lives so long.
func (ws windows) shut(t time.Time) (time.Time, bool) {
	if len(ws) == 0 {
		return t, true
	}
	return ws.first(false, t, 2*year)
}

func (ws windows) first(open bool, t time.Time, within time.Duration) (time.Time, bool) {
	for last := t.Add(within); t.Before(last); t = ws.change(t) {
		if ws.contains(t) == open {
			return t, true
		}
	}
	return time.Time{}, false
}

// opened is when the windows that are open at t were opened last, if that was
// after a moment.
func (ws windows) opened(after, t time.Time) (time.Time, bool) {
	if len(ws) == 0 {
		return time.Time{}, false
	}
	if year := t.Add(-2 * year); after.Before(year) { // no execution is older
		after = year
	}
	// Nearly all were opened within a week: no more is looked through than it takes.
	for back := 8 * 24 * time.Hour; ; back *= 8 {
		from := t.Add(-back)
		if from.Before(after) {
			from = after
		}
		if opened, ok := ws.lastOpened(from, t); ok || from.Equal(after) {
			return opened, ok
		}
	}
}

// lastOpened is when the windows were opened last, from one moment to another; at
// the first of them, that they are open is nothing new.
func (ws windows) lastOpened(from, to time.Time) (opened time.Time, found bool) {
	open := true
	for at := from; !at.After(to); at = ws.change(at) {
		if now := ws.contains(at); now != open {
			open = now
			if now {
				opened, found = at, true
			}
		}
	}
	return opened, found
}

func (ws windows) describe(j *judgement) string {
	verb := "in"
	if !ws.contains(j.facts.Now) {
		verb = "not in"
	}
	return fmt.Sprintf("now %s%s %s %s", onClocks(j.facts.Now, ws[0].zone), ws.calendarsOf(j.facts.Now), verb, ws)
}

// onClocks is a moment as the clocks of a zone show it.
func onClocks(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2006-01-02 15:04 -07:00")
}

// calendarsOf says which calendars decide about a moment's day, or about the day
// before, whose window may go past midnight; "" where none has it.
func (ws windows) calendarsOf(t time.Time) string {
	var names []string
	for _, w := range ws {
		today, second := localDay(t, w.zone)
		if w.to <= w.from && second/60 < w.to {
			today--
		}
		if c := w.days.by(today); c != nil && !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// identity is what the windows say, the days of their calendars included.
func (ws windows) identity() string {
	text := ws.String()
	for _, w := range ws {
		text += w.days.listed()
	}
	return text
}

func (ws windows) String() string {
	var texts []string
	for _, w := range ws {
		texts = append(texts, w.text)
	}
	return "window " + strings.Join(texts, " or ")
}
