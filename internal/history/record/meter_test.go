package record

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/history"
)

// What is left is what is known to be left, within the quota: a page a flow at least,
// as many as lay there before, and as many as others took where nothing is known.
func TestTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rates := cloudflow.Rates{cloudflow.OpListExecutions: {PerSecond: 2}, cloudflow.OpDescribeExecution: {PerSecond: 5}}
		now := time.Now()
		// 990 rows a day, recorded until a day ago: eleven pages, and ten descriptions.
		busy := history.FlowCoverage{From: now.Add(-48 * time.Hour), To: now.Add(-24 * time.Hour), Rows: 990}
		known := &job{need: estimate(&busy, make([]history.Execution, 10))}
		a, b, c := &job{}, &job{}, &job{}
		m := meter{}
		for _, j := range []*job{known, a, b, c} {
			m.expect(j)
		}
		left := func(what string, pages float64) {
			t.Helper()
			want := time.Duration(pages / 2 * float64(time.Second)).Round(time.Second)
			if p := m.progress(rates); p.Left != want || p.Flows != 4 || p.Share < 0 || p.Share > 1 {
				t.Errorf("%s: %+v, want %s", what, p, want)
			}
		}
		left("at first", 11+3)
		for range 4 {
			m.page(a)
		}
		m.over(a)
		left("one of nothing known took four", 11+2*4)
		for range 20 {
			m.page(known)
		}
		left("the known one takes longer than before", 2*4)
		m.over(known)
		m.over(b)
		left("one is left, and they took two on the average", 2)
		m.over(c)
		left("all are done", 0)
		if m.progress(rates).Share != 0 { // no time has passed
			t.Error(m.progress(rates).Share)
		}
	})
}
