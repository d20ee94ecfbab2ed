package policy

import "slices"

// Only returns the same policy with only these of its rules, in the file's
// order; names that it doesn't have are ignored, and without any it condemns
// nothing. Hash, name, mode, limits, pricing, channels and protect are p's, so that what
// it stops is told, limited and protected as p would: a sweep that goes on with
// what some rules began, and with nothing else, judges by it. p is unchanged,
// and both may be used at once.
func (p *Policy) Only(rules ...string) *Policy {
	var kept []*Rule
	for _, r := range p.Rules {
		if slices.Contains(rules, r.Name) {
			kept = append(kept, r)
		}
	}
	return p.withRules(kept)
}

// withRules is p with other rules, and with a pool of its own.
func (p *Policy) withRules(rules []*Rule) *Policy {
	return &Policy{
		Name: p.Name, Hash: p.Hash, Mode: p.Mode, Limits: p.Limits, Pricing: p.Pricing,
		Notify: p.Notify, Rules: rules, protection: p.protection,
	}
}
