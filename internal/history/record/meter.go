package record

import (
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/history"
)

// Progress is how far a run has got.
type Progress struct {
	Flows, Done int
	Pages       int
	Left        time.Duration // within the quota, by what is known; 0: it can't be told
	Share       float64       // of the time, from 0 to 1
}

// need is what is expected to be asked of a flow.
type need struct {
	pages    float64 // 0: nobody knows
	describe float64
}

// estimate goes by how thick the executions lay before.
func estimate(c *history.FlowCoverage, live []history.Execution) need {
	n := need{describe: float64(describing(c, live))}
	if c.Rows > 0 {
		n.pages = pagesOf(c, time.Since(c.To))
	}
	return n
}

// pagesOf is how many pages a stretch takes, if executions lie in it as thick as they
// did since the first one.
func pagesOf(c *history.FlowCoverage, span time.Duration) float64 {
	from := c.From
	if c.Oldest.After(from) {
		from = c.Oldest
	}
	whole := c.To.Sub(from)
	if whole <= 0 {
		return 1
	}
	return 1 + float64(c.Rows)/rowsAPage*float64(span)/float64(whole)
}

// meter reckons how long the rest takes.
type meter struct {
	mu      sync.Mutex
	started time.Time
	flows   int
	done    int
	pages   int
	left    need    // of the flows that aren't done, where it is known
	unknown int     // flows that aren't done of which it isn't known
	met     float64 // pages of flows that are done of which it wasn't
	metOf   int
}

// expect takes in a flow before the work begins.
func (m *meter) expect(j *job) {
	if m.started.IsZero() {
		m.started = time.Now()
	}
	m.flows++
	m.left.describe += j.need.describe
	if j.need.pages == 0 {
		m.unknown++
	}
	m.left.pages += j.need.pages
}

// page counts a page of a flow.
func (m *meter) page(j *job) {
	m.pages++
	j.pages++
	if j.need.pages > 0 && float64(j.pages) <= j.need.pages {
		m.left.pages--
	}
}

// over takes out a flow, whatever became of it.
func (m *meter) over(j *job) {
	m.done++
	m.left.describe -= max(j.need.describe-float64(j.described), 0)
	if j.need.pages == 0 {
		m.unknown--
		m.met += float64(j.pages)
		m.metOf++
		return
	}
	m.left.pages -= max(j.need.pages-float64(j.pages), 0)
}

// described counts a description of a flow's.
func (m *meter) described(j *job) {
	if j.described++; float64(j.described) <= j.need.describe {
		m.left.describe--
	}
}

// progress is how far it has got. Flows of which nothing is known take as many pages
// as those did on the average that were done, and at least one.
func (m *meter) progress(rates cloudflow.Rates) Progress {
	p := Progress{Flows: m.flows, Done: m.done, Pages: m.pages}
	mean := 1.0
	if m.metOf > 0 {
		mean = max(m.met/float64(m.metOf), 1)
	}
	pages := max(m.left.pages+float64(m.unknown)*mean, float64(m.flows-m.done))
	p.Left = rates.Needs(map[string]float64{cloudflow.OpListExecutions: pages, cloudflow.OpDescribeExecution: m.left.describe})
	if elapsed := time.Since(m.started); elapsed > 0 {
		p.Share = float64(elapsed) / float64(elapsed+p.Left)
	}
	return p
}

func (r *recorder) metered(f func(*meter)) {
	r.meter.mu.Lock()
	defer r.meter.mu.Unlock()
	f(&r.meter)
	if r.Progress != nil && r.Rates != nil {
		r.Progress(r.meter.progress(r.Rates()))
	}
}

func (j *job) tellPage()      { j.metered(func(m *meter) { m.page(j) }) }
func (j *job) tellDescribed() { j.metered(func(m *meter) { m.described(j) }) }

// tell counts what was done of a flow. It is over unless the run ended on the way.
func (r *recorder) tell(j *job, over bool) {
	if over {
		r.metered(func(m *meter) { m.over(j) })
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Pages += j.pages
	if j.done {
		r.result.Flows.Recorded++
	}
}
