package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/zone"
)

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
		d.fail(n.Position, "window is an empty list: give one, or leave the key out")
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
	if n.Kind == yamltree.Scalar {
		d.fail(n.Position, `window must be a mapping, but is %s: write {days: Mon-Fri, hours: "09:00-18:00", timeZone: Asia/Shanghai}`, n.Describe())
		return nil
	}
	f := d.fields(n, "window", "days", "monthDays", "hours", "timeZone", "except", "also")
	if len(d.errors) == before && lacks(f, "days", "monthDays", "hours", "except", "also") {
		d.fail(n.Position, "window needs days, monthDays, hours or except")
	}
	w := &window{}
	days := d.days(&w.days, f)
	hours := d.hours(w, f["hours"])
	w.zone = d.timeZone(f["timeZone"])
	if len(d.errors) > before {
		return nil
	}
	w.text = strings.Join([]string{days, hours, w.zone.String()}, " ") + w.days.exceptions()
	return w
}

var hoursText = pattern.Of(`^([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})$`)

// hours reads 09:00-18:00; the whole day where there are none.
func (d *decoder) hours(w *window, n *yamltree.Node) string {
	const day = 24 * 60
	w.from, w.to = 0, day
	if n == nil {
		return "00:00-24:00"
	}
	text, ok := d.scalar(n, "hours", `two times such as "09:00-18:00"`)
	if !ok {
		return ""
	}
	m := hoursText().FindStringSubmatch(text)
	if m == nil {
		d.fail(n.Position, `hours must be two times such as "09:00-18:00", but is %s%s`, n.Describe(), meantHours(text))
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

// meantHours ends the error of hours that are written otherwise: 9-18, or
// 9:00 – 18:00.
func meantHours(text string) string {
	m := regexp.MustCompile(`^\s*([0-9]{1,2})(?::([0-9]{2}))?\s*(?:-|–|—|to|~)\s*([0-9]{1,2})(?::([0-9]{2}))?\s*$`).FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	two := func(digits string) string { return ("00" + digits)[len(digits):] }
	return fmt.Sprintf(`: write "%s:%s-%s:%s"`, two(m[1]), two(m[2]), two(m[3]), two(m[4]))
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
	name, ok := d.text(n, "timeZone")
	if !ok {
		return time.UTC
	}
	if known := d.zones[name]; known != nil {
		return known
	}
	found, err := zone.Load(name)
	if err != nil {
		d.fail(n.Position, "timeZone must be a name such as Asia/Shanghai or UTC, but is %s%s", n.Describe(), zone.Meant(name))
		return time.UTC
	}
	d.zones[name] = found
	return found
}
