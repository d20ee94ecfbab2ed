package policy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// days reads the keys that say which days are meant, and prints them: all where
// none is there.
func (d *decoder) days(all *days, f map[string]*yamltree.Node) string {
	week := d.weekdays(&all.week, f["days"])
	month := d.monthDays(all, f["monthDays"])
	all.except, all.also = d.calendarNames(f["except"], "except"), d.calendarNames(f["also"], "also")
	for _, c := range all.also {
		if slices.Contains(all.except, c) {
			d.fail(f["also"].Position, "the calendar %s is in except and in also: leave it out of one", c.name)
		}
	}
	if f["also"] != nil && lacks(f, "days", "monthDays", "except") {
		d.fail(f["also"].Position, "also adds days, but all are meant already: give days or monthDays")
	}
	return cmp.Or(strings.TrimSpace(week+" "+month), "daily")
}

// exceptions prints the calendars.
func (d *days) exceptions() string {
	text := ""
	if len(d.except) > 0 {
		text += " except " + d.except.String()
	}
	if len(d.also) > 0 {
		text += " also " + d.also.String()
	}
	return text
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// weekdays reads names and ranges of days, comma-separated; all where there are
// none. A range may go past Saturday.
func (d *decoder) weekdays(week *[7]bool, n *yamltree.Node) string {
	if n == nil {
		*week = [7]bool{true, true, true, true, true, true, true}
		return ""
	}
	if n.Kind == yamltree.Sequence {
		d.fail(n.Position, "days must be a text, but is a list: write %s", quote(joined(n)))
		return ""
	}
	text, ok := d.text(n, "days")
	if !ok {
		return ""
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			last = first
		}
		from, to := weekday(first), weekday(last)
		if from < 0 || to < 0 {
			d.fail(n.Position, `days must be names and ranges such as "Mon-Fri" or "Mon,Wed", but is %s%s`, n.Describe(), meantDays(text))
			return ""
		}
		for day := from; ; day = (day + 1) % 7 {
			week[day] = true
			if day == to {
				break
			}
		}
	}
	return text
}

// joined is a list's texts with commas between them, as days are written.
func joined(n *yamltree.Node) string { return joinedBy(n, ",") }

func joinedBy(n *yamltree.Node, comma string) string {
	var texts []string
	for _, item := range n.Items {
		texts = append(texts, item.Text)
	}
	return strings.Join(texts, comma)
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

// meantDays ends the error of days that have another name, or are days of the month.
func meantDays(text string) string {
	switch strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(text)) {
	case "weekday", "weekdays", "workday", "workdays", "workingdays":
		return `: write "Mon-Fri"`
	case "weekend", "weekends":
		return `: write "Sat,Sun"`
	case "all", "*", "daily", "every", "everyday":
		return ": leave it out for every day"
	}
	if _, ok := (&monthDays{}).addText(text); ok {
		return ": days of the month are monthDays"
	}
	return ""
}

var monthDayText = pattern.Of(`^(?:([1-9]|[12][0-9]|3[01])|last(?:-([1-9]|[12][0-9]|30))?)$`)

// monthDays reads numbers, last, last-2 and ranges of them, comma-separated.
func (d *decoder) monthDays(all *days, n *yamltree.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind == yamltree.Sequence {
		d.fail(n.Position, "monthDays must be a text, but is a list: write %s", quote(joined(n)))
		return ""
	}
	text, ok := d.scalar(n, "monthDays", `days of the month such as "4..27"`)
	if !ok {
		return ""
	}
	all.month = &monthDays{}
	for part := range strings.SplitSeq(text, ",") {
		before := *all.month
		*all.month = monthDays{}
		if hint, ok := all.month.addText(strings.TrimSpace(part)); !ok {
			d.fail(n.Position, `monthDays must be days from 1 to 31, last, last-2 and ranges such as "4..27" or "last-2..last, 1..3", but is %s%s`, n.Describe(), hint)
			return ""
		}
		if *all.month == (monthDays{}) {
			d.fail(n.Position, "monthDays %s are no day of any month", quote(strings.TrimSpace(part)))
		}
		for i := range before {
			all.month[i] |= before[i]
		}
	}
	return "monthDays " + text
}

// addText adds a day or a range; where it is neither, hint ends the error.
func (m *monthDays) addText(part string) (hint string, ok bool) {
	first, last, ranged := strings.Cut(part, "..")
	if !ranged {
		last = first
	}
	first, last = strings.TrimSpace(first), strings.TrimSpace(last)
	from, one := parseMonthDay(first)
	to, other := parseMonthDay(last)
	around := quote(first + "..last, 1.." + last)
	switch {
	case !one || !other:
		return meantMonthDays(part), false
	case from.fromLast && !to.fromLast:
		return ": a range stays in its month: write " + around, false
	case from.fromLast == to.fromLast && from.of(31) > to.of(31) && to.fromLast:
		return ": write " + quote(last+".."+first), false
	case from.fromLast == to.fromLast && from.of(31) > to.of(31):
		return ": write " + quote(last+".."+first) + ", or across the month's end " + around, false
	}
	m.add(from, to)
	return "", true
}

func parseMonthDay(text string) (monthDay, bool) {
	m := monthDayText().FindStringSubmatch(text)
	switch {
	case m == nil:
		return monthDay{}, false
	case m[1] != "":
		number, _ := strconv.Atoi(m[1])
		return monthDay{number: number}, true
	}
	number, _ := strconv.Atoi(cmp.Or(m[2], "0"))
	return monthDay{number, true}, true
}

var otherRange = pattern.Of(`^\s*(\w+(?:-\d+)?)\s*(?:\.|\.\.\.|…|-|–|—|to|~|:)\s*(\w+(?:-\d+)?)\s*$`)

// meantMonthDays ends the error of days that are written otherwise: 4-27, L or -1.
func meantMonthDays(part string) string {
	words := strings.NewReplacer("L", "last", "Last", "last", "LAST", "last", "-1", "last")
	if one := words.Replace(part); one != part && monthDayText().MatchString(one) {
		return ": write " + quote(one)
	}
	m := otherRange().FindStringSubmatch(part)
	if m == nil || !monthDayText().MatchString(m[1]) || !monthDayText().MatchString(m[2]) {
		return ""
	}
	meant := m[1] + ".." + m[2]
	if hint, ok := (&monthDays{}).addText(meant); !ok {
		return hint
	}
	return ": write " + quote(meant)
}
