package suggest

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// agree is how much longer the longest of the limits may be that one rule says.
const agree = 1.25

// nameable is a flow's name that a rule can name.
var nameable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// rules puts together the groups whose limits agree. A rule has the longest of their
// limits, so that it stops no more good runs than theirs. Flows are named one by one: a
// glob would have said the same of flows that nobody knows.
func rules(groups []Group) []Rule {
	var limited []*Group
	for i := range groups {
		if g := &groups[i]; g.Limit != nil && len(namesOf(g)) > 0 {
			limited = append(limited, g)
		}
	}
	slices.SortStableFunc(limited, func(a, b *Group) int { return cmp.Compare(b.Limit.Seconds, a.Limit.Seconds) })
	var all []Rule
	for i := 0; i < len(limited); {
		r := Rule{MaxRuntime: limited[i].Limit.Duration}
		for least := limited[i].Limit.Seconds / agree; i < len(limited) && limited[i].Limit.Seconds >= least; i++ {
			r.groups = append(r.groups, limited[i])
			r.Flows = append(r.Flows, namesOf(limited[i])...)
		}
		all = append(all, r)
	}
	slices.Reverse(all)
	taken := map[string]bool{}
	for i := range all {
		r := &all[i]
		slices.Sort(r.Flows)
		slices.SortFunc(r.groups, func(a, b *Group) int { return cmp.Compare(a.Name, b.Name) })
		for _, g := range r.groups {
			r.Groups = append(r.Groups, g.Name)
		}
		r.Name = unique(r.named(), taken)
	}
	return all
}

// namesOf are the flows that a rule can name.
func namesOf(g *Group) []string {
	return slices.DeleteFunc(slices.Clone(g.Flows), func(name string) bool { return !nameable.MatchString(name) })
}

// named is what the rule is called: by what its flows' names begin with, or by its limit.
func (r *Rule) named() string {
	begin := r.Groups[0]
	for _, name := range r.Groups[1:] {
		for !strings.HasPrefix(name, begin) {
			begin = begin[:len(begin)-1]
		}
	}
	if begin = slug(begin); len(begin) < 3 {
		return "within-" + r.MaxRuntime
	}
	return begin + "-max-runtime"
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

func slug(name string) string {
	const longest = 45 // with what is added, 63
	name = strings.Trim(notInNames.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return strings.Trim(name[:min(len(name), longest)], "-")
}

func unique(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	taken[free] = true
	return free
}
