package sweep

import (
	"math"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// unmatched says which globs name no flow, whatever the sweep was narrowed to. No
// call is made to find out.
func (f *flows) unmatched() []policy.Unmatched {
	if f.names == nil && len(f.lacking) == 0 {
		return nil
	}
	most := result.MaxNotes
	if f.names == nil {
		most = math.MaxInt // all but those that are lacking go
	}
	asked, _ := policy.UnmatchedGlobs("--flow", f.FlowGlobs, f.names) // they are what Flow was made of
	all := append(asked, f.Policy.Unmatched(f.names, most)...)
	if f.names == nil {
		all = slices.DeleteFunc(all, func(u policy.Unmatched) bool {
			return !slices.Contains(f.lacking, strings.TrimPrefix(u.Glob, "!"))
		})
	}
	return all[:min(len(all), result.MaxNotes)]
}

// mistyped ends the sweep where a person's glob names no flow, beside others that do:
// an exclusion may be all that keeps it from flows. Of a listing that came in half,
// err, only that is in doubt: another names none of the flows that will be looked at.
func (f *flows) mistyped(flows []*policy.Flow, err error) bool {
	if !f.MustMatch || cloudflow.IsFatal(err) || f.outOfTime(err) || !slices.ContainsFunc(flows, func(flow *policy.Flow) bool { return f.Flow == nil || f.Flow(flow.Name) }) {
		return false
	}
	var names []string
	for _, flow := range flows {
		names = append(names, flow.Name)
	}
	wrong, _ := policy.UnmatchedGlobs("--flow", f.FlowGlobs, names)
	if err != nil {
		wrong = slices.DeleteFunc(wrong, func(u policy.Unmatched) bool {
			return !strings.HasPrefix(u.Glob, "!") && !slices.Contains(f.lacking, u.Glob)
		})
	}
	if len(wrong) == 0 {
		return false
	}
	f.Fail(result.CodeUnmatched, &unmatchedError{wrong, err})
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
