package page

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/internal/history/page"
	"github.com/flowreaper/flowreaper/internal/history/suggest"
)

// hostile is a name that is HTML, and would run, in more ways than one.
const hostile = `</script><img src=x onerror="window.pwned=1"><b>bold</b>'"&lt;`

var begin = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// account is so many flows with so many executions each, over four weeks.
func account(flows, each int) iter.Seq2[*history.Flow, error] {
	kinds := []string{"etl", "web", "report", "import"}
	return func(yield func(*history.Flow, error) bool) {
		for i := range flows {
			r := rand.New(rand.NewPCG(uint64(i), 4))
			f := &history.Flow{ID: fmt.Sprint(i), Name: fmt.Sprintf("%s%d-nightly", kinds[i%len(kinds)], i)}
			if i == 1 {
				f.Name = hostile
			}
			for j := range each {
				started := begin.Add(28 * 24 * time.Hour * time.Duration(j) / time.Duration(each))
				length := time.Duration(float64(10*time.Minute) * float64(1+i%7) * math.Exp(0.4*r.NormFloat64()))
				e := history.Execution{Name: fmt.Sprintf("run-%d", j), Status: "Succeeded", StartedTime: started, SeenTime: begin.AddDate(0, 1, 0)}
				switch r.IntN(60) {
				case 0:
					e.Status = "Failed"
				case 1:
					e.Status, length = "Stopped", 30*time.Hour
				}
				if e.StoppedTime = started.Add(length); j == each-1 {
					e.Status, e.StoppedTime = "Running", time.Time{}
				}
				f.Executions = append(f.Executions, e)
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func write(t *testing.T, name string, p *page.Page) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".html")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Write(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func suggestion(t *testing.T, flows, each int) string {
	t.Helper()
	sample := page.NewSample(flows)
	r, err := suggest.From(sample.Of(account(flows, each)), suggest.Options{FalseStops: 0.001, Margin: 1.15})
	if err != nil {
		t.Fatal(err)
	}
	r.Account, r.Region = "1234567890123456", "cn-hangzhou"
	return write(t, "suggest", page.Suggestion(r, sample))
}

// stopped is a backtest of so many stops.
func stopped(t *testing.T, n int) string {
	t.Helper()
	sample := page.NewSample(40)
	for range sample.Of(account(40, 100)) {
	}
	r := &backtest.Result{
		Version:  1,
		Coverage: backtest.Coverage{Account: "1234567890123456", Region: "cn-hangzhou", Tick: "1m", From: begin, To: begin.AddDate(0, 1, 0)},
		Policy:   backtest.Policy{Name: "guardrails", Hash: "sha256:0123", Mode: "plan"},
	}
	random := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		started := begin.Add(28 * 24 * time.Hour / time.Duration(n) * time.Duration(i))
		limit := []time.Duration{time.Hour, 2 * time.Hour, 30 * time.Minute}[i%3]
		s := backtest.Stop{
			Flow: fmt.Sprintf("etl-%d", i%40), Execution: fmt.Sprintf("run-%05d", i), Rule: fmt.Sprintf("rule-%d", i%3),
			StartedTime: started, StoppedAt: started.Add(limit), EndedAs: "Stopped", EndedTime: started.Add(limit + time.Duration(random.ExpFloat64()*float64(5*time.Hour))),
			Reason: fmt.Sprintf(`age 2h1m > 2h and flow.name "etl-%d" matches "^etl-"`, i%40),
		}
		s.SeenTime = s.EndedTime
		s.Hours = s.EndedTime.Sub(s.StoppedAt).Hours()
		switch {
		case i == 7:
			s.Execution, s.EndedAs = hostile, "Succeeded"
			r.FalseStops = append(r.FalseStops, s)
		case i%50 == 3:
			s.EndedAs = "Succeeded"
			r.FalseStops = append(r.FalseStops, s)
		case i%97 == 5:
			r.Censored.Stops = append(r.Censored.Stops, s)
		default:
			r.GoodStops = append(r.GoodStops, s)
		}
	}
	parts := []page.Part{
		{Words: "2026-03-02 to 2026-04-02: 4,000 executions of 40 flows.\nIt reads inputs."},
		{Words: "By rule, each judged as if it enforced:", Header: []string{"rule", "mode", "good stops", "false stops", "hours saved"}, Rows: [][]string{{"rule-0", "plan", "3,000", "60", "12,345.6h"}, {hostile, "plan", "1", "0", "0.5h"}}},
	}
	return write(t, "backtest", page.Backtest(r, sample, parts))
}

// audited is a page with a list like an audit's of one stop.
func audited(t *testing.T) string {
	t.Helper()
	l := page.List{Title: "1 stop", Kinds: "by"}
	var row []page.Cell
	for _, cell := range [][2]string{
		{"by", "flowreaper"}, {"stopped", "2026-11-29 00:38:10Z"}, {"flow", "etl-invoices"}, {"execution", "rerun-for-audit"}, {"ran", "6h4s"},
		{"rule", "rule nothing-runs-a-day of policy guardrails (bc6fe892)"}, {"person", "root@vm"}, {"why", "loops, ask #etl: it is the second time"},
		{"run", "3a50748e4708467b9f8f9a63facc8a42"},
	} {
		l.Columns, row = append(l.Columns, page.Column{Name: cell[0]}), append(row, page.Cell{Text: cell[1]})
	}
	l.Rows = [][]page.Cell{row}
	return write(t, "audit", &page.Page{Title: "flowreaper: what was stopped", List: l})
}
