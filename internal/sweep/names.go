package sweep

import (
	"math"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/result"
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

// mistyped ends the sweep where a person's glob names no flow, beside others that do:
// an exclusion may be all that keeps it from flows. Of a listing that came in half,
// err, only that is in doubt: another names none of the flows that will be looked at.
func (s *sweep) mistyped(flows []*policy.Flow, err error) bool {
	if !s.MustMatch || isFatal(err) || s.outOfTime(err) || !slices.ContainsFunc(flows, func(f *policy.Flow) bool { return s.Flow == nil || s.Flow(f.Name) }) {
		return false
	}
	var names []string
	for _, f := range flows {
		names = append(names, f.Name)
	}
	wrong, _ := policy.UnmatchedGlobs("--flow", s.FlowGlobs, names)
	if err != nil {
		wrong = slices.DeleteFunc(wrong, func(u policy.Unmatched) bool {
			return !strings.HasPrefix(u.Glob, "!") && !slices.Contains(s.names.lacking, u.Glob)
		})
	}
	if len(wrong) == 0 {
		return false
	}
	s.listingFlows = false
	s.fail(result.CodeUnmatched, &unmatchedError{wrong, err})
	return true
}

// unmatchedError says which globs name no flow, of those that could be listed.
type unmatchedError struct {
	globs   []policy.Unmatched
	listing error // why not all could be
}

func (e *unmatchedError) Error() string {
	var lines []string
	for _, u := range e.globs {
		lines = append(lines, u.String())
	}
	text := "nothing was stopped: " + strings.Join(lines, "; ")
	if e.listing != nil {
		text += "; not all flows could be listed: " + e.listing.Error()
	}
	return text
}

func (e *unmatchedError) Unwrap() error { return e.listing }
