package backtest_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// The engine sweeps an emulated account in memory, once a minute for an hour and a
// half, by a random policy; a backtest judges what would have been, had it not. Both
// must stop the same executions, by the same rules, in the same minutes.
//
// So that this is exact: a sweep comes at second 40 of a minute. What falls due does so
// before, in the same minute: executions start at seconds 33 to 36, limits are whole
// minutes or halves, and windows open at full minutes. What ends does so behind it, at
// seconds 45 to 48.
const (
	sweepsAt = 40 * time.Second
	span     = 90 // minutes
)

// lived is a made-up account, with all that really happened in it.
type lived struct {
	rules   []string // of the policy, without their modes
	head    string   // what comes before them
	account account.Account
}

func drawLived(r *rand.Rand) lived {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	l := lived{head: "version: 1\npolicy: model\nlimits: {maxStops: 100000, maxShare: 100%}\n" +
		"pricing: {currency: CNY, perMinute: [{price: 0.5}, {flows: [\"web-*\"], price: 2}]}\n"}
	if protect := pick("", "", "flows: [\"payroll-*\"]", `when: flow.env.FLOWREAPER == "off"`, `when: execution.input.want == "keep"`, `when: execution.input.n > 1`); protect != "" {
		l.head += "protect: {" + protect + "}\n"
	}
	for i := range 1 + r.IntN(4) {
		l.rules = append(l.rules, fmt.Sprintf("  - name: r%d\n%s", i, drawRule(r)))
	}
	for i := range 1 + r.IntN(5) {
		l.account.Flows = append(l.account.Flows, drawFlow(r, fmt.Sprintf("%s%d", pick("etl-", "web-", "payroll-"), i)))
	}
	return l
}

func drawRule(r *rand.Rand) string {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	text := "    flows: [" + pick(`"*"`, `"etl-*"`, `"web-*"`, `"!web-*"`) + "]\n"
	limit := func(most int) string { return fmt.Sprintf("%dm", 1+r.IntN(most)) }
	when := pick("", "", "", `execution.name startsWith "a"`, `execution.input.want == "stop"`, `execution.input.n > 2`, `execution.age > duration(execution.input.max)`,
		`execution.age * 2 > duration("`+limit(60)+`")`, fmt.Sprintf("flow.live > %d", r.IntN(5)), `now - execution.startedTime > duration("`+limit(30)+`")`,
		`execution.age > duration("`+limit(40)+`") or execution.input.want == "stop" and execution.age > duration("`+limit(20)+`")`,
		`flow.env.STAGE == "test"`, `execution.env.TIER != "gold"`, `not (execution.age < duration("`+limit(30)+`"))`, `string(execution.age) startsWith "1"`,
		`flow.live > 2 and execution.input.want != "keep"`, `execution.cost > execution.input.n`, fmt.Sprintf(`now > date("2000-01-01T00:%02d:00Z")`, r.IntN(60)),
		`execution.age > duration("`+limit(10)+`") and execution.age < duration("`+limit(30)+`")`)
	switch {
	case when != "" && r.IntN(3) > 0: // nothing besides
	case r.IntN(4) == 0:
		text += fmt.Sprintf("    maxConcurrent: %d\n    stopFirst: %s\n", 1+r.IntN(4), pick("newest", "oldest"))
		if by := pick("", "rule", "execution.input.n", "execution.input.max", "flow.env.STAGE"); by != "" {
			text += "    countBy: " + by + "\n"
		}
	case r.IntN(4) == 0:
		text += fmt.Sprintf("    maxCost: %d\n", 2+2*r.IntN(15))
	default:
		text += "    maxRuntime: " + limit(45) + "\n"
	}
	if when != "" {
		text += "    when: '" + when + "'\n"
	}
	passes := strings.Contains(when, "string(") || strings.Contains(when, "and execution.age <") // and may be over before the sweep after a window opens
	if r.IntN(4) == 0 && !passes {
		from := r.IntN(50)
		text += fmt.Sprintf("    window: [{hours: \"00:%02d-00:%02d\"}, {hours: \"01:%02d-01:%02d\"}]\n", from, from+1+r.IntN(59-from), from/3, from/3+2+r.IntN(30))
	}
	return text
}

func drawFlow(r *rand.Rand, name string) account.Flow {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	f := account.Flow{Name: name, ID: "id-" + name, Environment: map[string]string{"STAGE": pick("test", "prod")}}
	if r.IntN(5) == 0 {
		f.Environment["FLOWREAPER"] = "off"
	}
	for i := range r.IntN(14) + 60*(r.IntN(8)/7) {
		minute := r.IntN(span - 30)
		e := account.Execution{
			Name: fmt.Sprintf("%c%d", "ab"[r.IntN(2)], i), StartedIn: within(r, minute, 33),
			Input:       account.Payload(pick(`{"want":"stop","n":1,"max":"5m"}`, `{"want":"keep","n":3}`, `{"max":"soon"}`, `{"n":5,"max":"20m"}`, `{"want":"stop","n":"many"}`)),
			Environment: map[string]string{"TIER": pick("gold", "test")},
			EndStatus:   pick("Succeeded", "Succeeded", "Failed", "TimedOut"),
		}
		if r.IntN(5) > 0 {
			ends := within(r, minute+r.IntN(1+r.IntN(50)), 45)
			e.EndsIn = &ends
		}
		f.Executions = append(f.Executions, e)
	}
	return f
}

// within is a moment in the three seconds of a minute from one on.
func within(r *rand.Rand, minute, second int) account.Duration {
	return account.Duration(time.Duration(minute)*time.Minute + time.Duration(second*1000+r.IntN(3000))*time.Millisecond)
}

// text is the policy, each rule in a mode.
func (l lived) text(mode string, ruleMode func() string) string {
	text := l.head + "mode: " + mode + "\nrules:\n"
	for _, rule := range l.rules {
		text += rule
		if m := ruleMode(); m != "" {
			text += "    mode: " + m + "\n"
		}
	}
	return text
}

// past is what would have been, as it is recorded in the end.
func (l lived) past(begin time.Time) iter.Seq2[*history.Flow, error] {
	end := begin.Add(span * time.Minute)
	return func(yield func(*history.Flow, error) bool) {
		for i := range l.account.Flows {
			f := &l.account.Flows[i]
			past := &history.Flow{ID: f.ID, Name: f.Name, Covered: &history.FlowCoverage{ID: f.ID, Name: f.Name, Environment: f.Environment}}
			for j := range f.Executions {
				e := &f.Executions[j]
				past.Executions = append(past.Executions, history.Execution{
					Name: e.Name, Status: "Running", StartedTime: begin.Add(time.Duration(e.StartedIn)), SeenTime: end,
					Input: new(string(e.Input)), Environment: new(fmt.Sprintf("{%q:%q}", "TIER", e.Environment["TIER"])),
				})
				if last := &past.Executions[j]; e.EndsIn != nil {
					if at := begin.Add(time.Duration(*e.EndsIn)); at.Before(end) {
						last.Status, last.StoppedTime = e.EndStatus, at
					}
				}
			}
			if !yield(past, nil) {
				return
			}
		}
	}
}

// stopped is one stop, and the minute, or the second, in which it came.
type stopped struct {
	Execution string
	Rule      string
	At        int
}

func sorted(stops []stopped) []stopped {
	slices.SortFunc(stops, func(a, b stopped) int { return strings.Compare(a.Execution, b.Execution) })
	return stops
}

// swept has the engine live through it.
func (l lived) swept(t *testing.T) (begin time.Time, stops []stopped) {
	server, err := emulator.New(&l.account, emulator.Options{NoQuota: true})
	if err != nil {
		t.Fatal(err)
	}
	begin = server.Now().UTC()
	p, err := policy.Parse("model.yaml", []byte(l.text("enforce", func() string { return "" })))
	if err != nil {
		t.Fatal(err)
	}
	memory, quota := process(t)
	for minute := range span {
		time.Sleep(time.Until(begin.Add(time.Duration(minute)*time.Minute + sweepsAt)))
		sweepOnce(t, server, p, memory, quota)
	}
	time.Sleep(time.Until(begin.Add(span * time.Minute)))
	for _, s := range server.Stats().Stops {
		stops = append(stops, stopped{s.Flow + "/" + s.Execution, strings.TrimPrefix(s.Error, "FlowReaper."), int(s.At.Sub(begin) / time.Minute)})
	}
	return begin, stops
}

func process(t *testing.T) (*sweep.Memory, *cloudflow.Quota) {
	rates, err := cloudflow.ParseRates("ListExecutions=1000/1000,ListFlows=1000/1000,DescribeExecution=1000/1000,DescribeFlow=1000/1000,StopExecution=1000/1000,GetExecutionHistory=1000/1000")
	if err != nil {
		t.Fatal(err)
	}
	quota, err := cloudflow.NewQuota(rates)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := sweep.NewMemory(sweep.MemoryOptions{Quota: quota})
	if err != nil {
		t.Fatal(err)
	}
	return memory, quota
}

func sweepOnce(t *testing.T, server *emulator.Server, p *policy.Policy, memory *sweep.Memory, quota *cloudflow.Quota) {
	c, err := cloudflow.New(cloudflow.Options{
		Endpoint: "http://127.0.0.1:1", HTTPClient: server, Quota: quota,
		Credentials: cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := sweep.Run(context.Background(), sweep.Options{
		Policy: p, Source: c, Stopper: c, Memory: memory, Quota: quota,
		Until: time.Now().Add(15 * time.Second), Event: &policy.Event{Kind: "timer", Time: time.Now().UTC()},
	})
	if err != nil || !r.Complete {
		t.Fatalf("the sweep failed: %v, %v", err, r.Incomplete)
	}
}

func TestEngineModel(t *testing.T) {
	forEach(t, 12, func(t *testing.T, r *rand.Rand) int { return compare(t, drawLived(r), r) })
}

// forEach tries so many models, or FLOWREAPER_SOAK_CHECKS of them; FLOWREAPER_SOAK_SEED
// is the first one's. Each says how much was stopped in it.
func forEach(t *testing.T, checks int, try func(*testing.T, *rand.Rand) int) {
	if n, err := strconv.Atoi(os.Getenv("FLOWREAPER_SOAK_CHECKS")); err == nil {
		checks = n
	}
	first, stops := rand.Uint64(), 0
	if n, err := strconv.ParseUint(os.Getenv("FLOWREAPER_SOAK_SEED"), 10, 64); err == nil {
		first = n
	}
	for i := range uint64(checks) {
		seed := first + i
		t.Run(fmt.Sprint(seed), func(t *testing.T) { stops += try(t, rand.New(rand.NewPCG(seed, 1))) })
	}
	if stops == 0 && checks >= 6 {
		t.Error("nothing was stopped in any of them")
	}
}

func compare(t *testing.T, l lived, r *rand.Rand) int {
	var begin time.Time
	var want []stopped
	synctest.Test(t, func(t *testing.T) { begin, want = l.swept(t) })
	text := l.text([]string{"plan", "enforce"}[r.IntN(2)], func() string { return []string{"", "plan", "enforce"}[r.IntN(3)] })
	p, err := policy.Parse("model.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	result, err := backtest.Run(p, l.past(begin), backtest.Options{Tick: time.Minute, Phase: sweepsAt})
	if err != nil {
		t.Fatal(err)
	}
	var got []stopped
	for _, s := range slices.Concat(result.GoodStops, result.FalseStops) {
		got = append(got, stopped{s.Flow + "/" + s.Execution, s.Rule, int(s.StoppedAt.Sub(begin) / time.Minute)})
	}
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("stops (-engine +backtest):\n%s\n%s", diff, text)
	}
	return len(want)
}
