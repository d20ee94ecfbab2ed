package backtest_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/policy"
)

// TestNaiveModel: judging every execution by the whole policy in every second, and
// taking away what is stopped, comes to the same. It knows what no sweep of the engine
// would be exact in: protect that lets go, inputs that were not recorded, and times at
// any even second.
func TestNaiveModel(t *testing.T) {
	forEach(t, 6, func(t *testing.T, r *rand.Rand) int {
		l := drawLived(r)
		if r.IntN(2) == 0 {
			l.protectForAWhile(r)
		}
		l.atEvenSeconds(r)
		text := strings.ReplaceAll(l.text("enforce", func() string { return "" }), "2000-01-01", day.Format(time.DateOnly))
		p, err := policy.Parse("model.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var past []*history.Flow
		for f := range l.past(day) {
			if !strings.Contains(text, "window") { // one that is shut in the end may hide that no input was needed
				for i := range f.Executions {
					if r.IntN(6) == 0 {
						f.Executions[i].Input = nil
					}
				}
			}
			past = append(past, f)
		}
		result, err := backtest.Run(p, flows(past...), backtest.Options{Tick: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		var got []stopped
		for s := range result.Stops() {
			got = append(got, stopped{s.Flow + "/" + s.Execution, s.Rule, int(s.StoppedAt.Sub(day) / time.Second)})
		}
		want := naively(p, past)
		// What falls due in a second, a nanosecond after its beginning, is condemned in the next.
		near := cmp.Comparer(func(a, b stopped) bool {
			return a.Execution == b.Execution && a.Rule == b.Rule && max(a.At-b.At, b.At-a.At) <= 1
		})
		if diff := cmp.Diff(sorted(want), sorted(got), near); diff != "" {
			t.Errorf("stops (-naive +backtest):\n%s\n%s", diff, text)
		}
		return len(want)
	})
}

func (l *lived) protectForAWhile(r *rand.Rand) {
	if r.IntN(3) == 0 {
		l.head = l.head[:strings.Index(l.head, "pricing")] + "pricing: {currency: CNY, perMinute: [{price: 0.5}, {flows: [\"web-*\"], price: 2}]}\n" +
			fmt.Sprintf("protect: {window: [{hours: \"00:%02d-00:%02d\"}, {days: Tue, hours: \"00:20-00:2%d\"}]}\n", r.IntN(9), 10+r.IntN(9), 1+r.IntN(8))
		return
	}
	protects := []string{
		`execution.age < duration("%dm")`, `now < date("2026-03-02T00:%02d:00Z")`, `execution.age < duration("%dm") and execution.input.want == "stop"`,
		`execution.input.want == "stop" or execution.age < duration("%dm")`, `flow.live > %d`, `string(execution.age) startsWith "%d"`,
	}
	l.head = l.head[:strings.Index(l.head, "pricing")] + "pricing: {currency: CNY, perMinute: [{price: 0.5}, {flows: [\"web-*\"], price: 2}]}\n" +
		"protect: {when: '" + fmt.Sprintf(protects[r.IntN(len(protects))], 1+r.IntN(9)) + "'}\n"
}

func (l *lived) atEvenSeconds(r *rand.Rand) {
	even := func(d account.Duration) account.Duration {
		return account.Duration(time.Duration(d).Truncate(time.Minute) + time.Duration(2*r.IntN(30))*time.Second)
	}
	for i := range l.account.Flows {
		for j := range l.account.Flows[i].Executions {
			e := &l.account.Flows[i].Executions[j]
			e.StartedIn = even(e.StartedIn)
			if e.EndsIn != nil {
				*e.EndsIn = max(even(*e.EndsIn), e.StartedIn+account.Duration(2*time.Second))
			}
		}
	}
}

// naively goes through the seconds of all flows.
func naively(p *policy.Policy, past []*history.Flow) (stops []stopped) {
	gone := map[string]bool{}
	for second := range span * 60 {
		at := day.Add(time.Duration(second) * time.Second)
		var flows []*policy.Flow
		rows := map[string][]*policy.Execution{}
		for _, f := range past {
			rows[f.Name] = running(f, at, gone)
			flows = append(flows, &policy.Flow{Name: f.Name, ID: f.ID, Env: f.Covered.Environment, Live: policy.NewLive(at, rows[f.Name])})
		}
		policy.NewTogether(at, flows, "")
		event := &policy.Event{Kind: "timer", Time: at}
		for _, flow := range flows {
			for _, x := range rows[flow.Name] {
				if v := p.Judge(&policy.Facts{Now: at, Event: event, Flow: flow, Execution: x}); v.Decision == policy.Stop {
					stops = append(stops, stopped{flow.Name + "/" + x.Name, v.Rule.Name, second})
					gone[flow.Name+"/"+x.Name] = true
				}
			}
		}
	}
	return stops
}

// running is what runs of a flow, less what has been stopped.
func running(f *history.Flow, at time.Time, gone map[string]bool) (rows []*policy.Execution) {
	for i := range f.Executions {
		e := &f.Executions[i]
		end := e.StoppedTime
		if end.IsZero() {
			end = e.SeenTime
		}
		if gone[f.Name+"/"+e.Name] || e.StartedTime.After(at) || !at.Before(end) {
			continue
		}
		x := &policy.Execution{Name: e.Name, Status: "Running", StartedTime: e.StartedTime, Env: map[string]string{"TIER": strings.Split(*e.Environment, `"`)[3]}}
		if e.Input != nil {
			x.Input = policy.JSONInput(*e.Input)
		}
		rows = append(rows, x)
	}
	return rows
}
