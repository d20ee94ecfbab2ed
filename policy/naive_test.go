package policy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
	"github.com/go-json-experiment/json/jsontext"
)

// The oracle: a naive evaluator of what a policy means. It shares no code with
// the package beyond the facts: it works on the model from which a policy's
// text is written, runs expressions on expr's own virtual machine, and knows
// neither stages nor queries.

// modelPolicy is a policy before it is written as YAML.
type modelPolicy struct {
	mode    string
	protect modelProtect
	// calendars are lists of days and ranges, by their names.
	calendars map[string][]string
	filed     bool // the holidays are in a file
	// prices, absent where priced is false
	priced        bool
	perTransition float64
	perMinute     float64 // of flows that begin with "a"
	rules         []modelRule
}

type modelProtect struct {
	flows   []string
	windows []*modelWindow
	when    []string // top-level parts
}

type modelRule struct {
	name          string
	mode          string // "" is the policy's
	flows         []string
	maxRuntime    time.Duration
	warnBefore    time.Duration
	endBy         *modelEndBy
	maxCost       float64 // 0 is none
	when          []string
	window        *modelWindow
	on            []string
	maxConcurrent int
	countBy       string
	oldest        bool
	mapChildren   bool
}

type modelWindow struct {
	modelDays
	from, to int // hours
	zone     string
}

type modelEndBy struct {
	modelDays
	time, zone string
}

// over looks at a clock on the wall from a day before the start on, every half hour,
// for the first time that it shows the time or a later one of each of the days.
func (e *modelEndBy) over(started, now time.Time) bool {
	zone, err := time.LoadLocation(e.zone)
	if err != nil {
		panic(err)
	}
	const halfHour = 30 * time.Minute // no time of the model, and no setting of its clocks, is between
	seen := ""                        // the latest day whose time has been shown
	for at := started.Add(-26 * time.Hour).Truncate(halfHour); !at.After(now); at = at.Add(halfHour) {
		local := at.In(zone)
		noon := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)
		if local.Format("15:04") < e.time {
			noon = noon.AddDate(0, 0, -1)
		}
		if day := noon.Format("2006-01-02"); day > seen {
			seen = day
			if at.After(started) && e.on(noon) {
				return true
			}
		}
	}
	return false
}

// modelDays are the days of a window.
type modelDays struct {
	week  []time.Weekday // none is all
	month string         // a key of modelMonths; "" is all

	except, also map[string][]string // of the policy's calendars
}

// modelMonths are days of the month, and whether one of so long a month is among them.
var modelMonths = map[string]func(day, length int) bool{
	"4..27":              func(day, _ int) bool { return 4 <= day && day <= 27 },
	"last":               func(day, length int) bool { return day == length },
	"last-2..last, 1..3": func(day, length int) bool { return day >= length-2 || day <= 3 },
	"31":                 func(day, _ int) bool { return day == 31 },
	"29":                 func(day, _ int) bool { return day == 29 },
	"1, 4, 15..last-1":   func(day, length int) bool { return day == 1 || day == 4 || 15 <= day && day < length },
}

// naive is a model and its compiled parts.
type naive struct {
	model    modelPolicy
	programs programs
	rows     []*Execution // all of the flow's
	beside   []modelFlow  // the other flows
}

// modelFlow is a flow and all its executions; without a Live nobody has the whole list.
type modelFlow struct {
	flow *Flow
	rows []*Execution
}

// programs are parts that were compiled before.
type programs map[string]*vm.Program

// answer is what the oracle says, and what a verdict is compared as.
type answer struct {
	Decision  Decision
	Rule      string
	Mode      Mode
	NotWarned bool
	WouldAlso []string
	Undecided []string
}

func answerOf(v Verdict) answer {
	a := answer{Decision: v.Decision, WouldAlso: v.WouldAlso}
	if v.Rule != nil {
		a.Rule, a.Mode, a.NotWarned = v.Rule.Name, v.Mode, v.NotWarned
	}
	for _, u := range v.Undecided {
		a.Undecided = append(a.Undecided, u.Rule)
	}
	return a
}

// verdict is three-valued: true, false, or an error.
type tri int

const (
	triFalse tri = iota
	triTrue
	triError
)

func triOf(b bool) tri {
	if b {
		return triTrue
	}
	return triFalse
}

// conjunction: any false is false, else any error is one.
func conjunction(parts []tri) tri {
	switch {
	case slices.Contains(parts, triFalse):
		return triFalse
	case slices.Contains(parts, triError):
		return triError
	}
	return triTrue
}

func (n *naive) judge(f Facts) answer {
	a := answer{Decision: Keep}
	var condemning []modelRule
	for _, r := range n.model.rules {
		switch conjunction(n.rule(r, f)) {
		case triTrue:
			condemning = append(condemning, r)
		case triError:
			a.Undecided = append(a.Undecided, r.name)
		}
	}
	if len(condemning) == 0 {
		return a
	}
	speaks := slices.IndexFunc(condemning, func(r modelRule) bool { return n.mode(r) == ModeEnforce && !n.waits(r, f) })
	if speaks < 0 {
		speaks = max(0, slices.IndexFunc(condemning, func(r modelRule) bool { return n.mode(r) == ModeEnforce }))
	}
	a.Decision, a.Rule, a.Mode, a.NotWarned = Stop, condemning[speaks].name, n.mode(condemning[speaks]), n.waits(condemning[speaks], f)
	for i, r := range condemning {
		if i != speaks {
			a.WouldAlso = append(a.WouldAlso, r.name)
		}
	}
	if n.protected(f) {
		a.Decision = Protected
	}
	return a
}

// warned is when a rule has warned of the execution.
func (n *naive) warned(r modelRule, f Facts) (at time.Time, ok bool) {
	for id, at := range f.Warned {
		if strings.HasPrefix(id, r.name+"/") {
			return at, true
		}
	}
	return at, false
}

func (n *naive) waits(r modelRule, f Facts) bool {
	at, warned := n.warned(r, f)
	return r.warnBefore > 0 && n.mode(r) == ModeEnforce && (!warned || f.Now.Sub(at) < r.warnBefore)
}

// stops says whether some rule condemns, and waits for no time that is known.
func (n *naive) stops(f Facts) bool {
	return slices.ContainsFunc(n.model.rules, func(r modelRule) bool {
		_, warned := n.warned(r, f)
		return conjunction(n.rule(r, f)) == triTrue && !(warned && n.waits(r, f))
	})
}

// ahead are the rules that warn now of what they will stop. What will be too many by then
// nobody knows: that is as it is now, and of those alone that a rule is about by now.
func (n *naive) ahead(now Facts) (names []string) {
	for _, r := range n.model.rules {
		f := now
		f.Now = now.Now.Add(r.warnBefore + 2*time.Minute)
		_, warned := n.warned(r, f)
		condemned := conjunction(append(n.withoutCrowd(r, f), n.crowd(r, now))) == triTrue && (r.maxConcurrent == 0 || conjunction(n.withoutCrowd(r, now)) != triFalse)
		if r.warnBefore > 0 && n.mode(r) == ModeEnforce && !warned && condemned && !n.protected(f) {
			names = append(names, r.name)
		}
	}
	return names
}

func (n *naive) mode(r modelRule) Mode {
	if n.model.mode == "enforce" && r.mode != "plan" {
		return ModeEnforce
	}
	return ModePlan
}

func (n *naive) protected(f Facts) bool {
	if len(n.model.protect.flows) > 0 && listNames(n.model.protect.flows, f.Flow.Name) {
		return true
	}
	if slices.ContainsFunc(n.model.protect.windows, func(w *modelWindow) bool { return w.open(f.Now) }) {
		return true
	}
	if len(n.model.protect.when) == 0 {
		return false
	}
	return conjunction(n.parts(n.model.protect.when, f)) != triFalse
}

// rule evaluates everything that a rule demands.
func (n *naive) rule(r modelRule, f Facts) []tri {
	return append(n.withoutCrowd(r, f), n.crowd(r, f))
}

func (n *naive) crowd(r modelRule, f Facts) tri {
	switch {
	case r.maxConcurrent == 0:
		return triTrue
	case r.countBy != "" && r.countBy != "flow":
		return n.crowdedByKey(r, f)
	}
	return n.crowded(r, f)
}

func (n *naive) withoutCrowd(r modelRule, f Facts) []tri {
	parts := n.parts(r.when, f)
	parts = append(parts, triOf(statusJudged(r, f.Execution.Status)), triOf(triggered(r, f.Event.Kind)))
	if len(r.flows) > 0 {
		parts = append(parts, triOf(listNames(r.flows, f.Flow.Name)))
	}
	if r.maxRuntime > 0 {
		parts = append(parts, triOf(f.Now.After(f.Execution.StartedTime.Add(r.maxRuntime))))
	}
	if r.endBy != nil {
		parts = append(parts, triOf(r.endBy.over(f.Execution.StartedTime, f.Now)))
	}
	if r.maxCost > 0 {
		cost, priced := n.cost(f)
		parts = append(parts, triOf(priced && cost > r.maxCost))
	}
	if r.window != nil {
		parts = append(parts, triOf(r.window.open(f.Now)))
	}
	return parts
}

func statusJudged(r modelRule, status string) bool {
	asked := strings.Contains(strings.Join(r.when, " "), "execution.status") || slices.Contains(r.on, "event")
	return status == "Running" || asked && status == "Starting"
}

func triggered(r modelRule, kind string) bool {
	on := r.on
	if len(on) == 0 {
		on = []string{"timer", "manual"}
	}
	switch kind {
	case "timer", "manual":
		return slices.Contains(on, kind)
	}
	return slices.Contains(on, "event")
}

// listNames reads globs through regular expressions.
func listNames(globs []string, name string) bool {
	named := strings.HasPrefix(globs[0], "!")
	for _, g := range globs {
		pattern := regexp.QuoteMeta(strings.TrimPrefix(g, "!"))
		pattern = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(pattern)
		if regexp.MustCompile("^(?:" + pattern + ")$").MatchString(name) {
			named = !strings.HasPrefix(g, "!")
		}
	}
	return named
}

// open goes by what a clock on the wall shows, and by which days it shows.
func (w *modelWindow) open(t time.Time) bool {
	zone, err := time.LoadLocation(w.zone)
	if err != nil {
		panic(err)
	}
	local := t.In(zone)
	noon := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)
	today, yesterday := w.on(noon), w.on(noon.AddDate(0, 0, -1))
	if w.from < w.to {
		return today && w.from <= local.Hour() && local.Hour() < w.to
	}
	return today && local.Hour() >= w.from || yesterday && local.Hour() < w.to
}

func (d modelDays) on(noon time.Time) bool {
	length := noon.AddDate(0, 1, -noon.Day()).Day()
	switch {
	case listed(d.also, noon):
		return true
	case listed(d.except, noon):
		return false
	}
	return (len(d.week) == 0 || slices.Contains(d.week, noon.Weekday())) && (d.month == "" || modelMonths[d.month](noon.Day(), length))
}

// listed goes through all days of all calendars, one by one.
func listed(calendars map[string][]string, noon time.Time) bool {
	for _, days := range calendars {
		for _, text := range days {
			first, last, _ := strings.Cut(text, "..")
			for {
				if first == noon.Format("2006-01-02") {
					return true
				}
				if last == "" || first == last {
					break
				}
				date, _ := time.Parse("2006-01-02", first)
				first = date.AddDate(0, 0, 1).Format("2006-01-02")
			}
		}
	}
	return false
}

func (n *naive) cost(f Facts) (cost float64, priced bool) {
	minute := n.model.priced && n.model.perMinute > 0 && strings.HasPrefix(f.Flow.Name, "a")
	if !minute && !(n.model.priced && n.model.perTransition > 0) {
		return 0, false
	}
	if minute {
		cost += n.model.perMinute * age(f).Minutes()
	}
	return cost + n.model.perTransition*float64(f.Execution.History.Steps), true
}

func age(f Facts) time.Duration { return max(0, f.Now.Sub(f.Execution.StartedTime)) }

// crowded says whether an execution is of the surplus, as docs/policy.md has it:
// of what meets the rule's other conditions, or may, fewer come before it than
// are too many. protect has no say in that.
func (n *naive) crowded(r modelRule, f Facts) tri {
	if f.Flow.DistributedMap && !r.mapChildren {
		return triError
	}
	before := 0
	for _, e := range n.rows {
		other := f
		other.Execution = e
		if running(e) && comesBefore(r, e, f.Execution, "", "") && conjunction(n.withoutCrowd(r, other)) != triFalse {
			before++
		}
	}
	tooMany := n.live() - r.maxConcurrent
	return triOf(before < tooMany)
}

// crowdedByKey is crowded for what is counted over flows: all that the rule is about.
func (n *naive) crowdedByKey(r modelRule, f Facts) tri {
	own, ok := n.key(r, f)
	if !ok {
		return triError
	}
	counted, before := 0, 0
	for _, c := range append([]modelFlow{{f.Flow, n.rows}}, n.beside...) {
		other := f
		other.Flow, other.Execution = c.flow, &Execution{Input: JSONInput(""), History: &History{}}
		if len(r.flows) > 0 && !listNames(r.flows, c.flow.Name) || slices.Contains(n.parts(flowParts(r.when), other), triFalse) {
			continue
		}
		if c.flow.Live == nil || c.flow.DistributedMap && !r.mapChildren {
			return triError
		}
		seen := map[string]bool{}
		for _, e := range c.rows {
			other.Execution = e
			if key, ok := n.key(r, other); !running(e) || !ok || key != own || seen[e.Name] {
				continue
			}
			seen[e.Name] = true
			counted++
			if comesBefore(r, e, f.Execution, c.flow.Name, f.Flow.Name) && conjunction(n.withoutCrowd(r, other)) != triFalse {
				before++
			}
		}
	}
	return triOf(before < counted-r.maxConcurrent)
}

// flowParts are those that hang on nothing but the flow, the event and the time.
func flowParts(parts []string) (all []string) {
	for _, part := range parts {
		if !regexp.MustCompile(`execution|history|flow\.live|run`).MatchString(part) {
			all = append(all, part)
		}
	}
	return all
}

// modelKeys are what executions are counted by, and what says which keys two have.
var modelKeys = map[string]func(f Facts) any{
	"rule":                func(Facts) any { return true },
	"flow.name":           func(f Facts) any { return f.Flow.Name },
	"execution.input.n":   func(f Facts) any { return inputField(f, "n") },
	"execution.input.max": func(f Facts) any { return inputField(f, "max") },
	"split(execution.name, \"-\")[0]": func(f Facts) any {
		first, _, _ := strings.Cut(f.Execution.Name, "-")
		return first
	},
	"execution.input.priority": func(f Facts) any { return inputField(f, "priority") },
}

func inputField(f Facts, name string) any {
	fields, _ := inputOf(f.Execution).(map[string]any)
	return fields[name]
}

// key is an execution's; false where it has none.
func (n *naive) key(r modelRule, f Facts) (any, bool) {
	switch key := modelKeys[r.countBy](f).(type) {
	case string, bool, float64:
		return key, true
	}
	return nil, false
}

func running(e *Execution) bool { return e.Status == "Running" || e.Status == "Starting" }

func (n *naive) live() int {
	names := map[string]bool{}
	for _, e := range n.rows {
		if running(e) {
			names[e.Name] = true
		}
	}
	return len(names)
}

// comesBefore says whether a rule stops one execution rather than another.
func comesBefore(r modelRule, e, than *Execution, flow, thanFlow string) bool {
	if r.oldest {
		e, than, flow, thanFlow = than, e, thanFlow, flow
	}
	if e.StartedTime.Equal(than.StartedTime) {
		return e.Name > than.Name || e.Name == than.Name && flow > thanFlow
	}
	return e.StartedTime.After(than.StartedTime)
}

// parts evaluates texts on expr's virtual machine.
func (n *naive) parts(texts []string, f Facts) []tri {
	var results []tri
	for _, text := range texts {
		results = append(results, n.part(text, f))
	}
	return results
}

func (n *naive) part(text string, f Facts) tri {
	program, ok := n.programs[text]
	if !ok {
		var err error
		program, err = expr.Compile(nullable.Replace(text), expr.Optimize(false), expr.DisableBuiltin("duration"), expr.DisableBuiltin("date"), durationFunction, dateFunction,
			wallFunction("hour", "15"), wallFunction("weekday", "Mon"), wallFunction("monthDay", "2"), expr.Env(n.env(emptyFacts())))
		if err != nil {
			panic(fmt.Sprintf("%s: %v", text, err))
		}
		const most = 20_000
		if len(n.programs) == most {
			clear(n.programs)
		}
		n.programs[text] = program
	}
	result, err := vm.Run(program, n.env(f))
	holds, ok := result.(bool)
	if err != nil || !ok {
		return triError
	}
	return triOf(holds)
}

// nullable writes out, in expr's own words, that a path through what isn't there
// is nil.
var nullable = strings.NewReplacer(".deep.", ".deep?.", ".list[0]", "?.list?.[0]", ".x.", ".x?.", ".detail.", ".detail?.")

var durationFunction = expr.Function("duration", func(params ...any) (any, error) {
	text, ok := params[0].(string)
	if !ok {
		return nil, fmt.Errorf("duration of %T", params[0])
	}
	return time.ParseDuration(text)
}, new(func(string) time.Duration))

// wallFunction prints what the clock on the wall shows.
func wallFunction(name, layout string) expr.Option {
	return expr.Function(name, func(params ...any) (any, error) {
		text, err := onWall(params, layout)
		if err != nil || name == "weekday" {
			return text, err
		}
		return strconv.Atoi(text)
	})
}

func onWall(params []any, layout string) (string, error) {
	at, ok := params[0].(time.Time)
	if !ok {
		return "", fmt.Errorf("no time: %T", params[0])
	}
	zone, err := time.LoadLocation(append(params, "UTC")[1].(string))
	if err != nil {
		return "", err
	}
	return at.In(zone).Format(layout), nil
}

var dateFunction = expr.Function("date", func(params ...any) (any, error) {
	text, ok := params[0].(string)
	if !ok {
		return onWall(params, "2006-01-02")
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	return time.Parse("2006-01-02", text)
}, new(func(string) time.Time), new(func(time.Time) string), new(func(time.Time, string) string))

func emptyFacts() Facts {
	return Facts{Event: &Event{}, Flow: &Flow{Live: NewLive(testNow, nil)}, Execution: &Execution{Input: JSONInput(""), History: &History{}}}
}

// inputOf decodes an input. Whatever reads one that isn't JSON, or gives a key
// twice, fails.
func inputOf(e *Execution) any {
	text := e.Input.fetched.text
	var input any
	switch {
	case text == "":
	case !jsontext.Value(text).IsValid() || json.Unmarshal([]byte(text), &input) != nil:
		return unreadable
	}
	if input == nil {
		return map[string]any{}
	}
	return input
}

// unreadable is a text, into which every path and in fail.
const unreadable = "unreadable"

// envOf is an environment. Whatever reads one in doubt fails.
func envOf(env map[string]string, doubt string) any {
	if doubt != "" {
		return unreadable
	}
	values := map[string]any{}
	for key, value := range env {
		values[key] = value
	}
	return values
}

// env is what the virtual machine reads.
func (n *naive) env(f Facts) map[string]any {
	var cost any
	if amount, priced := n.cost(f); priced {
		cost = amount
	}
	h := f.Execution.History
	return map[string]any{
		"now":   f.Now,
		"vars":  map[string]any{"limit": 2 * time.Hour, "names": []any{"a-1", "b-1"}},
		"event": map[string]any{"kind": f.Event.Kind, "data": f.Event.Data, "time": f.Event.Time},
		"flow":  map[string]any{"name": f.Flow.Name, "env": envOf(f.Flow.Env, f.Flow.EnvDoubt), "live": n.live()},
		"execution": map[string]any{
			"name": f.Execution.Name, "status": f.Execution.Status, "startedTime": f.Execution.StartedTime,
			"age": age(f), "input": plainNumbers(inputOf(f.Execution)), "env": envOf(f.Execution.Env, f.Execution.EnvDoubt), "cost": cost,
		},
		"history": map[string]any{"lastEventTime": h.LastEventTime, "steps": h.Steps, "currentStep": h.CurrentStep, "idle": max(0, f.Now.Sub(h.LastEventTime))},
	}
}

// plainNumbers makes numbers of JSON's, which the machine doesn't know.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		plain := map[string]any{}
		for key, value := range v {
			plain[key] = plainNumbers(value)
		}
		return plain
	case []any:
		var plain []any
		for _, item := range v {
			plain = append(plain, plainNumbers(item))
		}
		return plain
	case float64:
		return int(v)
	}
	return v
}
