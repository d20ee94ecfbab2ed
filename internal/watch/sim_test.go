package watch

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// The simulation is a model of an account and its documented quotas, and of a
// process that sweeps it on a timer. Time is a number that jumps from event to
// event, so a day of thousands of flows takes seconds.

var midnight = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// run is one execution of the model.
type run struct {
	flow    *modelFlow
	name    string
	started time.Time
	ends    time.Time // by itself; far away when it hangs
	stopped time.Time // when a stop took effect
	found   time.Time // when it was first found overdue
	odd     time.Time // when an answer last told too little of it to judge by
}

func (r *run) runningAt(t time.Time) bool {
	return !r.started.After(t) && t.Before(r.ends) && (r.stopped.IsZero() || t.Before(r.stopped))
}

type modelFlow struct {
	id       string
	leastAge time.Duration
	runs     []*run // by started time
	begun    int    // runs[:begun] have started
	live     []*run // those that may still run
}

// running lists what runs at t and started within the bounds, the latest first.
func (f *modelFlow) running(t, from, to time.Time) []*run {
	for f.begun < len(f.runs) && !f.runs[f.begun].started.After(t) {
		f.live = append(f.live, f.runs[f.begun])
		f.begun++
	}
	f.live = slices.DeleteFunc(f.live, func(r *run) bool { return !r.runningAt(t) })
	var rows []*run
	for _, r := range slices.Backward(f.live) {
		if (from.IsZero() || !r.started.Before(from)) && (to.IsZero() || !r.started.After(to)) {
			rows = append(rows, r)
		}
	}
	return rows
}

// bucket is a token bucket, the server's or the client's.
type bucket struct {
	rate, burst, level float64
	at                 time.Time
}

func (b *bucket) fill(t time.Time) float64 {
	if t.After(b.at) {
		b.level = min(b.burst, b.level+b.rate*t.Sub(b.at).Seconds())
		b.at = t
	}
	return b.level
}

// reserve takes a token and returns when it is there.
func (b *bucket) reserve(t time.Time) time.Time {
	b.fill(t)
	b.level--
	return t.Add(b.until(0))
}

// until is how long it takes to reach the level.
func (b *bucket) until(level float64) time.Duration {
	if b.level >= level {
		return 0
	}
	return time.Duration(math.Ceil((level - b.level) / b.rate * 1e9))
}

// event is an answer that arrives.
type event struct {
	at    time.Time
	order int
	do    func(now time.Time)
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return cmp.Or(e[i].at.Compare(e[j].at), cmp.Compare(e[i].order, e[j].order)) < 0
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any     { x := (*e)[len(*e)-1]; *e = (*e)[:len(*e)-1]; return x }

// scenario is an account and what happens to the process that watches it.
type scenario struct {
	flows    int
	starts   int // executions a flow and day
	cron     bool
	hang     float64
	median   time.Duration
	leastAge time.Duration
	large    int // flows with 4,000 live executions
	span     time.Duration
	restart  time.Duration // how often the process starts anew; 0: never
	forgets  bool          // without a file
	keep     bool          // nothing is ever stopped, as in plan mode
	naive    bool          // no Watch: every flow is listed in turn, as fast as the quota lets
	options  Options
}

// simulation is one simulated span of time.
type simulation struct {
	scenario
	t       testing.TB
	flowsBy map[string]*modelFlow
	runs    map[*modelFlow]map[string]*run
	sorted  []*modelFlow

	watch    *Watch
	file     *File
	now      time.Time
	end      time.Time
	events   events
	order    int
	stopping int // stops among the events

	listServer, describeServer     bucket
	list, describe, stop           bucket
	lists, describes, early, stops int
	throttled                      int
	looked                         map[*modelFlow]bool
	fullLook                       time.Time
	fullLookTicks                  int
	ticks                          int
	known                          int // most at any time
}

func newSimulation(t testing.TB, s scenario) *simulation {
	m := &simulation{
		scenario: s, t: t, flowsBy: map[string]*modelFlow{}, runs: map[*modelFlow]map[string]*run{},
		looked: map[*modelFlow]bool{}, now: midnight, end: midnight.Add(s.span),
		listServer:     bucket{2, 10, 10, midnight},
		describeServer: bucket{5, 50, 50, midnight},
	}
	m.file = newFile(filepath.Join(t.TempDir(), "state"))
	random := rand.New(rand.NewPCG(1, uint64(s.flows)))
	for i := range s.flows {
		m.addFlow(random, i)
	}
	slices.SortFunc(m.sorted, func(a, b *modelFlow) int { return cmp.Compare(a.id, b.id) })
	m.begin()
	return m
}

func (m *simulation) addFlow(random *rand.Rand, i int) {
	f := &modelFlow{id: fmt.Sprintf("%08x", random.Uint32()), leastAge: m.leastAge}
	begin := midnight.Add(-m.leastAge - time.Hour)
	hours := m.end.Sub(begin).Hours()
	starts := int(float64(m.starts) * hours / 24)
	median := m.median
	if i < m.large { // 4,000 live: an hour each at the median
		median = time.Hour
		starts = int(4000 / (1.44 * median.Hours()) * hours)
	}
	for n := range starts {
		started := begin.Add(time.Duration(random.Int64N(int64(m.end.Sub(begin)))))
		if m.cron {
			started = begin.Truncate(time.Hour).Add(time.Duration(float64(n)/float64(m.starts)*24*float64(time.Hour)) + 30*time.Minute).Truncate(time.Hour)
			started = started.Add(time.Duration(random.IntN(2000)) * time.Millisecond)
		}
		r := &run{flow: f, name: fmt.Sprintf("run-%d", n), started: started.Truncate(time.Millisecond)}
		r.ends = r.started.Add(m.length(random, median, i < m.large))
		f.runs = append(f.runs, r)
	}
	slices.SortFunc(f.runs, func(a, b *run) int { return a.started.Compare(b.started) })
	m.flowsBy[f.id] = f
	m.sorted = append(m.sorted, f)
	m.runs[f] = map[string]*run{}
	for _, r := range f.runs {
		m.runs[f][r.name] = r
	}
}

func (m *simulation) length(random *rand.Rand, median time.Duration, large bool) time.Duration {
	if random.Float64() < m.hang {
		return 1000 * time.Hour
	}
	if large {
		return time.Duration(random.ExpFloat64() * 1.44 * float64(median))
	}
	return time.Duration(float64(median) * math.Exp(random.NormFloat64()))
}

// begin starts a process: with empty buckets, or at the saved levels.
func (m *simulation) begin() {
	m.list = bucket{1.96, 8, 0, m.now}
	m.describe = bucket{4.9, 40, 0, m.now}
	m.stop = bucket{1.96, 8, 0, m.now}
	m.watch = New(m.options)
	if !m.forgets {
		var err error
		if m.watch, err = m.file.Load(m.options, m.now); err != nil {
			m.t.Fatal(err)
		}
		for name, b := range m.buckets() {
			if saved, ok := m.watch.Buckets[name]; ok {
				b.level, b.at = saved.Tokens, saved.At
			}
		}
	}
}

func (m *simulation) buckets() map[string]*bucket {
	return map[string]*bucket{"ListExecutions": &m.list, "DescribeExecution": &m.describe, "StopExecution": &m.stop}
}

func (m *simulation) save() {
	m.watch.Buckets = Buckets{}
	for name, b := range m.buckets() {
		m.watch.Buckets[name] = Bucket{Tokens: b.level, Rate: b.rate, At: b.at}
	}
	if err := m.file.Save(m.watch, m.now); err != nil {
		m.t.Fatal(err)
	}
}

// run sweeps at second 10 of every minute, and restarts now and then.
func (m *simulation) run() {
	begun := m.now
	for tick := midnight.Add(10 * time.Second); tick.Before(m.end); tick = tick.Add(time.Minute) {
		if m.restart > 0 && tick.Sub(begun) >= m.restart {
			if !m.forgets {
				m.save()
			}
			m.now = tick
			begun = tick
			m.begin()
		}
		m.now = tick
		m.sweep(tick.Add(50 * time.Second))
		m.ticks++
	}
}

// poll lists one flow after the other for ever, in the same slices of time and
// at the same rate.
func (m *simulation) poll() {
	next := 0
	for tick := midnight.Add(10 * time.Second); tick.Before(m.end); tick = tick.Add(time.Minute) {
		deadline := tick.Add(50 * time.Second)
		for m.now = tick; m.now.Before(deadline); {
			f := m.sorted[next%len(m.sorted)]
			next++
			rows := f.running(m.now, time.Time{}, time.Time{})
			for range max(1, (len(rows)+pageSize-1)/pageSize) {
				m.now = m.call(&m.list, &m.listServer)
				m.lists++
			}
			m.answered(f)
			for _, r := range rows {
				m.judge(r, deadline)
			}
		}
		m.events = nil
		m.ticks++
	}
}

func (m *simulation) sweep(deadline time.Time) {
	m.watch.Begin(m.now)
	if m.watch.FlowsDue(m.now) {
		m.watch.SetFlows(m.told(), m.leastAge, m.now)
	}
	for m.now.Before(deadline) {
		if len(m.events)-m.stopping < 16 && m.ask(deadline) {
			continue
		}
		if !m.wait(deadline) {
			break
		}
	}
	m.events, m.stopping = nil, 0 // what is under way when the slice ends is lost
	m.known = max(m.known, m.watch.knownCount)
}

func (m *simulation) told() []Flow {
	flows := make([]Flow, len(m.sorted))
	for i, f := range m.sorted {
		flows[i] = Flow{ID: f.id, Name: f.id, Query: "q", LeastAge: f.leastAge, ByStatusAlone: true}
	}
	return flows
}

// ask performs the next task, if there is one for which there are tokens.
func (m *simulation) ask(deadline time.Time) bool {
	tokens := Tokens{List: int(m.list.fill(m.now)), Describe: int(m.describe.fill(m.now))}
	task := m.watch.Next(m.now, tokens)
	switch {
	case task.Look != nil:
		m.look(task.Look, deadline)
	case task.Check != nil:
		m.check(task.Check, deadline)
	default:
		return false
	}
	return true
}

// wait lets time pass until the next answer or token; false when the sweep is
// over.
func (m *simulation) wait(deadline time.Time) bool {
	if len(m.events) > 0 {
		e := heap.Pop(&m.events).(event)
		m.now = e.at
		if m.now.Before(deadline) {
			e.do(m.now)
		}
		return true
	}
	if !m.watch.Next(m.now, Tokens{}).Wait {
		return false
	}
	m.now = m.now.Add(max(min(m.list.until(1), m.describe.until(1)), 20*time.Millisecond))
	return true
}

func (m *simulation) at(t time.Time, do func(now time.Time)) {
	m.order++
	heap.Push(&m.events, event{t, m.order, do})
}

// call makes one call against the server's quota.
func (m *simulation) call(client, server *bucket) time.Time {
	t := client.reserve(m.now)
	if server.fill(t) < 1 {
		m.throttled++
	}
	server.level--
	return t
}

func (m *simulation) look(l *Look, deadline time.Time) {
	f := m.flowsBy[l.FlowID]
	var rows []Execution
	asked := m.call(&m.list, &m.listServer)
	m.lists++
	for _, r := range f.running(asked, l.StartedTimeBegin, l.StartedTimeEnd) {
		rows = append(rows, Execution{Name: r.name, StartedTime: r.started})
	}
	pages := max(1, (len(rows)+pageSize-1)/pageSize)
	tooMany := pages > l.MaxPages
	pages = min(pages, l.MaxPages)
	for range pages - 1 {
		asked = m.call(&m.list, &m.listServer)
		m.lists++
	}
	m.at(asked.Add(50*time.Millisecond), func(now time.Time) {
		if tooMany {
			m.watch.TooMany(l, rows[:pages*pageSize], now)
			return
		}
		m.answered(f)
		m.watch.Looked(l, rows, pages, now)
		for _, e := range rows {
			m.judge(m.runs[f][e.Name], deadline)
		}
	})
}

func (m *simulation) answered(f *modelFlow) {
	if m.looked[f] {
		return
	}
	m.looked[f] = true
	if len(m.looked) == len(m.flowsBy) {
		m.fullLook, m.fullLookTicks = m.now, m.ticks+1
	}
}

func (m *simulation) check(c *Check, deadline time.Time) {
	m.describes++
	if c.Early {
		m.early++
	}
	r := m.runs[m.flowsBy[c.FlowID]][c.Execution]
	asked := m.call(&m.describe, &m.describeServer)
	running := r.runningAt(asked)
	m.at(asked.Add(30*time.Millisecond), func(now time.Time) {
		if !running {
			m.watch.Ended(c.FlowID, c.Execution)
			return
		}
		m.watch.Checked(c, Execution{StartedTime: r.started}, now)
		m.judge(r, deadline)
	})
}

// judge condemns what is overdue, and stops it as the quota allows.
func (m *simulation) judge(r *run, deadline time.Time) {
	due := r.started.Add(r.flow.leastAge)
	if m.now.Before(due.Add(AskWider)) {
		return
	}
	if r.found.IsZero() {
		r.found = m.now
	}
	if m.keep || !r.stopped.IsZero() {
		return
	}
	if m.stop.fill(m.now); m.stop.until(1) > deadline.Sub(m.now) {
		return
	}
	m.stops++
	t := m.stop.reserve(m.now)
	r.stopped = t
	m.stopping++
	m.at(t, func(time.Time) { m.stopping--; m.watch.Ended(r.flow.id, r.name) })
}

// result is what a simulation comes to.
type result struct {
	ratio     float64 // ListExecutions calls by the floor
	p50, p99  time.Duration
	most      time.Duration
	overdue   int // executions that were due after the first full look
	missed    int // due 120 s before the end and running still, not found or not stopped
	premature int
	throttled int
	lists     int
	describes int
	early     int
	known     int
	fullLook  int // ticks until every flow had been looked at
}

func (m *simulation) result() result {
	floor := float64(m.flows) * float64(m.span) / float64(m.leastAge)
	r := result{
		ratio: float64(m.lists) / floor, throttled: m.throttled, lists: m.lists,
		describes: m.describes, early: m.early, known: m.known, fullLook: m.fullLookTicks,
	}
	var late []time.Duration
	for _, f := range m.sorted {
		for _, x := range f.runs {
			due := x.started.Add(f.leastAge)
			if due.Before(m.end.Add(-2*time.Minute)) && x.runningAt(m.end) && (x.found.IsZero() || !m.keep) {
				r.missed++
			}
			if x.found.IsZero() {
				continue
			}
			if x.found.Before(due.Add(AskWider)) {
				r.premature++
			}
			if !m.fullLook.IsZero() && due.After(m.fullLook) {
				late = append(late, x.found.Sub(due))
			}
		}
	}
	slices.Sort(late)
	if r.overdue = len(late); r.overdue > 0 {
		r.p50, r.p99, r.most = late[len(late)/2], late[len(late)*99/100], late[len(late)-1]
	}
	return r
}
