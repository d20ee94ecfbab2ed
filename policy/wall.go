package policy

import (
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// What the clocks of a zone show of the time, as in hour(now, "Asia/Shanghai"), changes
// at known moments. A condition on it is tried with each hour of a day, or with each
// day, and the zone says when its clocks show them: twice, or never, where they are set.

const (
	aDay    = 24 * time.Hour
	hourNS  = int64(time.Hour)
	dayNS   = int64(aDay)
	seen    = 64 * aDay // how far hours and days are gone through: further than from one 31st to the next
	stretch = 2 * aDay  // clocks differ by less

	windowsSeen = 20 // how often for one answer: more than three years
)

// wall solves a condition in which the time is read from the clocks of one zone, by its
// hours or by its days, and what else it reads stays; false where it is another.
func (s *solver) wall(e *expression.Expression) (outcomes, bool) {
	var calls []expression.Wall
	if !e.Reads().Has(now) || !s.readsWalls(e, &calls) {
		return outcomes{}, false
	}
	zone, hours, others := calls[0].Zone, false, false
	for _, call := range calls {
		if call.Zone.String() != zone.String() {
			return outcomes{}, false
		}
		hours = hours || call.Function == "hour"
		others = others || call.Function != calls[0].Function
	}
	dates, compared := s.dates(e)
	switch {
	case hours && others:
		return outcomes{}, false
	case compared:
		return s.byDate(e, dates, zone), true
	case hours:
		return s.byHour(e, zone), true
	}
	return s.byDay(e, zone, !others && calls[0].Function != "date"), true
}

// readsWalls collects what reads the time from clocks; false where something moves
// otherwise.
func (s *solver) readsWalls(e *expression.Expression, calls *[]expression.Wall) bool {
	if s.isFixed(e.Reads()) {
		return true
	}
	if call, ok := e.Wall(); ok && call.Of.Is(now) {
		*calls = append(*calls, call)
		return true
	}
	moves := func(part *expression.Expression) bool { return !s.readsWalls(part, calls) }
	return len(e.Parts) > 0 && !slices.ContainsFunc(e.Parts, moves)
}

// byHour is when a condition holds by the hours that clocks show.
func (s *solver) byHour(e *expression.Expression, zone *time.Location) outcomes {
	from, to := s.window()
	first, last := daysAround(from, to, zone)
	var day, shown outcomes
	for hour := range int64(24) {
		s.try(&day, e, first.at(int(hour), zone), span{hour * hourNS, (hour + 1) * hourNS})
	}
	for one := first; one <= last; one++ {
		shown.yes = shown.yes.followed(day.yes, int64(one)*dayNS)
		shown.no = shown.no.followed(day.no, int64(one)*dayNS)
	}
	return shown.beyond(zone, from, to, true)
}

// byDay is when a condition holds by the days that clocks show; recurring says that no
// other day differs from all that are gone through.
func (s *solver) byDay(e *expression.Expression, zone *time.Location, recurring bool) outcomes {
	from, to := s.window()
	first, last := daysAround(from, to, zone)
	var shown outcomes
	for one := first; one <= last; one++ {
		s.try(&shown, e, one.at(12, zone), span{int64(one) * dayNS, int64(one+1) * dayNS})
	}
	return shown.beyond(zone, from, to, recurring)
}

// byDate is when a comparison with dates holds: between two of them it stays as it is.
func (s *solver) byDate(e *expression.Expression, dates []day, zone *time.Location) outcomes {
	shown, from := outcomes{}, int64(beginning)
	for _, date := range dates {
		if to := int64(date) * dayNS; from < to {
			s.try(&shown, e, (date-1).at(12, zone), span{from, to})
			from = to
		}
		s.try(&shown, e, date.at(12, zone), span{from, from + dayNS})
		from += dayNS
	}
	last := dates[len(dates)-1]
	s.try(&shown, e, (last+1).at(12, zone), span{from, end})
	begin, stop := moment(int64(dates[0])*dayNS-int64(stretch)), moment(int64(last+1)*dayNS+int64(stretch))
	return outcomes{shown.yes.clocked(zone, begin, stop), shown.no.clocked(zone, begin, stop)}
}

// dates are those with which a condition compares the day that clocks show, in order,
// such as lie within the horizon; false where it is no such comparison.
func (s *solver) dates(e *expression.Expression) ([]day, bool) {
	if e.Side == nil {
		return nil, false
	}
	wall, with := e.Subject, e.Side
	if s.isFixed(wall.Reads()) {
		wall, with = with, wall
	}
	call, ok := wall.Wall()
	if !ok || call.Function != "date" || !s.isFixed(with.Reads()) || !slices.Contains([]string{"==", "!=", "<", "<=", ">", ">=", "in"}, e.Operator) {
		return nil, false
	}
	value, err := with.Value(&s.j)
	today, _ := localDay(s.j.facts.Now, time.UTC)
	all := []day{today}
	for _, text := range textsIn(value) {
		date, wrong := time.Parse(time.DateOnly, text)
		if wrong != nil {
			return nil, false
		}
		if one, _ := localDay(date, time.UTC); s.near(date) {
			all = append(all, one)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), err == nil
}

// window is the time that is gone through: from the execution's start on or, where the
// search has come further, from there.
func (s *solver) window() (from, to time.Time) {
	s.onWalls = true
	now := s.j.facts.Now
	if s.from.After(now) {
		return s.from.Add(-aDay), s.from.Add(seen)
	}
	from = now
	if started := s.j.facts.Execution.StartedTime; !started.IsZero() && started.Before(from) {
		from = started
	}
	if earliest := now.Add(-seen); from.Before(earliest) {
		from = earliest
	}
	return from.Add(-aDay), now.Add(seen)
}

// daysAround are the first and the last day that clocks may show.
func daysAround(from, to time.Time, zone *time.Location) (first, last day) {
	first, _ = localDay(from, zone)
	last, _ = localDay(to, zone)
	return first - 1, last + 1
}

// at is a moment at which clocks show an hour, on the day or, where it has none such,
// on a later one.
func (d day) at(hour int, zone *time.Location) time.Time {
	for ; ; d++ {
		year, month, number := d.begin().Date()
		for _, minute := range []int{0, 59} {
			if at := time.Date(year, month, number, hour, minute, 0, 0, zone); at.Hour() == hour {
				return at
			}
		}
	}
}

// try adds what a condition comes to at a moment, for a span of what clocks show.
func (s *solver) try(o *outcomes, e *expression.Expression, at time.Time, shown span) {
	j := s.j
	j.facts.Now = at
	switch holds, err := e.Holds(&j); {
	case err != nil:
	case holds:
		o.yes = o.yes.followed(spans{shown}, 0)
	default:
		o.no = o.no.followed(spans{shown}, 0)
	}
}

// followed are the spans and others behind them, which begin so much later.
func (s spans) followed(others spans, later int64) spans {
	for _, next := range others {
		next.from, next.to = next.from+later, next.to+later
		if last := len(s) - 1; last >= 0 && s[last].to == next.from {
			s[last].to = next.to
			continue
		}
		s = append(s, next)
	}
	return s
}

// beyond is when clocks show what they must, from one moment to another; before and behind
// that they may at any time. What recurs, and was not seen between, never comes.
func (o outcomes) beyond(zone *time.Location, from, to time.Time, recurring bool) outcomes {
	around := before(from.UnixNano()).or(after(to.UnixNano()))
	seen := between(from.UnixNano(), to.UnixNano())
	extend := func(s spans) spans {
		if len(s) == 0 && recurring {
			return never
		}
		return s.clocked(zone, from, to).and(seen).or(around)
	}
	return outcomes{extend(o.yes), extend(o.no)}
}

// clocked is when the clocks of a zone show what the spans say, which are counted in what
// clocks show. They are set only from one moment to another.
func (s spans) clocked(zone *time.Location, from, to time.Time) spans {
	var all spans
	for begin := int64(beginning); begin < end; {
		_, offset := from.In(zone).Zone()
		_, set := from.In(zone).ZoneBounds()
		until := int64(end)
		if !set.IsZero() && set.Before(to) {
			until = set.UnixNano()
		}
		all = all.followed(s.earlier(int64(offset)*int64(time.Second)).and(between(begin, until)), 0)
		begin, from = until, set
	}
	return all
}

// earlier are the spans so much earlier; what has no end has none.
func (s spans) earlier(by int64) spans {
	all := make(spans, len(s))
	for i, sp := range s {
		if all[i] = sp; sp.from != beginning {
			all[i].from -= by
		}
		if sp.to != end {
			all[i].to -= by
		}
	}
	return all
}
