//go:build cgo

package duckdb

import (
	"database/sql"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/internal/history/historytest"
	"github.com/flowreaper/flowreaper/policy"
)

// oneRule is the one question that SQL can put.
const oneRule = "version: 1\nrules: [{name: one-hour, maxRuntime: 1h}]\n"

const oneQuestion = `
SELECT flow, count(*) FROM read_parquet(?)
WHERE coalesce(stoppedTime, seenTime) - startedTime > INTERVAL 1 HOUR
GROUP BY flow ORDER BY flow`

func byDuckDB(dir string) (map[string]int, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Query(oneQuestion, filepath.Join(dir, "executions-*.parquet"))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	stops := map[string]int{}
	for rows.Next() {
		var flow string
		var n int
		if err := rows.Scan(&flow, &n); err != nil {
			return nil, err
		}
		stops[flow] = n
	}
	return stops, rows.Err()
}

func byBacktest(text string) func(dir string) (map[string]int, error) {
	return func(dir string) (map[string]int, error) {
		r, err := backtested(dir, text)
		if err != nil {
			return nil, err
		}
		stops := map[string]int{}
		for s := range r.Stops() {
			stops[s.Flow]++
		}
		return stops, nil
	}
}

func backtested(dir, text string) (*backtest.Result, error) {
	p, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	h, err := history.Open(dir, history.Options{Input: backtest.ReadsInput(p)})
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return backtest.Run(p, h.Flows(), backtest.Options{Tick: time.Minute, Phase: backtest.DefaultPhase, Recorded: h.Coverage})
}

// byTicks is the loop that people would script: every minute of the month, every
// execution that is live then, all rules.
func byTicks(dir string) (map[string]int, error) {
	stops := map[string]int{}
	err := ticks(dir, func(flow, _ string) { stops[flow]++ })
	return stops, err
}

func ticks(dir string, stop func(flow, execution string)) error {
	p, err := policy.Parse("policy.yaml", []byte(historytest.TenRules))
	if err != nil {
		return err
	}
	h, err := history.Open(dir, history.Options{Input: true})
	if err != nil {
		return err
	}
	defer h.Close()
	for past, err := range h.Flows() {
		if err != nil {
			return err
		}
		flow := &policy.Flow{Name: past.Name, ID: past.ID, Env: past.Covered.Environment}
		tickFlow(p, flow, past.Executions, stop)
	}
	return nil
}

func tickFlow(p *policy.Policy, flow *policy.Flow, past []history.Execution, stop func(flow, execution string)) {
	type one struct {
		*policy.Execution
		end time.Time
	}
	var live []one
	for at := historytest.Begin.Add(backtest.DefaultPhase); at.Before(historytest.Begin.Add(historytest.Span)); at = at.Add(time.Minute) {
		for len(past) > 0 && !past[0].StartedTime.After(at) {
			e := &past[0]
			past = past[1:]
			end := e.StoppedTime
			if end.IsZero() {
				end = e.SeenTime
			}
			live = append(live, one{&policy.Execution{Name: e.Name, Status: "Running", StartedTime: e.StartedTime, Input: policy.JSONInput(*e.Input)}, end})
		}
		live = slices.DeleteFunc(live, func(e one) bool { return !at.Before(e.end) })
		if len(live) == 0 {
			continue
		}
		rows := make([]*policy.Execution, len(live))
		for i := range live {
			rows[i] = live[i].Execution
		}
		flow.Live = policy.NewLive(at, rows)
		event := &policy.Event{Kind: "timer", Time: at}
		live = slices.DeleteFunc(live, func(e one) bool {
			condemned := p.Judge(&policy.Facts{Now: at, Event: event, Flow: flow, Execution: e.Execution}).Decision == policy.Stop
			if condemned {
				stop(flow.Name, e.Name)
			}
			return condemned
		})
	}
}

// TestAgree: what is measured answers alike. What the loop misses has ended before its
// next tick.
func TestAgree(t *testing.T) {
	dir := write(t, 20, 500)
	want, err := byDuckDB(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := byBacktest(oneRule)(dir)
	if err != nil {
		t.Fatal(err)
	}
	for flow := range want {
		if got[flow] != want[flow] {
			t.Errorf("%s: %d stops, by DuckDB %d", flow, got[flow], want[flow])
		}
	}
	if len(got) != len(want) || len(want) == 0 {
		t.Errorf("%d flows, by DuckDB %d", len(got), len(want))
	}
	looped := map[string]bool{}
	if err := ticks(dir, func(flow, execution string) { looped[flow+"/"+execution] = true }); err != nil {
		t.Fatal(err)
	}
	r, err := backtested(dir, historytest.TenRules)
	if err != nil {
		t.Fatal(err)
	}
	both := 0
	for s := range r.Stops() {
		switch name := s.Flow + "/" + s.Execution; {
		case looped[name]:
			delete(looped, name)
			both++
		case s.End().Sub(s.StoppedAt) > time.Minute:
			t.Errorf("the loop misses %+v", *s)
		}
	}
	if len(looped) > 0 || both == 0 {
		t.Errorf("the loop alone stops %v; both stop %d", looped, both)
	}
}
