package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// endBy condemns from the first of its moments after an execution's start on: a
// time of some days, by the clocks of a zone.
type endBy struct {
	days   days
	second int // of the day
	zone   *time.Location
	text   string // 08:00 Mon-Fri Asia/Shanghai
}

func (e *endBy) source() string        { return "endBy" }
func (e *endBy) reads() expression.Set { return expression.SetOf(now, executionStartedTime) }
func (e *endBy) String() string        { return "endBy " + e.text }

func (e *endBy) holds(j *judgement) (bool, error) {
	started := j.facts.Execution.StartedTime
	if _, err := known(started, executionStartedTime); err != nil {
		return false, err
	}
	at, ever := e.next(started)
	return ever && !j.facts.Now.Before(at), nil
}

// describe says when the execution must have ended: started Tue … and endBy 08:00
// was Wed ….
func (e *endBy) describe(j *judgement) string {
	started := j.facts.Execution.StartedTime
	if started.IsZero() {
		return e.String() + " of an unknown start"
	}
	text := fmt.Sprintf("started %s and %s ", onClocks(started, e.zone), e)
	switch at, ever := e.next(started); {
	case !ever:
		return text + "never comes"
	case j.facts.Now.Before(at):
		return text + "is " + onClocks(at, e.zone)
	default:
		return text + "was " + onClocks(at, e.zone)
	}
}

// next is the first of the moments after t; false where there is none in a hundred
// years.
func (e *endBy) next(t time.Time) (time.Time, bool) {
	from, _ := localDay(t, e.zone)
	for { // today's may be over; the next day's is not
		one, ever := e.days.next(from)
		if !ever {
			return time.Time{}, false
		}
		if at := reached(one, e.second, e.zone); at.After(t) {
			return at, true
		}
		from = one + 1
	}
}

// last is the last of the moments up to t; false where there is none in two years.
func (e *endBy) last(t time.Time) (time.Time, bool) {
	today, _ := localDay(t, e.zone)
	for one := today; one > today-2*366; one-- {
		if e.days.has(one) {
			if at := reached(one, e.second, e.zone); !at.After(t) {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// reached is when the clocks of a zone first show a time of a day or, where they are
// set over it, a later one.
func reached(one day, second int, zone *time.Location) time.Time {
	shown := int64(one)*secondsADay + int64(second)
	for at := time.Unix(shown-secondsADay, 0).In(zone); ; { // no clock is a day ahead
		_, offset := at.Zone()
		then := max(shown-int64(offset), at.Unix())
		_, set := at.ZoneBounds()
		if set.IsZero() || then < set.Unix() {
			return time.Unix(then, 0).UTC()
		}
		at = set
	}
}

// outcomes are false up to the moment, and true from it on.
func (s *solver) endBy(e *endBy) outcomes {
	if s.changes(executionStartedTime) {
		return anything
	}
	at, ever := e.next(s.j.facts.Execution.StartedTime)
	if !ever {
		return outcomes{never, always}
	}
	from := s.nanoseconds(at)
	return outcomes{after(from), before(from)}
}

var clockText = pattern.Of(`^([0-9]{2}):([0-9]{2})$`)

// endBy reads endBy.
func (d *decoder) endBy(n *yamltree.Node) []conjunct {
	if n == nil {
		return nil
	}
	before := len(d.errors)
	if n.Kind == yamltree.Scalar {
		d.fail(n.Position, `endBy must be a mapping, but is %s: write {time: "08:00", timeZone: Asia/Shanghai}`, n.Describe())
		return nil
	}
	f := d.fields(n, "endBy", "time", "timeZone", "days", "monthDays", "except", "also")
	if len(d.errors) == before && lacks(f, "time") {
		d.fail(n.Position, `endBy needs the time of the day, such as time: "08:00"`)
	}
	e := &endBy{}
	clock := d.clock(e, f["time"])
	days := d.days(&e.days, f)
	e.zone = d.timeZone(f["timeZone"])
	if len(d.errors) > before {
		return nil
	}
	e.text = strings.Join([]string{clock, days, e.zone.String()}, " ") + e.days.exceptions()
	return []conjunct{e}
}

// clock reads a time of the day.
func (d *decoder) clock(e *endBy, n *yamltree.Node) string {
	text, ok := d.scalar(n, "time", `a time of the day such as "08:00"`)
	if !ok {
		return ""
	}
	m := clockText().FindStringSubmatch(text)
	if m == nil {
		meant := ""
		if hour := regexp.MustCompile(`^([01]?[0-9]|2[0-3])(:[0-5][0-9])?$`).FindStringSubmatch(text); hour != nil {
			meant = fmt.Sprintf(`: write "%02s%s"`, hour[1], cmp.Or(hour[2], ":00"))
		}
		d.fail(n.Position, `time must be a time of the day such as "08:00", but is %s%s`, n.Describe(), meant)
		return ""
	}
	minute, ok := minutes(m[1], m[2], 24*60-1)
	if !ok {
		d.fail(n.Position, "time goes from 00:00 to 23:59, but is %q%s", text, map[bool]string{true: ": write 00:00, which begins the next day"}[text == "24:00"])
	}
	e.second = minute * 60
	return text
}
