package sweep

import (
	"math"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/policy"
)

// namesSeen is what a sweep finds out, beside its work, of which flows there are.
type namesSeen struct {
	all     []string // of all flows; nil where no listing came whole
	lacking []string // that there are none of
}

// listed takes in a listing of all flows. Half of one says nothing of the others.
func (n *namesSeen) listed(flows []*policy.Flow, err error) {
	if err != nil {
		return
	}
	n.all = make([]string, 0, len(flows))
	for _, f := range flows {
		n.all = append(n.all, f.Name)
	}
	slices.Sort(n.all)
}

// gone takes in names that were asked for one by one, and aren't any flow's.
func (n *namesSeen) gone(names ...string) { n.lacking = append(n.lacking, names...) }

// unmatched says which globs name no flow, whatever the sweep was narrowed to. No
// call is made to find out.
func (s *sweep) unmatched() []policy.Unmatched {
	n := &s.names
	if n.all == nil && len(n.lacking) == 0 {
		return nil
	}
	most := maxNotes
	if n.all == nil {
		most = math.MaxInt // all but those that are lacking go
	}
	asked, _ := policy.UnmatchedGlobs("--flow", s.FlowGlobs, n.all) // they are what Flow was made of
	all := append(asked, s.Policy.Unmatched(n.all, most)...)
	if n.all == nil {
		all = slices.DeleteFunc(all, func(u policy.Unmatched) bool {
			return !slices.Contains(n.lacking, strings.TrimPrefix(u.Glob, "!"))
		})
	}
	return all[:min(len(all), maxNotes)]
}
