package audit

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// Progress is how far a run has got.
type Progress struct {
	Flows, Done int
	Stops, Read int           // that were listed, and whose causes were asked for
	Left        time.Duration // within the quota, by what is known; 0: it can't be told
	Share       float64       // of the time, from 0 to 1
}

func (p Progress) String() string {
	return fmt.Sprintf("listed %s of %s, read %s of %s", plain.Number(p.Done), plain.Count(p.Flows, "flow"), plain.Number(p.Read), plain.Count(p.Stops, "stop"))
}

// meter reckons how long the rest takes.
type meter struct {
	started     time.Time
	flows, done int
	stops, read int
}

func (m *meter) begin(flows int) { m.started, m.flows = time.Now(), flows }

func (m *meter) listed(stops int) {
	m.done++
	m.stops += stops
}

// progress is how far it has got. A flow that isn't listed yet takes a page, and has as
// many stops as the others on the average.
func (m *meter) progress(rates cloudflow.Rates) Progress {
	p := Progress{Flows: m.flows, Done: m.done, Stops: m.stops, Read: m.read}
	pages, reads := float64(m.flows-m.done), float64(m.stops-m.read)
	if m.done > 0 {
		reads += pages * float64(m.stops) / float64(m.done)
	}
	p.Left = rates.Needs(map[string]float64{cloudflow.OpListExecutions: pages, cloudflow.OpGetExecutionHistory: reads})
	if elapsed := time.Since(m.started); elapsed > 0 {
		p.Share = float64(elapsed) / float64(elapsed+p.Left)
	}
	return p
}

func (a *auditor) metered(f func(*meter)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.meter)
	if a.Progress != nil && a.Rates != nil {
		a.Progress(a.meter.progress(a.Rates()))
	}
}
