package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Unmatched is a glob that names no flow of an account: a slip, perhaps, which
// protects or stops less than was meant.
type Unmatched struct {
	// Its place, such as protect.flows[1], rules.etl.when or --flow[0]; lists are counted from 0.
	Where string `json:"where"`
	// The glob as it is written, or a text that flow.name is compared with, as a glob.
	Glob string `json:"glob"`
	// What names some flow, and was probably meant.
	Near string `json:"near,omitempty"`
}

// String is the one line that says so.
func (u Unmatched) String() string {
	text := fmt.Sprintf("%s %s names no flow here", u.Where, u.Glob)
	if u.Near != "" {
		text += fmt.Sprintf("; did you mean %s?", u.Near)
	}
	return text
}

// Unmatched returns what names no flow, given the names of all that there are: of
// protect, of pricing and of each rule every glob by itself, those that exclude
// too, whatever stands beside it, and the texts that a condition compares flow.name
// with. It returns at most so many, in the file's order.
func (p *Policy) Unmatched(names []string, most int) []Unmatched {
	u := &unmatched{names: names, most: most}
	u.globs("", p.protection.flows)
	u.conditions("protect.when", p.protection.when)
	if p.Pricing != nil {
		for i, m := range p.Pricing.perMinute {
			u.globs(fmt.Sprintf("pricing.perMinute[%d].", i), m.flows)
		}
	}
	for _, r := range p.Rules {
		rule := "rules." + r.Name + "."
		if r.isBrake() { // its flows are no rule's of the file
			continue
		}
		u.globs(rule, r.flows)
		u.conditions(rule+"when", r.conjuncts)
	}
	return u.found
}

// UnmatchedGlobs is Unmatched for a list of globs from elsewhere, such as a
// command line.
func UnmatchedGlobs(where string, globs, names []string) ([]Unmatched, error) {
	g, err := newGlobs(where, globs)
	if err != nil {
		return nil, err
	}
	u := &unmatched{names: names, most: len(globs)}
	u.globs("", g)
	return u.found, nil
}

// unmatched collects what names none of some flows.
type unmatched struct {
	names []string
	most  int
	found []Unmatched
}

func (u *unmatched) globs(prefix string, g *globs) {
	if g == nil {
		return
	}
	for i, p := range g.patterns {
		if slices.ContainsFunc(u.names, p.matches) {
			continue
		}
		near := nearGlob(p.pattern, u.names)
		if near != "" {
			near = glob{near, p.exclude}.text()
		}
		u.add(Unmatched{Where: fmt.Sprintf("%s%s[%d]", prefix, g.key, i), Glob: p.text(), Near: near})
	}
}

// conditions looks at the texts that conditions compare flow.name with.
func (u *unmatched) conditions(where string, conditions []conjunct) {
	for _, c := range conditions {
		when, ok := c.(*condition)
		if !ok || !when.reads().Has(flowName) {
			continue
		}
		for _, c := range comparisons(when.expression, nil) {
			compared, ok := comparedNames[c.operator]
			if !ok || !c.subject.Is(flowName) {
				continue
			}
			for _, text := range c.texts {
				if !slices.ContainsFunc(u.names, func(name string) bool { return compared.holds(name, text) }) {
					glob := fmt.Sprintf(compared.glob, text)
					u.add(Unmatched{Where: where, Glob: glob, Near: nearGlob(glob, u.names)})
				}
			}
		}
	}
}

// comparedNames are the comparisons that ask of a name what a glob does.
var comparedNames = map[string]struct {
	glob  string
	holds func(name, text string) bool
}{
	"==":         {"%s", func(name, text string) bool { return name == text }},
	"!=":         {"%s", func(name, text string) bool { return name == text }},
	"in":         {"%s", func(name, text string) bool { return name == text }},
	"startsWith": {"%s*", strings.HasPrefix},
	"endsWith":   {"*%s", strings.HasSuffix},
	"contains":   {"*%s*", strings.Contains},
}

// add adds what isn't known yet: a text may stand in a condition twice.
func (u *unmatched) add(one Unmatched) {
	if len(u.found) < u.most && !slices.Contains(u.found, one) {
		u.found = append(u.found, one)
	}
}
