package suggest

import (
	"cmp"
	"slices"
	"strings"
)

// family is flows that are estimated together: one, or several whose names have
// something in common and whose runs take as long, as far as their numbers can tell.
type family struct {
	name     string
	flows    []string
	runs     []run
	leftOut  int
	gaps     int
	children bool
}

// least is how many good runs a flow needs to be taken for one of a family: of fewer
// nothing tells that it isn't.
const leastOfFamily = 5

// families puts together the flows that have a stem in common and run alike, also in the
// share of the longest runs that a limit may stop: they must not be one flow's. All others
// are families of their own. The flows are sorted by name.
func families(flows []*flow, falseStops float64) []*family {
	byStem := map[string][]*flow{}
	for _, f := range flows {
		byStem[stem(f.name)] = append(byStem[stem(f.name)], f)
	}
	var all []*family
	for stem, members := range byStem {
		alike := runAlike(members, falseStops)
		if len(alike) > 1 {
			all = append(all, newFamily(stem+"*", alike))
		} else {
			alike = nil
		}
		for _, f := range members {
			if !slices.Contains(alike, f) {
				all = append(all, newFamily(f.name, []*flow{f}))
			}
		}
	}
	return all
}

// stem is a name without what tells it from others of its kind: the digits at its
// end, or what follows its last - or _. It is the whole name where that leaves nothing.
func stem(name string) string {
	for _, short := range []string{strings.TrimRight(name, "0123456789"), name[:strings.LastIndexAny(name, "-_")+1]} {
		if short != name && strings.Trim(short, "-_") != "" {
			return short
		}
	}
	return name + "\x00" // no other flow's
}

func newFamily(name string, flows []*flow) *family {
	if len(flows) == 1 { // nothing is copied
		return &family{name, []string{flows[0].name}, flows[0].runs, flows[0].leftOut, flows[0].gaps, flows[0].children}
	}
	all := &family{name: name}
	n := 0
	for _, f := range flows {
		n += len(f.runs)
	}
	all.runs = make([]run, 0, n)
	for _, f := range flows {
		all.flows = append(all.flows, f.name)
		all.runs = append(all.runs, f.runs...)
		all.leftOut += f.leftOut
		all.gaps += f.gaps
		all.children = all.children || f.children
	}
	return all
}

// runAlike leaves out, over and over, the flows of whose good runs more, or fewer, are
// longer than the half, than 95%, or than all but falseStops, of all that are left, than
// chance would have it.
func runAlike(flows []*flow, falseStops float64) []*flow {
	lengths := map[*flow][]int64{}
	for _, f := range flows {
		if good := goodLengths(f.runs); len(good) >= leastOfFamily {
			lengths[f] = good
		}
	}
	left := slices.DeleteFunc(slices.Clone(flows), func(f *flow) bool { return lengths[f] == nil })
	for len(left) > 1 {
		var pool []int64
		for _, f := range left {
			pool = append(pool, lengths[f]...)
		}
		slices.Sort(pool)
		before := len(left)
		doubt := min(0.001, 0.01/float64(before)) // of many flows, some are wondrous by chance
		left = slices.DeleteFunc(left, func(f *flow) bool { return !alike(lengths[f], pool, falseStops, doubt) })
		if len(left) == before {
			return left
		}
	}
	return nil
}

func alike(lengths, pool []int64, falseStops, doubt float64) bool {
	for _, part := range []float64{0.5, 0.05, falseStops} {
		at := pool[len(pool)-1-int(part*float64(len(pool)))]
		share := float64(longer(pool, at)) / float64(len(pool))
		if !plausible(longer(lengths, at), len(lengths), share, doubt) {
			return false
		}
	}
	return true
}

// longer is how many of the lengths, which are sorted, are longer than this.
func longer(lengths []int64, at int64) int {
	i, _ := slices.BinarySearchFunc(lengths, at+1, cmp.Compare[int64])
	return len(lengths) - i
}

func goodLengths(runs []run) []int64 {
	var good []int64
	for _, r := range runs {
		if r.outcome == succeeded {
			good = append(good, r.length)
		}
	}
	slices.Sort(good)
	return good
}
