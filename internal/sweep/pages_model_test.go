package sweep_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// pagesModel is an account whose lists come in pages as no emulator of ours cuts
// them, at first: each kind of list in a manner of its own.
type pagesModel struct {
	account   account.Account
	manners   map[string]string // by operation and flow
	unlimited bool
	byEvent   bool // the crowd is an event's to thin
	slow      bool // stops are, so that facts have to be read again
}

const crowd = 5 // may run at once in a flow many-…

func drawPages(r *rand.Rand) (m pagesModel) {
	m.manners = map[string]string{}
	m.unlimited, m.byEvent, m.slow = r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(3) == 0
	endless := 0
	draw := func(list string) {
		m.manners[list] = []string{"", "ragged", "ragged", "ragged", "late", "looped", "endless"}[r.IntN(7)]
		if m.manners[list] == "endless" {
			if endless++; endless > 1+r.IntN(8)/7 { // each is a thousand pages, sweep after sweep
				m.manners[list] = "ragged"
			}
		}
	}
	draw("ListFlows")
	most := map[string]int{"ev": 40, "old": 20, "idle": 4, "many": 60}
	for _, kind := range []string{"ev", "old", "idle", "many"} {
		for i := range 1 + r.IntN(2) {
			f := account.Flow{Name: fmt.Sprintf("%s-%d", kind, i)}
			for j := range r.IntN(most[kind] + 1) {
				e := account.Execution{Name: fmt.Sprintf("%s%d", []string{"keep", "stop"}[r.IntN(2)], j), StartedAgo: ago(time.Duration(r.Int64N(int64(5 * time.Minute))))}
				if r.IntN(2) == 0 { // what is young stays too young for the rules in the time that passes
					e.StartedAgo += ago(70 * time.Minute)
				}
				if kind == "idle" && r.IntN(2) == 0 {
					e.StepEvery = ago(5 * time.Minute)
				}
				f.Executions = append(f.Executions, e)
			}
			m.account.Flows = append(m.account.Flows, f)
			draw("ListExecutions" + f.Name)
			draw("GetExecutionHistory" + f.Name)
		}
	}
	return m
}

func (m pagesModel) policy() string {
	all := `name: all, on: [event], flows: ["ev-*"], when: 'event.data.stop == true and execution.name startsWith "stop"'`
	if m.unlimited {
		all += ", limits: none"
	}
	many := fmt.Sprintf(`name: many, flows: ["many-*"], maxConcurrent: %d`, crowd)
	if m.byEvent {
		many += ", on: [event]"
	}
	return eventPolicy("limits: {maxStops: 100000, maxShare: 100%}", all, many,
		`name: old, flows: ["old-*"], maxRuntime: 1h`,
		`name: idle, flows: ["idle-*"], when: 'history.idle > duration("30m")'`)
}

// condemned says whether a rule condemns an execution whatever else runs.
func (m pagesModel) condemned(flow string, e account.Execution) bool {
	switch {
	case strings.HasPrefix(flow, "ev-"):
		return strings.HasPrefix(e.Name, "stop")
	case strings.HasPrefix(flow, "old-"):
		return time.Duration(e.StartedAgo) > time.Hour
	case strings.HasPrefix(flow, "idle-"):
		return e.StepEvery == 0 && time.Duration(e.StartedAgo) > 30*time.Minute
	}
	return false
}

// broken says that a list can't be read to its end.
func (m pagesModel) broken(list string) bool {
	return m.manners[list] == "looped" || m.manners[list] == "endless"
}

// In whatever pages lists come, every sweep ends; it is never complete where one had
// no end, stops nothing on the strength of such a list, and all else that it should.
// Once they come as they do, all is stopped that must be, and nothing else ever.
func TestPagesModel(t *testing.T) {
	for seed := range seeds(t, 6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			m := drawPages(r)
			m.live(t, r)
		})
	}
}

func (m pagesModel) live(t *testing.T, r *rand.Rand) {
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(&m.account, emulator.Options{NoQuota: true})
		if err != nil {
			t.Fatal(err)
		}
		p := &process{t: t, server: server, policy: parse(t, m.policy()), file: file}
		p.quota = m.quota(t)
		if p.memory, err = sweep.NewMemory(sweep.MemoryOptions{File: file, Quota: p.quota}); err != nil {
			t.Fatal(err)
		}
		paged := &pager{server: server, manner: func(list string) string { return m.manners[list] }, rand: r}
		p.wire, p.http = paged, paged
		time.Sleep(10 * time.Second)
		m.hurt(t, p, paged)
		p.wire, p.http = nil, server
		for range 14 {
			time.Sleep(time.Minute)
			if r, err := p.sweep(50 * time.Second); err != nil {
				t.Errorf("error %v, report %+v", err, r)
			}
		}
		m.check(t, server)
		if t.Failed() {
			t.Logf("manners %v, unlimited %v, by event %v, slow %v", m.manners, m.unlimited, m.byEvent, m.slow)
		}
	})
}

func (m pagesModel) quota(t *testing.T) *cloudflow.Quota {
	rates := cloudflow.Rates{}
	for operation := range cloudflow.DefaultRates() {
		rates[operation] = cloudflow.Rate{PerSecond: 1000, Burst: 100}
	}
	if m.slow {
		rates[cloudflow.OpStopExecution] = cloudflow.Rate{PerSecond: 0.5, Burst: 1}
	}
	quota, err := cloudflow.NewQuota(rates)
	if err != nil {
		t.Fatal(err)
	}
	return quota
}

// hurt sweeps while lists come in pages of all kinds.
func (m pagesModel) hurt(t *testing.T, p *process, paged *pager) {
	invoke := func() (*result.Report, error) { return p.happen(4*time.Minute, `{"stop":true}`) }
	for i := range 3 {
		before := paged.broken
		r, _ := invoke()
		if paged.broken > before && r.Complete {
			t.Errorf("sweep %d is complete, and a list had no end", i)
		}
		if slices.ContainsFunc(r.Errors, func(n result.ErrorNote) bool { return n.Code == "Fault" }) {
			t.Errorf("sweep %d: errors %+v", i, r.Errors)
		}
		invoke = func() (*result.Report, error) { return p.sweep(50 * time.Second) }
		time.Sleep(time.Minute)
	}
	for _, f := range m.account.Flows {
		stopped := 0
		for _, s := range p.server.Stats().Stops {
			if s.Flow == f.Name {
				stopped++
			}
		}
		want := 0
		for _, e := range f.Executions {
			if m.condemned(f.Name, e) {
				want++
			}
		}
		switch as := m.broken("ListExecutions" + f.Name); {
		case as && stopped > 0 && !(m.unlimited && strings.HasPrefix(f.Name, "ev-")):
			t.Errorf("%d of %s were stopped, whose list had no end", stopped, f.Name)
		case !as && !m.slow && strings.HasPrefix(f.Name, "old-") && m.manners["ListFlows"] != "looped" && stopped < want:
			t.Errorf("%d of %d of %s were stopped, whose list was whole", stopped, want, f.Name)
		}
	}
}

func (m pagesModel) check(t *testing.T, server *emulator.Server) {
	for _, f := range m.account.Flows {
		live := 0
		for e := range server.Executions(f.Name) {
			i := slices.IndexFunc(f.Executions, func(of account.Execution) bool { return of.Name == e.Name })
			want := m.condemned(f.Name, f.Executions[i])
			switch {
			case e.Status == "Running":
				live++
				if want {
					t.Errorf("%s of %s still runs", e.Name, f.Name)
				}
			case !want && !strings.HasPrefix(f.Name, "many-"):
				t.Errorf("%s of %s was stopped", e.Name, f.Name)
			}
		}
		if n := len(f.Executions); strings.HasPrefix(f.Name, "many-") && live != min(n, crowd) {
			t.Errorf("%d of %d in %s are left", live, n, f.Name)
		}
	}
}
