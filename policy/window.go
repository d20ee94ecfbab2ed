package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a function's machine may have no time zones

	"github.com/flowreaper/flowreaper/policy/internal/expression"
	"github.com/flowreaper/flowreaper/policy/internal/yamltree"
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

// windows is a list of windows: one of them must be open.
type windows []*window

func (ws windows) source() string        { return "window" }
func (ws windows) reads() expression.Set { return expression.SetOf(now) }

func (ws windows) holds(j *judgement) (bool, error) { return ws.contains(j.facts.Now), nil }

func (ws windows) contains(t time.Time) bool {
	for _, w := range ws {
		if w.contains(t) {
			return true
		}
	}
	return false
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
	return fmt.Sprintf("now %s %s window %s", j.facts.Now.In(ws[0].zone).Format("Mon 2006-01-02 15:04 -07:00"), verb, ws)
}

func (ws windows) String() string {
	var texts []string
	for _, w := range ws {
		texts = append(texts, w.text)
	}
	return strings.Join(texts, " or ")
}

// windows reads one window or a list of them.
func (d *decoder) windows(n *yamltree.Node) []conjunct {
	if n == nil {
		return nil
	}
	items := []*yamltree.Node{n}
	if n.Kind == yamltree.Sequence {
		items = n.Items
	}
	if len(items) == 0 {
		d.fail(n.Position, "window is an empty list: leave the key out to judge at any time")
		return nil
	}
	var all windows
	for _, item := range items {
		if w := d.window(item); w != nil {
			all = append(all, w)
		}
	}
	if len(all) < len(items) {
		return nil
	}
	return []conjunct{all}
}

func (d *decoder) window(n *yamltree.Node) *window {
	before := len(d.errors)
	f := d.fields(n, "window", "days", "hours", "timeZone")
	if f != nil && f["days"] == nil && f["hours"] == nil {
		d.fail(n.Position, "window needs days, hours, or both")
	}
	w := &window{}
	days := d.days(w, f["days"])
	hours := d.hours(w, f["hours"])
	w.zone = d.timeZone(f["timeZone"])
	if len(d.errors) > before {
		return nil
	}
	w.text = strings.Join([]string{days, hours, w.zone.String()}, " ")
	return w
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// days reads names and ranges of days, comma-separated; all where there are
// none. A range may go past Saturday.
func (d *decoder) days(w *window, n *yamltree.Node) string {
	if n == nil {
		w.days = [7]bool{true, true, true, true, true, true, true}
		return "daily"
	}
	text := d.text(n, "days")
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			last = first
		}
		from, to := weekday(first), weekday(last)
		if from < 0 || to < 0 {
			d.fail(n.Position, `days must be names and ranges such as "Mon-Fri" or "Mon,Wed", but is %s`, n.Describe())
			return ""
		}
		for day := from; ; day = (day + 1) % 7 {
			w.days[day] = true
			if day == to {
				break
			}
		}
	}
	return text
}

// weekday reads Mon or Monday, in any case; -1 is neither.
func weekday(text string) int {
	text = strings.ToLower(strings.TrimSpace(text))
	for day, short := range weekdays {
		if text == short || text == strings.ToLower(time.Weekday(day).String()) {
			return day
		}
	}
	return -1
}

var hoursText = regexp.MustCompile(`^([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})$`)

// hours reads 09:00-18:00; the whole day where there are none.
func (d *decoder) hours(w *window, n *yamltree.Node) string {
	const day = 24 * 60
	w.from, w.to = 0, day
	if n == nil {
		return "00:00-24:00"
	}
	text := d.text(n, "hours")
	m := hoursText.FindStringSubmatch(text)
	if m == nil {
		d.fail(n.Position, `hours must be two times such as "09:00-18:00", but is %s`, n.Describe())
		return ""
	}
	var fromOK, toOK bool
	w.from, fromOK = minutes(m[1], m[2], day-1)
	w.to, toOK = minutes(m[3], m[4], day)
	switch {
	case !fromOK || !toOK:
		d.fail(n.Position, "hours go from 00:00 to 24:00, but are %q", text)
	case w.from == w.to:
		d.fail(n.Position, `hours %q are empty: write "00:00-24:00" for the whole day`, text)
	}
	return text
}

func minutes(hour, minute string, most int) (int, bool) {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return h*60 + m, m < 60 && h*60+m <= most
}

// timeZone reads a zone by its name in the IANA database; UTC where there is
// none.
func (d *decoder) timeZone(n *yamltree.Node) *time.Location {
	if n == nil {
		return time.UTC
	}
	name := d.text(n, "timeZone")
	if zone := d.zones[name]; zone != nil {
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" { // the machine's own zone is nobody's
		d.fail(n.Position, "timeZone must be a name such as Asia/Shanghai or UTC, but is %s", n.Describe())
		return time.UTC
	}
	d.zones[name] = zone
	return zone
}
