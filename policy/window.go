package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// window is a time of the week. One that ends before it begins goes past
// midnight, and belongs to the day on which it opens.
type window struct {
	days     [7]bool // by time.Weekday
	from, to int     // minutes of the day, to exclusive and up to 1440
	zone     *time.Location
	text     string // Mon-Fri 09:00-18:00 Asia/Shanghai
}

// contains says whether the window is open, by the clocks of its zone.
func (w *window) contains(t time.Time) bool {
	local := t.In(w.zone)
	minute, day := local.Hour()*60+local.Minute(), local.Weekday()
	if w.from < w.to {
		return w.days[day] && w.from <= minute && minute < w.to
	}
	yesterday := (day + 6) % 7
	return w.days[day] && minute >= w.from || w.days[yesterday] && minute < w.to
}

// change is the next moment after t at which the window may open or close: when
// the clocks of its zone show one of its hours or midnight, or are set.
func (w *window) change(t time.Time) time.Time {
	const day = 24 * 60 * 60
	local := t.In(w.zone)
	_, offset := local.Zone()
	second := int((t.Unix() + int64(offset)) % day)
	least := day - second
	for _, minute := range []int{w.from, w.to % (24 * 60)} {
		if ahead := (minute*60 - second + day) % day; ahead > 0 {
			least = min(least, ahead)
		}
	}
	next := time.Unix(t.Unix()+int64(least), 0).UTC()
	if _, end := local.ZoneBounds(); !end.IsZero() && end.Before(next) {
		return end.UTC()
	}
	return next
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

// week is longer than any window stays shut, were it not for clocks that are
// set forward over the only hour of the week.
const week = 8 * 24 * time.Hour

// next is the first moment from t on at which a window is open; false where
// there is none in a month.
func (ws windows) next(t time.Time) (time.Time, bool) {
	for last := t.Add(4 * week); t.Before(last); t = ws.change(t) {
		if ws.contains(t) {
			return t, true
		}
	}
	return time.Time{}, false
}

// opened is when the windows that are open at t were opened; false where they
// have been for a week and more.
func (ws windows) opened(t time.Time) (time.Time, bool) {
	if len(ws) == 0 {
		return time.Time{}, false
	}
	var opened time.Time
	open := true
	for at := t.Add(-week); !at.After(t); at = ws.change(at) {
		if now := ws.contains(at); now != open {
			open, opened = now, at
		}
	}
	return opened, !opened.IsZero()
}

func (ws windows) describe(j *judgement) string {
	verb := "in"
	if !ws.contains(j.facts.Now) {
		verb = "not in"
	}
	return fmt.Sprintf("now %s %s %s", j.facts.Now.In(ws[0].zone).Format("Mon 2006-01-02 15:04 -07:00"), verb, ws)
}

func (ws windows) String() string {
	var texts []string
	for _, w := range ws {
		texts = append(texts, w.text)
	}
	return "window " + strings.Join(texts, " or ")
}
