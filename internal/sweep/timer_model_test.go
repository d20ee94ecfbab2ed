package sweep_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// timerModel is a random policy, a random account, and what happens to both for
// an hour or so of sweeps. Whether an execution may be stopped it says itself,
// naively, from what it has made up.
type timerModel struct {
	rules    []modelRule
	maxStops int
	trickle  bool
	per      time.Duration
	offset   time.Duration
	account  account.Account
	ticks    []modelTick
	guard    [2]time.Duration // after the beginning, when protect has a window; the same: it has none
	hurt     int              // the tick after which nothing goes wrong any more
	sparse   *rand.Rand       // leaves fields out of listings' rows; nil: they are whole
}

type modelRule struct {
	flows   string // a glob
	age     time.Duration
	prefix  string // of the execution's name
	want    string // of its input; "" is any
	idle    time.Duration
	window  time.Duration // the rule's last moment, after the beginning; 0: always
	endBy   time.Duration // by when what has started must have ended, after the beginning; 0: never
	clock   *modelClock   // what a clock must show; nil: anything
	warn    time.Duration // before it stops; 0: it doesn't warn
	enforce bool
}

// modelClock is the hour that the clock of a zone shows.
type modelClock struct {
	zone string
	hour int
}

func (c *modelClock) shows(at time.Time) bool {
	zone, err := time.LoadLocation(c.zone)
	if err != nil {
		panic(err)
	}
	return at.In(zone).Hour() == c.hour
}

// modelTick is what happens before a sweep, and to it.
type modelTick struct {
	faults  []account.Fault
	restart bool
	lose    bool          // both copies of the state are damaged
	kill    time.Duration // into the sweep; 0: it lives
	deaf    bool          // no channel takes a message
	optOut  string        // a flow whose owner opts out
	odd     bool          // some answers lack startedTimes, or tell of a status unheard of
}

func drawTimer(r *rand.Rand) (m timerModel) {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	minutes := func(least, most int) time.Duration { return time.Duration(least+r.IntN(most-least)) * time.Minute }
	for range 1 + r.IntN(3) {
		rule := modelRule{flows: pick("*", "etl-*", "web-*"), age: minutes(5, 60), enforce: r.IntN(4) > 0}
		switch r.IntN(7) {
		case 4:
			rule.endBy = minutes(10, 40)
		case 0:
			rule.prefix = "a"
		case 1:
			rule.want = "stop"
		case 2:
			rule.idle = minutes(5, 20)
		case 3:
			rule.window = minutes(10, 40)
		case 5: // at the beginning it is 5:30 in one, in the other 5:45
			rule.clock = &modelClock{pick("Asia/Kolkata", "Asia/Kathmandu"), 5 + r.IntN(2)}
		}
		if r.IntN(3) == 0 {
			rule.warn = minutes(1, 20)
		}
		m.rules = append(m.rules, rule)
	}
	m.maxStops, m.per, m.trickle = []int{2, 8, 1000}[r.IntN(3)], minutes(10, 60), r.IntN(2) == 0
	m.offset = []time.Duration{0, 0, 0, 25 * time.Second, -25 * time.Second, 45 * time.Second, -time.Hour}[r.IntN(7)]
	m.account.Behaviour = account.Behaviour{
		Order: pick("random", "newest", "oldest"), StartedTimeBounds: pick("inclusive", "exclusive"),
		PageCursor: pick("key", "offset"), ClockOffset: account.Duration(m.offset), MaxSkew: ago(100 * time.Hour),
	}
	for i := range 1 + r.IntN(6) {
		m.account.Flows = append(m.account.Flows, drawFlow(r, fmt.Sprintf("%s%d", pick("etl-", "web-", "payroll-"), i)))
	}
	if r.IntN(3) == 0 {
		m.sparse = rand.New(rand.NewPCG(r.Uint64(), 1))
	}
	const ticks = 50
	m.hurt = r.IntN(ticks / 2)
	for i := range ticks {
		m.ticks = append(m.ticks, m.drawTick(r, i <= m.hurt))
	}
	if r.IntN(3) == 0 {
		from := minutes(0, 30)
		m.guard = [2]time.Duration{from, from + minutes(1, 20)}
	}
	return m
}

func drawFlow(r *rand.Rand, name string) account.Flow {
	f := account.Flow{Name: name}
	if r.IntN(6) == 0 {
		f.Environment = map[string]string{"FLOWREAPER": "off"}
	}
	for i := range r.IntN(12) + 100*(r.IntN(8)/7) {
		e := account.Execution{
			Name: fmt.Sprintf("%c%d", "ab"[r.IntN(2)], i), StartedAgo: ago(time.Duration(r.Int64N(int64(90 * time.Minute)))),
			Input: account.Payload(fmt.Sprintf(`{"want":%q}`, []string{"stop", "keep"}[r.IntN(2)])),
		}
		if r.IntN(4) == 0 {
			in := account.Duration(r.Int64N(int64(time.Hour)))
			e.EndsIn = &in
		}
		if r.IntN(3) == 0 {
			e.StepEvery = ago(time.Duration(1+r.IntN(25)) * time.Minute)
		}
		f.Executions = append(f.Executions, e)
	}
	return f
}

func (m timerModel) drawTick(r *rand.Rand, hurts bool) (t modelTick) {
	t.restart = r.IntN(8) == 0
	if r.IntN(20) == 0 {
		t.optOut = m.account.Flows[r.IntN(len(m.account.Flows))].Name
	}
	if !hurts {
		return t
	}
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	for range r.IntN(3) {
		t.faults = append(t.faults, account.Fault{
			Operation: pick("ListFlows", "ListExecutions", "ListExecutions", "StopExecution", "DescribeExecution", "GetExecutionHistory", "DescribeFlow"),
			Kind:      pick("error", "resetBefore", "resetAfter", "torn", "html502", "empty503"), Skip: r.IntN(4), Times: 1 + r.IntN(8),
		})
	}
	if r.IntN(5) == 0 {
		t.kill = time.Duration(r.Int64N(int64(40 * time.Second)))
	}
	t.lose = r.IntN(25) == 0
	t.deaf = r.IntN(3) == 0
	t.odd = r.IntN(4) == 0
	return t
}

func (m timerModel) policy(begin time.Time) string {
	over := map[bool]string{false: "withhold", true: "trickle"}[m.trickle]
	window := ""
	if m.guard[0] < m.guard[1] {
		window = fmt.Sprintf("window: {hours: %q}, ", begin.Add(m.guard[0]).Format("15:04")+"-"+begin.Add(m.guard[1]).Format("15:04"))
	}
	text := fmt.Sprintf("version: 1\npolicy: model\nmode: enforce\nlimits: {maxStops: %d, per: %v, maxShare: 100%%, over: %s}\n"+
		"protect: {flows: [\"payroll-*\"], "+window+"when: 'flow.env[\"FLOWREAPER\"] == \"off\"'}\n"+
		"notify: [{name: all, kind: webhook, url: 'http://localhost/'}]\nrules:\n", m.maxStops, m.per, over)
	for i, r := range m.rules {
		when := []string{"true"}
		if r.prefix != "" {
			when = append(when, fmt.Sprintf("execution.name startsWith %q", r.prefix))
		}
		if r.want != "" {
			when = append(when, fmt.Sprintf("execution.input.want == %q", r.want))
		}
		if r.idle > 0 {
			when = append(when, fmt.Sprintf("history.idle > duration(%q)", r.idle))
		}
		if r.clock != nil {
			when = append(when, fmt.Sprintf("hour(now, %q) == %d", r.clock.zone, r.clock.hour))
		}
		text += fmt.Sprintf("  - name: r%d\n    flows: [%q]\n    maxRuntime: %v\n", i, r.flows, r.age)
		if len(when) > 1 {
			text += "    when: '" + strings.Join(when[1:], " and ") + "'\n"
		}
		if r.window > 0 {
			text += fmt.Sprintf("    window: {hours: %q}\n", begin.Format("15:04")+"-"+begin.Add(r.window).Format("15:04"))
		}
		if r.endBy > 0 {
			text += fmt.Sprintf("    endBy: {time: %q}\n", begin.Add(r.endBy).Format("15:04"))
		}
		if r.warn > 0 {
			text += fmt.Sprintf("    warnBefore: %v\n", r.warn)
		}
		if !r.enforce {
			text += "    mode: plan\n"
		}
	}
	return text
}

// life is a model that is lived.
type life struct {
	timerModel
	*process
	begin  time.Time            // by CloudFlow's clock, at a full minute
	optOut map[string]time.Time // since when a flow's owner has opted out
	facts  map[string]account.Execution
	told   map[string]time.Time // when a report last said that an execution was not stopped
	blind  time.Time            // when a report had more to tell than it has room for
	odd    bool                 // this sweep's answers are
	read   atomic.Int64         // answers
	swept  int                  // sweeps in which all that was due was looked at, and nothing withheld
	tried  []time.Time          // the stops that reports tell of
	warned map[string]time.Time // when a channel took a warning first, by rule, flow and execution
	known  map[string]bool      // those since what is remembered was lost
}

// may says naively whether an execution may be stopped at a time by CloudFlow's
// clock, when its history was read so long before.
func (l *life) may(flow, name string, started, at time.Time, ago time.Duration) bool {
	if since, ok := l.optOut[flow]; strings.HasPrefix(flow, "payroll-") || ok && at.After(since) {
		return false
	}
	if from, to := l.begin.Add(l.guard[0]).Truncate(time.Minute), l.begin.Add(l.guard[1]).Truncate(time.Minute); !at.Before(from) && at.Before(to) {
		return false
	}
	e := l.facts[flow+"/"+name]
	age := at.Sub(started)
	idle := age
	if every := time.Duration(e.StepEvery); every > 0 {
		idle = age % every
		if idle < ago { // it was read before the latest step
			idle = every
		}
	}
	return slices.ContainsFunc(l.rules, func(r modelRule) bool {
		named, _ := path.Match(r.flows, flow)
		if warned, ok := l.warned[l.warning(r, flow, name)]; r.warn > 0 && (!ok || at.Before(warned.Add(r.warn))) {
			return false
		}
		return r.enforce && named && age > r.age && strings.HasPrefix(name, r.prefix) &&
			(r.want == "" || strings.Contains(string(e.Input), `"`+r.want+`"`)) &&
			(r.endBy == 0 || overBy(l.begin.Add(r.endBy).Truncate(time.Minute), started, at)) && (r.clock == nil || r.clock.shows(at)) && (r.idle == 0 || idle > r.idle) && (r.window == 0 || at.Before(l.begin.Add(r.window)))
	})
}

func overBy(moment, started, at time.Time) bool { return started.Before(moment) && !at.Before(moment) }

func (l *life) warning(r modelRule, flow, name string) string {
	return fmt.Sprintf("r%d/%s/%s", slices.Index(l.rules, r), flow, name)
}

// hear has a channel take a report's warnings, and the memory told of it. None comes
// twice, or for what was protected when its flow was listed, an hour ago perhaps: only a
// stop asks anew.
func (l *life) hear(r *result.Report) {
	for _, w := range r.Warnings {
		key := w.Rule + "/" + w.Flow + "/" + w.Execution
		if l.known[key] {
			l.t.Errorf("%v after the beginning %s is warned of, and was at %v", l.server.Now().Sub(l.begin), key, l.warned[key].Sub(l.begin))
		}
		if since, out := l.optOut[w.Flow]; strings.HasPrefix(w.Flow, "payroll-") || out && l.server.Now().After(since.Add(time.Hour)) {
			l.t.Errorf("%s is warned of, and protected", key)
		}
		l.known[key] = true
		if _, before := l.warned[key]; !before {
			l.warned[key] = l.server.Now()
		}
	}
	if err := l.memory.Warned(r.Warnings, time.Now()); err != nil {
		l.t.Error(err)
	}
}

// Whatever the policy, the account, the faults, the clock and the kills: only
// what may be stopped is, never more than the limits allow, and in a sweep that
// says it has seen everything, and withheld nothing, all of it.
func TestTimerModel(t *testing.T) {
	checks, swept := 0, 0
	for seed := range seeds(t, 12) {
		checks++
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			swept += liveTimer(t, drawTimer(rand.New(rand.NewPCG(seed, 1))))
		})
	}
	if swept == 0 && checks >= 20 {
		t.Error("no sweep could be held to having stopped everything")
	}
}

func liveTimer(t *testing.T, m timerModel) (swept int) {
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(&m.account, emulator.Options{Latency: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		l := &life{timerModel: m, begin: server.Now().UTC(), optOut: map[string]time.Time{}, facts: map[string]account.Execution{}, told: map[string]time.Time{}, warned: map[string]time.Time{}, known: map[string]bool{}}
		for _, f := range m.account.Flows {
			if f.Environment != nil {
				l.optOut[f.Name] = l.begin.Add(-time.Hour)
			}
			for _, e := range f.Executions {
				l.facts[f.Name+"/"+e.Name] = e
			}
		}
		l.process = &process{t: t, server: server, policy: parse(t, m.policy(l.begin)), file: file}
		l.wire = &edited{HTTPClient: server, edit: l.edit}
		if m.sparse != nil {
			l.wire = &sparse{HTTPClient: l.wire, rand: m.sparse}
		}
		l.start()
		for _, tick := range m.ticks {
			time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(70 * time.Second)))
			l.live(tick)
		}
		l.checkStops()
		swept = l.swept
		if t.Failed() {
			t.Logf("offset %v\n%s", m.offset, m.policy(l.begin))
		}
	})
	return swept
}

// start begins a process anew, whatever it doesn't believe of the file.
func (l *life) start() {
	var err error
	if l.quota, err = cloudflow.NewQuota(nil); err != nil {
		l.t.Fatal(err)
	}
	l.memory, _ = sweep.NewMemory(sweep.MemoryOptions{File: l.file, Quota: l.quota})
}

// edit makes the answers' times finer than milliseconds, and in an odd sweep has
// some of them say less, or something else, than they should.
func (l *life) edit(operation string, body []byte) []byte {
	n := l.read.Add(1)
	body = finer(operation, body)
	switch {
	case !l.odd || operation != cloudflow.OpListExecutions && operation != cloudflow.OpDescribeExecution:
	case n%5 == 0:
		return startedTime.ReplaceAll(body, []byte(`"StartedTime":""`))
	case n%5 == 1:
		return isRunning.ReplaceAll(body, []byte(`"Status":"Paused"`))
	}
	return body
}

func (l *life) live(tick modelTick) {
	l.odd = tick.odd
	l.server.ClearFaults()
	l.server.AddFaults(tick.faults...)
	if _, out := l.optOut[tick.optOut]; tick.optOut != "" && !out {
		l.optOut[tick.optOut] = l.server.Now()
		if err := l.server.SetEnvironment(tick.optOut, map[string]string{"FLOWREAPER": "off"}); err != nil {
			l.t.Fatal(err)
		}
	}
	if _, err := os.Stat(l.file + ".2"); tick.lose && err == nil {
		damageState(l.t, l.file)
		l.start()
		l.known = map[string]bool{}
	}
	if tick.restart {
		l.start()
	}
	restore := func() {}
	if tick.kill > 0 {
		restore = l.kill(tick.kill)
	}
	began := l.server.Now()
	r, err := l.sweep(50 * time.Second)
	restore()
	l.tell(r)
	if tick.kill > 0 {
		l.start()
		return
	}
	l.checkClaim(r, err, began)
	l.checkTrickle(r, began)
	if !tick.deaf {
		l.hear(r)
	}
}

// checkTrickle holds a sweep that lets some pass and withholds others to having
// withheld none that the limit had room for. What was counted and lost in an accident
// has room again after the window.
func (l *life) checkTrickle(r *result.Report, began time.Time) {
	hurt := l.begin.Add(time.Duration(l.hurt+3)*time.Minute + l.per)
	if r.Withheld == nil || r.Withheld.Until != nil || !r.Complete || began.Before(hurt) {
		return
	}
	tried := 0
	for _, at := range l.tried {
		if at.After(began.Add(-l.per)) {
			tried++
		}
	}
	n := 0
	for _, d := range r.Decisions {
		if d.Outcome == result.WithheldOutcome {
			n++
		}
	}
	if r.Withheld.Trickle != l.trickle || l.trickle && n > 0 && tried < l.maxStops {
		l.t.Errorf("%v after the beginning %d are withheld, though %d stops of %d were tried in %v: %+v", began.Sub(l.begin), n, tried, l.maxStops, l.per, r.Withheld)
	}
}

// tell takes in what a report says was not stopped, and why. Those are asked
// about again, less and less often.
func (l *life) tell(r *result.Report) {
	for _, d := range r.Decisions {
		if d.Cause != "" && d.Outcome != result.Planned && d.Outcome != result.WithheldOutcome && d.Outcome != result.NotTried {
			l.tried = append(l.tried, l.server.Now())
		}
		byWindow := d.Outcome == result.ProtectedOutcome && strings.Contains(d.Reason, " in window ") // it is looked at when that shuts
		if d.Outcome != result.Stopped && d.Outcome != result.Planned && !byWindow {
			l.told[d.Flow+"/"+d.Execution] = l.server.Now()
		}
	}
	untold := []string{"Undecided", "UnknownStatus"} // these name some
	if slices.ContainsFunc(r.Errors, func(n result.ErrorNote) bool { return slices.Contains(untold, n.Code) }) {
		l.blind = l.server.Now()
	}
	for _, u := range r.Undecided {
		l.told[u.Flow+"/"+u.Execution] = l.server.Now()
	}
}

// checkClaim holds a sweep that says it is complete, and that nothing is
// withheld, to having left nothing that was due when it began, but for what it
// or one a quarter of an hour before has told of.
func (l *life) checkClaim(r *result.Report, err error, began time.Time) {
	if !r.Complete || err != nil || began.Sub(l.blind) < 16*time.Minute || l.offset.Abs() > 30*time.Second {
		return
	}
	l.swept++
	// A minute, since what fell due while a long listing was judged is seen by the
	// next sweep but one; the margin; and what is not known of the clock before
	// the first answer.
	slack := time.Minute + 5*time.Second + 2*l.offset.Abs()
	for _, flow := range l.server.Flows() {
		for e := range l.server.Executions(flow.Name) {
			if told, ok := l.told[flow.Name+"/"+e.Name]; ok && began.Sub(told) < 16*time.Minute {
				continue
			}
			if e.Status == "Running" && l.may(flow.Name, e.Name, e.StartedTime, began.Add(-slack), 0) && l.may(flow.Name, e.Name, e.StartedTime, l.server.Now(), 0) {
				l.t.Errorf("%v after the beginning: the sweep was complete, and %s of %s, %v old, runs on",
					began.Sub(l.begin), e.Name, flow.Name, began.Sub(e.StartedTime))
			}
		}
	}
}

// checkStops holds all stops against what may be stopped, and the limits.
func (l *life) checkStops() {
	const lately = time.Minute + 5*time.Second // so old may facts be, and as long may a call take
	stops := l.server.Stats().Stops
	slices.SortFunc(stops, func(a, b emulator.Stop) int { return a.At.Compare(b.At) })
	for i, s := range stops {
		if !l.may(s.Flow, s.Execution, s.StartedTime, s.At, lately) {
			l.t.Errorf("%v after the beginning %s of %s was stopped, %v old", s.At.Sub(l.begin), s.Execution, s.Flow, s.At.Sub(s.StartedTime))
		}
		if first := i - l.maxStops; first >= 0 && s.At.Sub(stops[first].At) < l.per-time.Second {
			l.t.Errorf("%d stops in %v, %d are allowed in %v", l.maxStops+1, s.At.Sub(stops[first].At), l.maxStops, l.per)
		}
	}
	if l.offset.Abs() > 30*time.Second && len(stops) > 0 {
		l.t.Errorf("%d stops by a clock that is %v off", len(stops), l.offset)
	}
}
