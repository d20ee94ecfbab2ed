package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/order"
	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/icalendar"
)

// calendar is a list of days that has a name.
type calendar struct {
	name    string
	days    []dayRange // in order; none touches another
	endless bool       // it has days for as long as anybody asks
	timed   []int      // the lines of its file's events that give no days
}

type dayRange struct{ from, to day } // to inclusive

func (c *calendar) has(one day) bool {
	_, found := slices.BinarySearchFunc(c.days, one, func(r dayRange, one day) int {
		switch {
		case r.to < one:
			return -1
		case r.from > one:
			return 1
		}
		return 0
	})
	return found
}

// calendars is some of a policy's calendars, in the file's order.
type calendars []*calendar

// with is the first that has a day; nil where none has.
func (cs calendars) with(one day) *calendar {
	for _, c := range cs {
		if c.has(one) {
			return c
		}
	}
	return nil
}

// String prints their names.
func (cs calendars) String() string {
	var names []string
	for _, c := range cs {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// readCalendars reads calendars. One that is wrong is there all the same: what names it
// is not wrong, too.
func (d *decoder) readCalendars(n *yamltree.Node) (all []*calendar) {
	d.calendars = map[string]*calendar{}
	if n == nil {
		return nil
	}
	if n.Kind != yamltree.Mapping || len(n.Entries) == 0 {
		d.fail(n.Position, "calendars must be a mapping of names to their days, such as holidays: {days: [\"2027-01-01\"]}, but is %s", n.Describe())
		return nil
	}
	for _, entry := range n.Entries {
		name := entry.Key.Text
		switch {
		case !ruleName().MatchString(name) || len(name) > maxRuleName:
			d.fail(entry.Key.Position, "the name %q in calendars must be 1 to 63 lower-case letters, digits and -, and begin with a letter or digit", yamltree.Brief(name))
		case d.calendars[name] != nil:
			d.fail(entry.Key.Position, "the name %s is given to two calendars", name)
		default:
			d.calendars[name] = &calendar{name: name}
			d.calendar(d.calendars[name], entry.Value)
			all = append(all, d.calendars[name])
		}
	}
	return all
}

func (d *decoder) calendar(c *calendar, n *yamltree.Node) {
	if n.Kind == yamltree.Sequence || n.Kind == yamltree.Scalar && !n.IsEmpty() {
		d.fail(n.Position, "calendars.%s must be a mapping with its days, but is %s: write {days: [\"2027-01-01\"]}, or {file: holidays.ics}", c.name, n.Describe())
		return
	}
	if n.IsEmpty() {
		d.fail(n.Position, "calendars.%s has no value: give its days or its file", c.name)
		return
	}
	before := len(d.errors)
	f := d.fields(n, "a calendar", "days", "file")
	if len(d.errors) == before && lacks(f, "days", "file") {
		d.fail(n.Position, "calendars.%s needs days or file", c.name)
	}
	if file, ok := d.namedFile(f["file"], "file of calendars."+c.name, "holidays.ics"); ok {
		d.calendarFile(c, file)
	}
	for _, item := range d.texts(f["days"], "days") {
		r, wrong := parseDays(item.Text)
		if wrong != "" {
			d.fail(item.Position, "days of calendars.%s: %s", c.name, wrong)
			continue
		}
		c.days = append(c.days, r)
	}
	c.tidy()
}

// calendarFile adds the days of an iCalendar file.
func (d *decoder) calendarFile(c *calendar, file File) {
	read, problems := icalendar.Read(file.Text)
	if len(problems) > 0 && !d.said(file.Name) {
		lines := linesOf(file.Text)
		for _, p := range problems {
			d.errors = append(d.errors, &Error{File: d.beside(file.Name), Line: p.Line, Column: 1, Message: p.Message, Source: shownLine(lines, p.Line)})
		}
	}
	if len(problems) > 0 {
		return
	}
	for _, r := range read.Days {
		c.days = append(c.days, dayRange{day(r.From), day(r.To)})
	}
	c.endless, c.timed = read.Endless, read.Timed
}

// said says whether the errors of a file have been told: two calendars may have it.
func (d *decoder) said(name string) bool {
	return slices.ContainsFunc(d.errors, func(e *Error) bool { return e.File == d.beside(name) })
}

// tidy puts the days in order, and those that touch together.
func (c *calendar) tidy() {
	order.By(c.days, func(a, b dayRange) int { return cmp.Compare(a.from, b.from) })
	var tidy []dayRange
	for _, r := range c.days {
		if last := len(tidy) - 1; last >= 0 && r.from <= tidy[last].to+1 {
			tidy[last].to = max(tidy[last].to, r.to)
			continue
		}
		tidy = append(tidy, r)
	}
	c.days = tidy
}

// parseDays reads 2027-01-01 or 2027-02-15..2027-02-23, or says what is wrong.
func parseDays(text string) (r dayRange, wrong string) {
	first, last, ranged := strings.Cut(text, "..")
	if !ranged {
		last = first
	}
	first, last = strings.TrimSpace(first), strings.TrimSpace(last)
	from, wrong := parseDay(first, text)
	if wrong != "" {
		return r, wrong
	}
	to, wrong := parseDay(last, text)
	switch {
	case wrong != "":
		return r, wrong
	case to < from:
		return r, fmt.Sprintf("%s ends before it begins: write %q", text, last+".."+first)
	}
	return dayRange{from, to}, ""
}

var (
	calendarDate = pattern.Of(`^([0-9]{4})-([0-9]{2})-([0-9]{2})$`)
	otherDate    = pattern.Of(`^([0-9]{4})([-/.]?)([0-9]{1,2})[-/.]?([0-9]{1,2})$`)
	twoDates     = pattern.Of(`^([0-9]{4}-[0-9]{2}-[0-9]{2})\s*(?:\.|\.\.\.|…|-|–|—|to|~|/|:|,)\s*([0-9]{4}-[0-9]{2}-[0-9]{2})$`)
)

// parseDay reads a date, which stands in a text, or says what is wrong.
func parseDay(date, text string) (one day, wrong string) {
	if t, err := time.Parse(time.DateOnly, date); err == nil {
		return day(t.Unix() / secondsADay), ""
	}
	if calendarDate().MatchString(date) {
		return 0, date + " is no day of any calendar" + lastOfMonth(date)
	}
	wrong = fmt.Sprintf(`they must be days such as "2027-01-01" and ranges such as "2027-02-15..2027-02-23", but one is %q`, yamltree.Brief(text))
	if m := twoDates().FindStringSubmatch(text); m != nil {
		return 0, wrong + ": write " + quote(min(m[1], m[2])+".."+max(m[1], m[2]))
	}
	m := otherDate().FindStringSubmatch(date)
	if m == nil || m[2] == "" && len(date) != len("20270101") {
		return 0, wrong
	}
	meant := fmt.Sprintf("%s-%02s-%02s", m[1], m[3], m[4])
	if _, err := time.Parse(time.DateOnly, meant); err != nil {
		return 0, wrong
	}
	return 0, wrong + ": write " + quote(meant)
}

// lastOfMonth says how long the month is of a date that doesn't exist; "" where
// there is no such month.
func lastOfMonth(date string) string {
	month, err := time.Parse("2006-01", date[:len("2006-01")])
	if err != nil {
		return ""
	}
	return ": the month ends on the " + month.AddDate(0, 1, -1).Format(time.DateOnly)
}

// named reads the calendars that except or also names.
func (d *decoder) calendarNames(n *yamltree.Node, key string) calendars {
	var all calendars
	if n != nil && n.Kind == yamltree.Mapping {
		d.fail(n.Position, "%s names calendars, but is a mapping: put it under calendars with a name, and write %s: [NAME]", key, key)
		return nil
	}
	for _, item := range d.texts(n, key) {
		c := d.calendars[item.Text]
		switch {
		case c == nil && strings.HasSuffix(strings.ToLower(item.Text), ".ics"):
			d.fail(item.Position, "%s names calendars: give the file a name under calendars, such as {holidays: {file: %s}}, and name that", key, yamltree.Brief(item.Text))
		case c == nil && calendarDate().MatchString(item.Text):
			d.fail(item.Position, "%s names calendars: put %s into one, and name that", key, item.Text)
		case c == nil && len(d.calendars) == 0:
			d.fail(item.Position, "%s names the calendar %q, but the policy has no calendars: add calendars, such as {holidays: {days: [\"2027-01-01\"]}}", key, yamltree.Brief(item.Text))
		case c == nil:
			d.fail(item.Position, "%s names no calendar of the policy by %q%s", key, yamltree.Brief(item.Text), spelling.DidYouMean(item.Text, slices.Sorted(maps.Keys(d.calendars))))
		case slices.Contains(all, c):
			d.fail(item.Position, "%s names the calendar %s twice", key, c.name)
		default:
			all = append(all, c)
		}
	}
	return all
}
