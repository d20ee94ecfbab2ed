package soak

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/policy"
)

// A week: a random policy of all that is about time and numbers, the account that lives
// under it, and what a policy means, said here a second time by what the clocks on the
// walls of the zones show.

// weeks are when they begin: clocks are set, months and years end, a leap day comes.
var weeks = []time.Time{
	time.Date(2028, 2, 25, 12, 0, 0, 0, time.UTC),   // the leap day, and the month's end behind it
	time.Date(2026, 3, 27, 6, 0, 0, 0, time.UTC),    // Berlin's clocks go on on the 29th, the month ends
	time.Date(2026, 10, 24, 23, 30, 0, 0, time.UTC), // Berlin's go back on the 25th, the month ends
	time.Date(2026, 10, 30, 20, 0, 0, 0, time.UTC),  // the month ends, New York's go back on November 1st
	time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC),     // New York's go on on the 8th
	time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC),    // the month ends, Lord Howe's go back, by half an hour, on April 5th
	time.Date(2026, 12, 29, 9, 0, 0, 0, time.UTC),   // the year ends
}

var zones = []string{"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}

func in(zone string, at time.Time) time.Time { return at.In(loaded()[zone]) }

var loaded = sync.OnceValue(func() map[string]*time.Location {
	all := map[string]*time.Location{}
	for _, zone := range zones {
		z, err := time.LoadLocation(zone)
		if err != nil {
			panic(err)
		}
		all[zone] = z
	}
	return all
})

type week struct {
	begin     time.Time
	tick      time.Duration
	calendars map[string]calendar
	guards    []weekWindow // of protect
	rules     []weekRule
	maxStops  int
	per       time.Duration
	trickle   bool
	based     int // so many of the rules come from a base, with the calendars and a part of protect; 0: there is none
	account   account.Account
	lives     []*life
}

// calendar is the days of one, and how it is written: as a list, or in a file.
type calendar struct {
	days []string
	ics  string
	on   func(date string) bool
}

type weekDays struct {
	week         []time.Weekday // none: all
	month        string         // a key of months; "": all
	except, also []string
}

type weekWindow struct {
	weekDays
	from, to, zone string
}

type weekEnd struct {
	weekDays
	time, zone string
}

type weekRule struct {
	name   string
	plan   bool
	flows  string // a glob
	age    time.Duration
	when   string
	holds  func(now, started time.Time) bool // what when means
	window *weekWindow
	endBy  *weekEnd
	most   int
	by     string
	oldest bool
	warn   time.Duration
}

// life is an execution, with what comes of it.
type life struct {
	flow, name, customer string
	started, ends        time.Time // it ends by itself; the zero time: never
	stopped              bool
	over                 map[string]time.Time // by when an endBy wants it to have ended, by rule
	warned               map[string]time.Time
}

func (l *life) running(at time.Time) bool {
	return !l.stopped && !l.started.After(at) && (l.ends.IsZero() || l.ends.After(at))
}

var months = map[string]func(day, length int) bool{
	"4..27":              func(day, _ int) bool { return 4 <= day && day <= 27 },
	"last":               func(day, length int) bool { return day == length },
	"last-2..last, 1..3": func(day, length int) bool { return day >= length-2 || day <= 3 },
	"29":                 func(day, _ int) bool { return day == 29 },
	"31, 1":              func(day, _ int) bool { return day == 31 || day == 1 },
}

// drawWeek draws the week of so many, since each kind shall come.
func drawWeek(r *rand.Rand, nth int, tick time.Duration) *week {
	w := &week{begin: weeks[nth%len(weeks)], tick: tick, maxStops: 100_000, per: time.Hour, calendars: map[string]calendar{}}
	w.drawCalendars(r)
	for range r.IntN(3) {
		w.guards = append(w.guards, *w.window(r))
	}
	for i := range 2 + r.IntN(4) {
		w.rules = append(w.rules, w.rule(r, fmt.Sprintf("r%d", i)))
	}
	if r.IntN(2) == 0 {
		w.based = 1 + r.IntN(len(w.rules))
	}
	if r.IntN(2) == 0 {
		w.maxStops, w.per, w.trickle = 1+r.IntN(3), pick(r, time.Hour, 6*time.Hour), r.IntN(3) > 0
	}
	for i := range 3 + r.IntN(4) {
		w.addFlow(r, fmt.Sprintf("%s-%d", pick(r, "etl", "web", "payroll"), i))
	}
	return w
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (w *week) drawCalendars(r *rand.Rand) {
	for _, name := range []string{"holidays", "make-up"} {
		var c calendar
		on := map[string]bool{}
		for range 1 + r.IntN(3) {
			first, more := w.begin.AddDate(0, 0, r.IntN(9)-1), r.IntN(3)
			days := first.Format(time.DateOnly)
			if more > 0 {
				days += ".." + first.AddDate(0, 0, more).Format(time.DateOnly)
			}
			c.days = append(c.days, days)
			for i := range more + 1 {
				on[first.AddDate(0, 0, i).Format(time.DateOnly)] = true
			}
		}
		c.on = func(date string) bool { return on[date] }
		w.calendars[name] = c
	}
	one := w.begin.AddDate(0, 0, r.IntN(8))
	w.calendars["hr"] = pick(r,
		calendar{ics: "DTSTART;VALUE=DATE:20200229\r\nRRULE:FREQ=YEARLY", on: func(date string) bool { return strings.HasSuffix(date, "-02-29") }},
		calendar{ics: "DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=WEEKLY", on: func(date string) bool { return weekday(date) == time.Wednesday }},
		calendar{ics: "DTSTART;VALUE=DATE:20200131\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1", on: func(date string) bool { return lastOfMonth(date) }},
		calendar{ics: "DTSTART;VALUE=DATE:" + one.Format("20060102") + "\r\nDTEND;VALUE=DATE:" + one.AddDate(0, 0, 2).Format("20060102"), on: func(date string) bool {
			return date == one.Format(time.DateOnly) || date == one.AddDate(0, 0, 1).Format(time.DateOnly)
		}})
}

func noon(date string) time.Time {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(err)
	}
	return at.Add(12 * time.Hour)
}

func weekday(date string) time.Weekday { return noon(date).Weekday() }

func lastOfMonth(date string) bool { return noon(date).AddDate(0, 0, 1).Day() == 1 }

func (w *week) window(r *rand.Rand) *weekWindow {
	return &weekWindow{
		weekDays: w.days(r), zone: pick(r, zones...),
		from: pick(r, "00:00", "02:00", "02:30", "09:00", "12:30", "22:00"), to: pick(r, "03:00", "06:30", "18:00", "24:00"),
	}
}

func (w *week) days(r *rand.Rand) (d weekDays) {
	d.week = pick(r, nil, nil, []time.Weekday{time.Saturday, time.Sunday}, []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday})
	d.month = pick(r, "", "", "", "4..27", "last", "last-2..last, 1..3", "29", "31, 1")
	for _, name := range []string{"holidays", "make-up", "hr"} {
		switch r.IntN(5) {
		case 0:
			d.except = append(d.except, name)
		case 1:
			if d.week != nil || d.month != "" {
				d.also = append(d.also, name)
			}
		}
	}
	return d
}

func (w *week) rule(r *rand.Rand, name string) weekRule {
	rule := weekRule{name: name, plan: r.IntN(5) == 0, flows: pick(r, "*", "etl-*", "web-*", "*-1")}
	if r.IntN(3) > 0 {
		rule.age = pick(r, 30*time.Minute, 2*time.Hour, 7*time.Hour, 26*time.Hour)
	}
	switch r.IntN(5) {
	case 0, 1:
		rule.when, rule.holds = clock(r)
	case 2:
		rule.endBy = &weekEnd{weekDays: w.days(r), time: pick(r, "00:00", "02:00", "02:30", "08:00", "23:30"), zone: pick(r, zones...)}
	case 3:
		rule.most, rule.by, rule.oldest = 1+r.IntN(3), pick(r, "flow", "rule", "execution.input.customer"), r.IntN(2) == 0
	}
	if r.IntN(3) == 0 {
		rule.window = w.window(r)
	}
	if rule.when == "" && rule.endBy == nil && rule.most == 0 && rule.age == 0 {
		rule.age = 3 * time.Hour
	}
	if r.IntN(3) == 0 {
		rule.warn = pick(r, 10*time.Minute, 30*time.Minute, 5*time.Hour)
	}
	return rule
}

// clock is a condition on what the clocks of a zone show.
func clock(r *rand.Rand) (when string, holds func(now, started time.Time) bool) {
	zone, hour, day := pick(r, zones...), pick(r, 1, 2, 3, 9, 18, 23), pick(r, 1, 4, 28, 29, 31)
	switch r.IntN(6) {
	case 0:
		return fmt.Sprintf(`hour(now, %q) >= %d`, zone, hour), func(now, _ time.Time) bool { return in(zone, now).Hour() >= hour }
	case 1:
		return fmt.Sprintf(`hour(now, %q) in [2, 9, 23]`, zone), func(now, _ time.Time) bool { return slices.Contains([]int{2, 9, 23}, in(zone, now).Hour()) }
	case 2:
		return fmt.Sprintf(`execution.age > duration("6h") or execution.age > duration("1h") and weekday(now, %q) in ["Sat", "Sun"]`, zone), func(now, started time.Time) bool {
			weekend := strings.HasPrefix(in(zone, now).Weekday().String(), "S")
			return now.Sub(started) > 6*time.Hour || now.Sub(started) > time.Hour && weekend
		}
	case 3:
		return fmt.Sprintf(`monthDay(now, %q) != %d`, zone, day), func(now, _ time.Time) bool { return in(zone, now).Day() != day }
	case 4:
		return fmt.Sprintf(`date(now, %q) != date(execution.startedTime, %[1]q)`, zone), func(now, started time.Time) bool {
			return in(zone, now).Format(time.DateOnly) != in(zone, started).Format(time.DateOnly)
		}
	}
	return fmt.Sprintf(`monthDay(execution.startedTime, %q) != %d and date(now, %[1]q) > "2026-04-01"`, zone, day), func(now, started time.Time) bool {
		return in(zone, started).Day() != day && in(zone, now).Format(time.DateOnly) > "2026-04-01"
	}
}

// addFlow has executions begin in the seconds before a sweep may come, and end in those
// behind it, so that in every sweep it is certain what runs, and what is due.
func (w *week) addFlow(r *rand.Rand, name string) {
	f := account.Flow{Name: name}
	const minutes = 7 * 24 * 60
	for i := range 5 + r.IntN(30) {
		at := time.Duration(r.IntN(minutes+12*60)-12*60)*time.Minute + 33*time.Second + time.Duration(13*len(w.lives)%3000)*time.Millisecond // no two at once
		l := &life{flow: name, name: fmt.Sprintf("run-%d", i), customer: pick(r, "a", "b", "c"), started: w.begin.Add(at), warned: map[string]time.Time{}, over: map[string]time.Time{}}
		e := account.Execution{Name: l.name, Input: account.Payload(fmt.Sprintf(`{"customer":%q}`, l.customer))}
		if at < 0 {
			e.StartedAgo = account.Duration(-at)
		} else {
			e.StartedIn = account.Duration(at)
		}
		if r.IntN(6) > 0 {
			lasts := time.Duration(1+r.IntN(1+r.IntN(40*60)))*time.Minute + 12*time.Second
			if at+lasts > 0 {
				e.EndsIn, l.ends = new(account.Duration(at+lasts)), l.started.Add(lasts)
			}
		}
		f.Executions, w.lives = append(f.Executions, e), append(w.lives, l)
	}
	w.account.Flows = append(w.account.Flows, f)
}

// parsed reads the policy, and the files beside it.
func (w *week) parsed(plain bool) (*policy.Policy, string, error) {
	text, base := w.texts(plain)
	files := policy.Files{{Name: "hr.ics", Text: []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + w.calendars["hr"].ics + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")}}
	if base != "" {
		files[0].Name = "shared/hr.ics"
		files = append(files, policy.File{Name: "shared/base.yaml", Text: []byte(base)})
	}
	p, err := policy.ParseWith("week.yaml", []byte(text), files.Read)
	return p, text + "# ---- shared/base.yaml\n" + base + "# ---- hr.ics\n# " + strings.ReplaceAll(w.calendars["hr"].ics, "\r\n", " "), err
}

// texts are the policy and its base; plain leaves out what a backtest takes for given.
func (w *week) texts(plain bool) (text, base string) {
	var calendars strings.Builder
	calendars.WriteString("calendars:\n")
	for _, name := range []string{"holidays", "make-up"} {
		fmt.Fprintf(&calendars, "  %s: {days: [\"%s\"]}\n", name, strings.Join(w.calendars[name].days, `", "`))
	}
	calendars.WriteString("  hr: {file: hr.ics}\n")
	limits := fmt.Sprintf("limits: {maxStops: %d, per: %v, maxShare: 100%%, over: %s}\n", w.maxStops, w.per, map[bool]string{true: "trickle", false: "withhold"}[w.trickle])
	near := "version: 1\nmode: enforce\npolicy: week\nnotify: [{name: all, kind: webhook, url: 'http://localhost/'}]\n"
	protects := func(flows string, windows []weekWindow) (text string) {
		text = "protect:\n  flows: [" + flows + "]\n"
		for i, win := range windows {
			if i == 0 {
				text += "  window:\n"
			}
			text += "    - " + win.yaml() + "\n"
		}
		return text
	}
	if w.based == 0 {
		return near + calendars.String() + limits + protects(`"payroll-*"`, w.guards) + "rules:\n" + rulesText(w.rules, plain), ""
	}
	half := len(w.guards) / 2
	base = "version: 1\n" + calendars.String() + limits + protects(`"payroll-*"`, w.guards[:half]) + "rules:\n"
	first := w.rules[0]
	first.age, first.flows = 5*time.Minute, "*" // the nearer one stands in its place
	base += rulesText(append([]weekRule{first}, w.rules[1:w.based]...), plain)
	if first.plan && !plain { // it stays so
		base = strings.Replace(base, "    mode: plan\n", "", 1)
	}
	text = near + "extends: shared/base.yaml\n" + protects(`no-flow-*`, w.guards[half:]) + "rules:\n" + rulesText(append(slices.Clone(w.rules[w.based:]), w.rules[0]), plain)
	return text, base
}

func rulesText(rules []weekRule, plain bool) string {
	var b strings.Builder
	for _, r := range rules {
		line := func(yes bool, format string, args ...any) {
			if yes {
				fmt.Fprintf(&b, format+"\n", args...)
			}
		}
		line(true, "  - name: %s\n    flows: [%q]", r.name, r.flows)
		line(r.plan && !plain, "    mode: plan")
		line(r.age > 0, "    maxRuntime: %v", r.age)
		line(r.when != "", "    when: '%s'", r.when)
		if r.window != nil {
			line(true, "    window: %s", r.window.yaml())
		}
		if e := r.endBy; e != nil {
			line(true, "    endBy: {%stime: %q, timeZone: %s}", e.yaml(), e.time, e.zone)
		}
		line(r.most > 0, "    maxConcurrent: %d\n    countBy: %s\n    stopFirst: %s", r.most, r.by, map[bool]string{true: "oldest", false: "newest"}[r.oldest])
		line(r.warn > 0 && !plain, "    warnBefore: %v", r.warn)
	}
	return b.String()
}

func (w *weekWindow) yaml() string {
	return fmt.Sprintf(`{%shours: "%s-%s", timeZone: %s}`, w.weekDays.yaml(), w.from, w.to, w.zone)
}

func (d weekDays) yaml() (keys string) {
	var names []string
	for _, day := range d.week {
		names = append(names, day.String()[:3])
	}
	if len(names) > 0 {
		keys += fmt.Sprintf("days: %q, ", strings.Join(names, ","))
	}
	if d.month != "" {
		keys += fmt.Sprintf("monthDays: %q, ", d.month)
	}
	if len(d.except) > 0 {
		keys += "except: [" + strings.Join(d.except, ", ") + "], "
	}
	if len(d.also) > 0 {
		keys += "also: [" + strings.Join(d.also, ", ") + "], "
	}
	return keys
}

// on says whether a date is one of the days.
func (w *week) on(d weekDays, date string) bool {
	listed := func(names []string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return w.calendars[name].on(date) })
	}
	at := noon(date)
	switch {
	case listed(d.also):
		return true
	case listed(d.except):
		return false
	}
	length := time.Date(at.Year(), at.Month()+1, 0, 12, 0, 0, 0, time.UTC).Day()
	return (len(d.week) == 0 || slices.Contains(d.week, at.Weekday())) && (d.month == "" || months[d.month](at.Day(), length))
}

func (w *week) open(win weekWindow, now time.Time) bool {
	local := in(win.zone, now)
	today, shown := local.Format(time.DateOnly), local.Format("15:04")
	if win.from < win.to {
		return win.from <= shown && shown < win.to && w.on(win.weekDays, today)
	}
	yesterday := noon(today).AddDate(0, 0, -1).Format(time.DateOnly)
	return win.from <= shown && w.on(win.weekDays, today) || shown < win.to && w.on(win.weekDays, yesterday)
}

// ended looks at a clock on the wall, every half hour from a day before the start on, for the first time behind
// the start at which it shows the time of one of the days, or a later one, for the first time.
func (w *week) ended(r weekRule, l *life, now time.Time) bool {
	moment, ok := l.over[r.name]
	if !ok {
		last := ""
		for at := l.started.Add(-26 * time.Hour).Truncate(30 * time.Minute); at.Before(w.begin.AddDate(0, 0, 9)); at = at.Add(30 * time.Minute) {
			local := in(r.endBy.zone, at)
			date := local.Format(time.DateOnly)
			if local.Format("15:04") < r.endBy.time {
				date = noon(date).AddDate(0, 0, -1).Format(time.DateOnly)
			}
			if date <= last {
				continue
			}
			last = date
			if at.After(l.started) && w.on(r.endBy.weekDays, date) {
				moment = at
				break
			}
		}
		l.over[r.name] = moment
	}
	return !moment.IsZero() && !now.Before(moment)
}

// meets says whether an execution meets a rule's conditions but for its number.
func (w *week) meets(r weekRule, l *life, now time.Time) bool {
	named, _ := path.Match(r.flows, l.flow)
	return named && now.Sub(l.started) > r.age && (r.holds == nil || r.holds(now, l.started)) &&
		(r.window == nil || w.open(*r.window, now)) && (r.endBy == nil || w.ended(r, l, now))
}

// condemns says whether a rule does, where others run beside it.
func (w *week) condemns(r weekRule, l *life, beside []*life, now time.Time) bool {
	if !w.meets(r, l, now) {
		return false
	}
	if r.most == 0 {
		return true
	}
	counted, before := 0, 0
	for _, other := range beside {
		named, _ := path.Match(r.flows, other.flow)
		if !named || r.by == "flow" && other.flow != l.flow || strings.HasPrefix(r.by, "execution") && other.customer != l.customer {
			continue
		}
		counted++
		if other.started.After(l.started) != r.oldest && other != l && w.meets(r, other, now) {
			before++
		}
	}
	return before < counted-r.most
}

func (w *week) isProtected(l *life, now time.Time) bool {
	return strings.HasPrefix(l.flow, "payroll-") || slices.ContainsFunc(w.guards, func(win weekWindow) bool { return w.open(win, now) })
}
