package cloud

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// flow holds a flow's runs twice: all of them, and those that live, so that
// asking for the running ones costs nothing for the many that are over.
type flow struct {
	Flow
	behaviour account.Behaviour
	input     string     // of the runs that have none of their own
	generator *generator // nil: no runs of its own making
	runs      []*run     // by rank
	live      []*run     // by rank: the live ones, and some that ended since the last compaction
	compactAt int        // the length of live at which the ended are taken out
	byName    map[string]*run
}

func newFlow(b account.Behaviour, spec account.Flow, now time.Time) *flow {
	created := cmp.Or(spec.CreatedAgo, account.Duration(720*time.Hour))
	f := &flow{behaviour: b, Flow: Flow{
		Name: spec.Name, ID: cmp.Or(spec.ID, flowID(spec.Name)), Description: spec.Description,
		Definition: cmp.Or(spec.Definition, definition(0)), RoleARN: spec.RoleARN,
		ExecutionMode: spec.ExecutionMode, ResourceGroupID: cmp.Or(spec.ResourceGroupID, "rg-emulator"),
		Environment:  maps.Clone(spec.Variables()),
		CreatedTime:  now.Add(-time.Duration(created)),
		ModifiedTime: now.Add(-time.Duration(cmp.Or(spec.ModifiedAgo, created))),
	}}
	runs := make([]*run, 0, len(spec.Executions))
	for _, e := range spec.Executions {
		runs = append(runs, newRun(e, now))
	}
	f.load(runs, milliseconds(now))
	return f
}

// definition is a flow definition of at least so many bytes.
func definition(size int) string {
	const least = "version: v1\ntype: flow\nsteps:\n  - type: pass\n    name: step-1\n"
	return least + strings.Repeat("# padding\n", max(0, size-len(least)+9)/10)
}

// load takes many runs at once.
func (f *flow) load(runs []*run, at int64) {
	for _, r := range runs {
		r.rank = f.rank(r)
	}
	f.runs = append(f.runs, runs...)
	slices.SortFunc(f.runs, compareRuns)
	f.live = slices.Clone(f.runs)
	f.compact(at)
}

// add takes one run.
func (f *flow) add(r *run) {
	r.rank = f.rank(r)
	f.runs = insert(f.runs, r)
	f.live = insert(f.live, r)
	if f.byName != nil {
		f.byName[r.name] = r
	}
}

func insert(runs []*run, r *run) []*run {
	at, _ := slices.BinarySearchFunc(runs, r, compareRuns)
	return slices.Insert(runs, at, r)
}

func compareRuns(a, b *run) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.name, b.name))
}

// rank is a run's place in ListExecutions. A random order is the same at every
// call: pages of one listing fit together.
func (f *flow) rank(r *run) uint64 {
	switch f.behaviour.Order {
	case account.OrderOldest:
		return uint64(r.started)
	case account.OrderNewest:
		return ^uint64(r.started)
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%s", f.Name, r.name)
	return scramble(h.Sum64())
}

// listed is the moment as of which a list at a given one shows a run.
func (f *flow) listed(r *run, at int64) int64 {
	lag := f.behaviour.ListLag
	if own := r.details().listLag; own != nil {
		lag = *own
	}
	return at - time.Duration(lag).Milliseconds()
}

// compact takes out of live what no list will show as live any more. A list
// looks back as far as ListLag.
func (f *flow) compact(at int64) {
	f.live = slices.DeleteFunc(f.live, func(r *run) bool {
		end, _ := r.end()
		return end <= f.listed(r, at)
	})
	f.compactAt = max(64, 2*len(f.live))
}

// advance brings the flow to a moment.
func (f *flow) advance(at int64) {
	if f.generator != nil {
		f.generator.advance(f, at)
	}
	if len(f.live) >= f.compactAt {
		f.compact(at)
	}
}

// run finds a run by name among those that the API knows of.
func (f *flow) run(name string, at int64) (*run, bool) {
	f.advance(at)
	if f.byName == nil {
		f.byName = make(map[string]*run, len(f.runs))
		for _, r := range f.runs {
			f.byName[r.name] = r
		}
	}
	r, ok := f.byName[name]
	return r, ok && r.visible(at, time.Duration(f.behaviour.Retention))
}
