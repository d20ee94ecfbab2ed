package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// Random models, and the worlds that they judge.

// draw shortens rapid's spelling.
func draw[T any](t *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(t, label)
}

var modelDurations = []string{"1m", "30m", "1h", "2h", "2h30m", "26h", "72h"}

// timedPart is a condition for which Due is exact: age, started time, what doesn't
// change, and what is made of them.
func timedPart(t *rapid.T) string {
	d := rapid.SampledFrom(modelDurations).Draw(t, "duration")
	op := draw(t, "operator", ">", ">=", "<", "<=")
	return draw(t, "timed",
		fmt.Sprintf(`execution.age %s duration("%s")`, op, d),
		fmt.Sprintf(`duration("%s") %s execution.age`, d, op),
		fmt.Sprintf(`execution.age %s vars.limit`, op),
		fmt.Sprintf(`now - execution.startedTime %s duration("%s")`, op, d),
		fmt.Sprintf(`execution.startedTime %s now - duration("%s")`, op, d),
		fmt.Sprintf(`execution.startedTime + duration("%s") %s now`, d, op),
		fmt.Sprintf(`execution.startedTime %s date("2026-03-0%dT0%d:00:00Z")`, op, draw(t, "day", 2, 3, 4, 5), draw(t, "hour", 1, 8)),
		fmt.Sprintf(`now %s date("2026-03-0%d")`, op, draw(t, "day", 3, 4, 5, 6)),
		fmt.Sprintf(`now - duration("%s") %s execution.startedTime`, d, op),
		fmt.Sprintf(`duration(execution.input.max ?? "%s") %s execution.age`, d, op),
		fmt.Sprintf(`execution.age %s duration(flow.env.MAX ?? "%s")`, op, d),
		fmt.Sprintf(`execution.age %s duration(execution.input.max ?? "%s")`, op, d),
		wallPart(t),
		fmt.Sprintf(`execution.age == duration("%s")`, d),
		fmt.Sprintf(`execution.age != duration("%s")`, d),
	)
}

var modelZones = []string{"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}

// wallPart is a condition on what the clocks of a zone show of the time.
func wallPart(t *rapid.T) string {
	zone, op := rapid.SampledFrom(modelZones).Draw(t, "wall zone"), draw(t, "wall operator", ">", ">=", "<", "<=", "==", "!=")
	return draw(t, "wall",
		fmt.Sprintf(`hour(now, "%s") %s %d`, zone, op, draw(t, "hour shown", 0, 2, 9, 12, 23)),
		fmt.Sprintf(`%d %s hour(now, "%s")`, draw(t, "hour shown", 1, 3, 18), op, zone),
		fmt.Sprintf(`hour(now, "%s") in [2, 9, 23]`, zone),
		fmt.Sprintf(`hour(now, "%s") %s (execution.input.n ?? 3)`, zone, op),
		fmt.Sprintf(`(hour(now, "%s") + 20) %% 24 %s 7`, zone, op),
		fmt.Sprintf(`weekday(now, "%s") in ["Sat", "Sun"]`, zone),
		fmt.Sprintf(`weekday(now, "%s") != "Wed"`, zone),
		fmt.Sprintf(`weekday(now, "%s") startsWith "T"`, zone),
		fmt.Sprintf(`monthDay(now, "%s") %s %d`, zone, op, draw(t, "day shown", 1, 4, 28, 29, 31)),
		fmt.Sprintf(`date(now, "%s") %s "%s"`, zone, op, draw(t, "date shown", "2026-03-04", "2026-03-29", "2026-10-25", "2028-02-29", "2027-01-01")),
		fmt.Sprintf(`date(now, "%s") in ["2026-03-05", "2026-10-25", "2028-02-28", "2026-03-08"]`, zone),
		fmt.Sprintf(`date(now, "%s") %s date(execution.startedTime, "%s")`, zone, op, zone),
		fmt.Sprintf(`weekday(now) == weekday(execution.startedTime, "%s")`, zone),
	)
}

func fixedPart(t *rapid.T) string {
	return draw(t, "fixed",
		`true`, `flow.name == "a-1"`, `"b-1" == flow.name`, `flow.name in ["a-1", "a-2"]`, `flow.name != "a-2"`, `flow.name startsWith "a"`,
		`flow.name matches "^a-[12]$"`, `flow.name in vars.names`, `flow.env.STAGE == "test"`, `flow.env["OFF"] != "yes"`,
		`execution.name == "run-1"`, `execution.name startsWith "run-"`, `execution.name matches "^run-[0-3]"`, `execution.name matches "run"`,
		`execution.name matches "(?i)^RUN"`, `execution.name in ["run-1", "run-2", "job-1"]`, `"run" in ["run", execution.name]`,
		`execution.input.priority == "high"`, `execution.input.priority != "high"`, `execution.input.n > 5`, `execution.input.n <= 5`,
		`execution.input.n + 1 == 6`, `execution.input.flag`, `not execution.input.flag`, `execution.input.deep?.x == 1`,
		`execution.input.deep.x == 1`, `execution.input.deep.x != 1`, `execution.input.list[0] != 1`, `execution.input.deep.x.y == nil`, `flow.env.STAGE?.x != 1`,
		`execution.env.KEEP == "yes"`, `execution.env.KEEP != "yes"`,
		`"max" in execution.input`, `(execution.input.n ?? 7) > 5`, `len(execution.input.priority) == 3`, `execution.input.priority matches "^l"`,
		`execution.status == "Running"`, `execution.status != "Starting"`, `execution.status in ["Starting", "Succeeded"]`,
		`max(execution.input.n ?? 0, 3) > 5`, `min([execution.input.n, 7]) <= 5`, `abs((execution.input.n ?? 0) - 9) > 3`, `round(execution.input.n / 2) == 3`, `sum([execution.input.n, 1]) == 6`,
		`split(execution.name, "-")[0] == "run"`, `"1" in split(flow.name, "-")`,
		`hour(execution.startedTime, "Asia/Shanghai") >= 18`, `weekday(execution.startedTime, "Europe/Berlin") == "Sun"`, `monthDay(execution.startedTime) == 1`, `date(execution.startedTime, "America/New_York") < "2026-03-04"`,
		`event.kind == "timer"`, `event.kind in ["alarm", "timer"]`,
	)
}

func loosePart(t *rapid.T) string {
	return draw(t, "loose",
		`event.data.state == "ALARM"`, `event.data.state in ["OK"]`, `event.data.detail.x == 1`, `event.data.detail.x != 1`, `flow.name == event.data.detail.x`, `history.steps > 3`, `history.steps <= 3`, `history.currentStep == "wait"`,
		`history.idle > duration("1h")`, `history.idle < duration("1h")`, `duration("30m") <= history.idle`, `flow.live > 3`, `flow.live == 2`,
		`event.time < now`, `execution.age * 2 > duration("2h")`, `execution.age * 50 <= duration("72h")`,
		`execution.age - duration("20m") >= duration("1h")`, `duration("2h") - execution.age < duration("5m")`, `now - history.idle > execution.startedTime`,
		`execution.age > date("2026-03-05") - now`, `max(execution.age, duration("10m")) > duration("1h")`,
		`hour(now) > monthDay(now)`, `hour(now + duration("8h")) == 3`, `hour(event.time, "Asia/Shanghai") < 9`, `weekday(history.lastEventTime ?? now) == "Wed"`,
	)
}

// part is a top-level part of a condition: never an AND itself.
func part(t *rapid.T, exact bool, depth int) string {
	shape := draw(t, "shape", "timed", "timed", "fixed", "fixed", "loose", "or", "not", "both")
	switch {
	case shape == "timed":
		return timedPart(t)
	case shape == "loose" && !exact:
		return loosePart(t)
	case shape == "or" && depth > 0:
		return "(" + part(t, exact, depth-1) + " or " + part(t, exact, depth-1) + ")"
	case shape == "not" && depth > 0:
		return "not (" + part(t, exact, depth-1) + ")"
	case shape == "both" && depth > 0:
		return "(" + part(t, exact, depth-1) + " and " + part(t, exact, depth-1) + " or " + part(t, exact, depth-1) + ")"
	}
	return fixedPart(t)
}

func drawParts(t *rapid.T, exact bool, most int) []string {
	var parts []string
	for range rapid.IntRange(0, most).Draw(t, "parts") {
		parts = append(parts, part(t, exact, 2))
	}
	return parts
}

func drawGlobs(t *rapid.T) []string {
	return draw(t, "globs", nil, nil, []string{"a-*"}, []string{"!a-1"}, []string{"*", "!a-?", "a-2"}, []string{"a-1"}, []string{"b-1", "a-2"}, []string{"?-1"})
}

// drawRule draws a rule; an exact one has only what Due foresees to the nanosecond. What
// reads a history, flow.live or an event is drawn only where it is not exact.
func drawRule(t *rapid.T, i int, m modelPolicy, exact bool) modelRule {
	r := modelRule{
		name: fmt.Sprintf("r%d", i), mode: draw(t, "mode", "", "", "plan", "enforce"), flows: drawGlobs(t),
		when: drawParts(t, exact, 3), on: draw(t, "on", nil, nil, []string{"timer"}, []string{"event"}, []string{"timer", "event", "manual"}),
	}
	if rapid.Bool().Draw(t, "has maxRuntime") {
		d, _ := time.ParseDuration(rapid.SampledFrom(modelDurations).Draw(t, "maxRuntime"))
		r.maxRuntime = d
	}
	if !slices.Contains(r.on, "event") && rapid.IntRange(0, 3).Draw(t, "warns") == 0 {
		r.warnBefore, _ = time.ParseDuration(rapid.SampledFrom(modelDurations).Draw(t, "warnBefore"))
	}
	if rapid.IntRange(0, 3).Draw(t, "has window") == 0 {
		r.window = drawWindow(t, m)
	}
	if rapid.IntRange(0, 5).Draw(t, "has endBy") == 0 {
		r.endBy = &modelEndBy{
			modelDays: drawDays(t, m), time: draw(t, "time", "00:00", "02:30", "08:00", "23:30"),
			zone: draw(t, "endBy zone", "UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York"),
		}
	}
	if m.priced && rapid.Bool().Draw(t, "has maxCost") {
		r.maxCost = draw(t, "maxCost", 0.3, 7.25, 100)
	}
	if !exact && rapid.IntRange(0, 4).Draw(t, "has maxConcurrent") == 0 {
		r.maxConcurrent = draw(t, "maxConcurrent", 1, 2, 4)
		r.oldest, r.mapChildren = rapid.Bool().Draw(t, "oldest"), rapid.Bool().Draw(t, "mapChildren")
		if !slices.Contains(r.on, "event") {
			r.countBy = draw(t, "countBy", append([]string{"", "flow", "rule"}, slices.Sorted(maps.Keys(modelKeys))...)...)
		}
	}
	return r
}

func drawWindow(t *rapid.T, m modelPolicy) *modelWindow {
	return &modelWindow{
		modelDays: drawDays(t, m), from: draw(t, "from", 0, 2, 9, 12, 22), to: draw(t, "to", 3, 6, 18, 24),
		zone: draw(t, "zone", "UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York"),
	}
}

func drawDays(t *rapid.T, m modelPolicy) modelDays {
	d := modelDays{
		week:  draw(t, "days", nil, []time.Weekday{time.Wednesday}, []time.Weekday{time.Saturday, time.Sunday}, []time.Weekday{time.Monday, time.Tuesday, time.Thursday}),
		month: draw(t, "monthDays", append([]string{"", "", ""}, slices.Sorted(maps.Keys(modelMonths))...)...),
	}
	for _, name := range slices.Sorted(maps.Keys(m.calendars)) {
		switch draw(t, "calendar in", "", "except", "also") {
		case "except":
			d.except = plus(d.except, name, m.calendars[name])
		case "also":
			if len(d.week) > 0 || d.month != "" {
				d.also = plus(d.also, name, m.calendars[name])
			}
		}
	}
	return d
}

func plus(calendars map[string][]string, name string, days []string) map[string][]string {
	if calendars == nil {
		calendars = map[string][]string{}
	}
	calendars[name] = days
	return calendars
}

// drawCalendars draws days of the weeks that drawNow knows, and one far ahead.
func drawCalendars(t *rapid.T) map[string][]string {
	all := map[string][]string{}
	for _, name := range []string{"holidays", "make-up"} {
		for range rapid.IntRange(0, 3).Draw(t, "days of "+name) {
			begin := drawNow(t)
			days := begin.Format("2006-01-02")
			if more := draw(t, "days more", 0, 1, 5, 40); more > 0 {
				days += ".." + begin.AddDate(0, 0, more).Format("2006-01-02")
			}
			all[name] = append(all[name], days)
		}
	}
	return all
}

func drawPolicy(t *rapid.T, exact bool) modelPolicy {
	m := modelPolicy{mode: draw(t, "policy mode", "", "plan", "enforce", "enforce"), priced: rapid.Bool().Draw(t, "priced")}
	m.calendars = drawCalendars(t)
	m.filed = len(m.calendars["holidays"]) > 0 && rapid.Bool().Draw(t, "in a file")
	if m.priced {
		m.perMinute = draw(t, "perMinute", 0.01, 0.12, 0)
		m.perTransition = draw(t, "perTransition", 0, 0.5)
		if exact || m.perMinute == 0 && m.perTransition == 0 {
			m.perMinute, m.perTransition = 0.12, 0
		}
	}
	if rapid.Bool().Draw(t, "has protect") {
		m.protect = modelProtect{flows: drawGlobs(t), when: drawParts(t, exact, 2)}
		for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "protect windows") {
			m.protect.windows = append(m.protect.windows, drawWindow(t, m))
		}
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "rules") {
		m.rules = append(m.rules, drawRule(t, i, m, exact))
	}
	return m
}

// yaml writes the model as a policy file.
func (m modelPolicy) yaml() string {
	var b strings.Builder
	b.WriteString("version: 1\nvars: {limit: 2h, names: [a-1, b-1]}\n")
	line := func(yes bool, format string, args ...any) {
		if yes {
			fmt.Fprintf(&b, format+"\n", args...)
		}
	}
	line(m.mode != "", "mode: %s", m.mode)
	line(true, "notify: [{name: all, kind: webhook, url: 'http://localhost/'}]")
	line(len(m.calendars) > 0, "calendars:")
	for _, name := range slices.Sorted(maps.Keys(m.calendars)) {
		if m.filed && name == "holidays" {
			line(true, "  holidays: {file: holidays.ics}")
			continue
		}
		line(true, "  %s: {days: %s}", name, quoted(m.calendars[name]))
	}
	if len(m.protect.flows)+len(m.protect.when)+len(m.protect.windows) > 0 {
		b.WriteString("protect:\n")
		line(len(m.protect.windows) > 0, "  window:")
		for _, w := range m.protect.windows {
			line(true, "    - %s", w.yaml())
		}
		line(len(m.protect.flows) > 0, "  flows: %s", quoted(m.protect.flows))
		line(len(m.protect.when) > 0, "  when: |\n    %s", strings.Join(m.protect.when, " and "))
	}
	if m.priced {
		fmt.Fprintf(&b, "pricing:\n  currency: CNY\n")
		line(m.perTransition > 0, "  perTransition: %v", m.perTransition)
		line(m.perMinute > 0, "  perMinute: [{flows: [\"a*\"], price: %v}]", m.perMinute)
	}
	b.WriteString("rules:\n")
	for _, r := range m.rules {
		r.write(line)
	}
	return b.String()
}

// files are the policy's calendar, if it is one: each range of days is written in another
// way, all of which mean the same.
func (m modelPolicy) files() Files {
	if !m.filed {
		return nil
	}
	text := "BEGIN:VCALENDAR\r\n"
	for i, days := range m.calendars["holidays"] {
		first, last, ranged := strings.Cut(days, "..")
		if !ranged {
			last = first
		}
		from, _ := time.Parse(time.DateOnly, first)
		to, _ := time.Parse(time.DateOnly, last)
		const day = "20060102"
		lines := []string{"DTEND;VALUE=DATE:" + to.AddDate(0, 0, 1).Format(day)}
		switch count := int(to.Sub(from)/(24*time.Hour)) + 1; i % 3 {
		case 1:
			lines = []string{fmt.Sprintf("DURATION:P%dD", count)}
		case 2: // two days too many, which are taken out
			lines = []string{"RRULE:FREQ=DAILY;UNTIL=" + to.AddDate(0, 0, 2).Format(day), "EXDATE;VALUE=DATE:" + to.AddDate(0, 0, 1).Format(day) + "," + to.AddDate(0, 0, 2).Format(day)}
		}
		text += "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:" + from.Format(day) + "\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
	}
	return Files{{"holidays.ics", []byte(text + "END:VCALENDAR\r\n")}}
}

func (r modelRule) write(line func(yes bool, format string, args ...any)) {
	line(true, "  - name: %s", r.name)
	line(r.mode != "", "    mode: %s", r.mode)
	line(len(r.flows) > 0, "    flows: %s", quoted(r.flows))
	line(len(r.on) > 0, "    on: [%s]", strings.Join(r.on, ", "))
	line(r.maxRuntime > 0, "    maxRuntime: %s", r.maxRuntime)
	line(r.warnBefore > 0, "    warnBefore: %s", r.warnBefore)
	if e := r.endBy; e != nil {
		line(true, "    endBy: {%stime: %q, timeZone: %s}", e.modelDays.yaml(), e.time, e.zone)
	}
	line(r.maxCost > 0, "    maxCost: %v", r.maxCost)
	line(true, "    when: |\n      %s", strings.Join(append([]string{"true"}, r.when...), "\n      and "))
	if r.window != nil {
		line(true, "    window: %s", r.window.yaml())
	}
	line(r.maxConcurrent > 0, "    maxConcurrent: %d", r.maxConcurrent)
	line(r.maxConcurrent > 0 && r.countBy != "", "    countBy: %s", r.countBy)
	line(r.maxConcurrent > 0 && r.oldest, "    stopFirst: oldest")
	line(r.maxConcurrent > 0 && r.mapChildren, "    mapChildren: count")
}

func (w *modelWindow) yaml() string {
	return fmt.Sprintf(`{%shours: "%02d:00-%02d:00", timeZone: %s}`, w.modelDays.yaml(), w.from, w.to, w.zone)
}

// yaml are the days' keys, each with a comma behind it.
func (d modelDays) yaml() string {
	var week []string
	for _, day := range d.week {
		week = append(week, day.String()[:3])
	}
	keys := ""
	if len(week) > 0 {
		keys += fmt.Sprintf("days: %q, ", strings.Join(week, ","))
	}
	if d.month != "" {
		keys += fmt.Sprintf("monthDays: %q, ", d.month)
	}
	for key, calendars := range map[string]map[string][]string{"except": d.except, "also": d.also} {
		if len(calendars) > 0 {
			keys += fmt.Sprintf("%s: [%s], ", key, strings.Join(slices.Sorted(maps.Keys(calendars)), ", "))
		}
	}
	return keys
}

func quoted(texts []string) string { return `["` + strings.Join(texts, `", "`) + `"]` }

// world is what the model judges: one flow and its executions, beside others.
type world struct {
	now        time.Time
	event      *Event
	flow       *Flow
	executions []*Execution
	beside     []modelFlow
	warned     map[string]time.Time // as Facts have it, of each execution
}

func drawWorld(t *rapid.T) world {
	w := world{
		now:   drawNow(t),
		event: &Event{Kind: draw(t, "kind", "timer", "timer", "timer", "manual", "alarm")},
		flow: &Flow{
			Name: draw(t, "flow", "a-1", "a-1", "a-2", "b-1"), DistributedMap: rapid.Bool().Draw(t, "distributed"),
			Env: draw(t, "env", nil, map[string]string{"STAGE": "test"}, map[string]string{"OFF": "yes", "MAX": "1h"}, map[string]string{"MAX": "soon"}),
		},
	}
	w.flow.EnvDoubt = draw(t, "flow doubt", "", "", "", "a variable is given twice")
	w.event.Time = w.now.Add(-time.Minute)
	if w.event.Kind == "alarm" {
		w.event.Data = draw(t, "data", nil, map[string]any{"state": "ALARM", "detail": nil}, map[string]any{"state": "OK", "detail": `{"x":1}`},
			map[string]any{"detail": map[string]any{"x": "a-1"}}, map[string]any{"detail": []any{1}})
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "executions") {
		w.executions = append(w.executions, drawExecution(t, i, w.now))
	}
	w.flow.Live = NewLive(w.now, w.executions)
	w.beside = drawBeside(t, w)
	NewTogether(w.now, w.flows(), "")
	return w
}

// drawBeside draws other flows of the account.
func drawBeside(t *rapid.T, w world) (all []modelFlow) {
	for _, name := range []string{"a-1", "a-2", "b-1"} {
		if name == w.flow.Name || rapid.Bool().Draw(t, "no flow "+name) {
			continue
		}
		c := modelFlow{flow: &Flow{
			Name: name, DistributedMap: rapid.IntRange(0, 5).Draw(t, "distributed") == 0,
			Env: draw(t, "env", nil, map[string]string{"STAGE": "test"}, map[string]string{"OFF": "yes", "MAX": "1h"}),
		}}
		for i := range rapid.IntRange(0, 3).Draw(t, "executions of "+name) {
			c.rows = append(c.rows, drawExecution(t, i, w.now))
		}
		if rapid.IntRange(0, 7).Draw(t, "incomplete") > 0 {
			c.flow.Live = NewLive(w.now, c.rows)
		}
		all = append(all, c)
	}
	return all
}

func (w world) flows() []*Flow {
	all := []*Flow{w.flow}
	for _, c := range w.beside {
		all = append(all, c.flow)
	}
	return all
}

// drawNow is a moment of a week, often on a boundary of some rule: mostly the tests',
// or one in which clocks are set, a leap day comes or the year ends.
func drawNow(t *rapid.T) time.Time {
	hours := rapid.IntRange(0, 6*24).Draw(t, "hours")
	week := draw(t, "week", testNow, testNow, testNow, noon(2026, 3, 28), noon(2026, 10, 24), noon(2028, 2, 28), noon(2026, 12, 31), noon(2026, 3, 7))
	return week.Add(-72*time.Hour + time.Duration(hours)*time.Hour + draw(t, "beside", 0, -1, 1, time.Second, 17*time.Minute))
}

func noon(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
}

func drawExecution(t *rapid.T, i int, now time.Time) *Execution {
	d, _ := time.ParseDuration(rapid.SampledFrom(append(modelDurations, "-10m", "0s", "50h")).Draw(t, "age"))
	e := &Execution{
		Name:        fmt.Sprintf("%s-%d", draw(t, "name", "run", "run", "job"), i),
		Status:      draw(t, "status", "Running", "Running", "Running", "Starting", "Succeeded", "Stopped", "", "Odd"),
		StartedTime: now.Add(-d).Add(draw(t, "beside", 0, 0, -1, 1, time.Second, -3*time.Minute)),
		Input: JSONInput(draw(t, "input", "", "null", "{}", `{"priority":"low","n":5}`, `{"priority":"high","n":6,"flag":true}`,
			`{"n":"many","max":"3h","deep":{"x":1}}`, `{"max":true}`, `{"broken"`, `{"n":5,"n":6}`, `{"flag":true,"deep":{"x":1,"x":2}}`,
			`{"n":6,"deep":"{\"x\":1}"}`, `{"flag":true,"deep":[1],"list":[1]}`, `{"deep":null}`, `{"deep":{"x":{"y":2}}}`, `{"deep":true,"list":{"x":1}}`, `{"list":5}`, `[{"n":6}]`, `"{\"n\":6}"`, `7`)),
	}
	e.Env = draw(t, "execution env", nil, map[string]string{"KEEP": "yes"}, map[string]string{"KEEP": "no"})
	e.EnvDoubt = draw(t, "execution doubt", "", "", "", "a variable is given twice")
	e.History = &History{
		Steps: draw(t, "steps", 0, 3, 4, 40), CurrentStep: draw(t, "step", "wait", "work"),
		LastEventTime: now.Add(-draw(t, "quiet", 0, time.Minute, time.Hour, 2*time.Hour+time.Second)),
	}
	return e
}

func (w world) facts(e *Execution) Facts {
	return Facts{Now: w.now, Event: w.event, Flow: w.flow, Execution: e, Warned: w.warned}
}

// warn draws what was warned of, and what once was by a rule that is another one now.
func (w *world) warn(t *rapid.T, p *Policy) {
	w.warned = map[string]time.Time{}
	for _, r := range p.Rules {
		if rapid.Bool().Draw(t, "warned by "+r.Name) {
			d, _ := time.ParseDuration(rapid.SampledFrom(append(modelDurations, "0s")).Draw(t, "warned ago"))
			w.warned[r.ID()] = w.now.Add(-d).Add(draw[time.Duration](t, "beside", 0, -1, 1))
		}
	}
}
