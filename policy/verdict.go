package policy

import "slices"

// Decision is what a policy says of one execution.
type Decision string

const (
	Keep      Decision = "keep"      // no rule condemns it
	Stop      Decision = "stop"      // a rule condemns it; Verdict.Mode says whether to act
	Protected Decision = "protected" // a rule condemns it, and protect holds it
)

// Verdict is a policy's judgement of one execution.
type Verdict struct {
	Decision  Decision
	Rule      *Rule       // the rule that condemned; nil when kept
	Mode      Mode        // the rule's effective mode: under ModePlan the outcome is "planned"
	NotWarned bool        // the rule warns before it stops, and has not, or not long enough ago: the outcome is "not_warned"
	WouldAlso []string    // names of the other rules that condemn
	Undecided []Undecided // rules that could not be evaluated; they condemn nothing and save nothing
	Needs     Need        // what was not fetched and could change the verdict, or its cause

	policy *Policy
	facts  Facts
	before int // so many in WouldAlso come before the rule that condemned
}

// Undecided names a rule whose evaluation failed for one execution, and why.
type Undecided struct {
	Rule string
	Err  error
}

// Judge evaluates protect and every rule on one execution.
//
// A rule condemns where all its conditions hold. Any that is false keeps the
// execution; else any that fails leaves the rule undecided. The first condemning
// rule in mode enforce speaks for the verdict, or the first at all where none
// enforces; one that must warn first, and has not, only where no other enforces. An execution that has ended is never condemned.
func (p *Policy) Judge(f *Facts) Verdict {
	j := p.judgement(*f)
	defer p.judgements.Put(j)
	v := Verdict{Decision: Keep, policy: p, facts: *f}
	for _, r := range p.Rules {
		v.add(r, j)
	}
	v.protect(j)
	return v
}

// add adds what a rule says.
func (v *Verdict) add(r *Rule, j *judgement) {
	result, needs, err := all(r.ordered, j)
	v.Needs |= needs
	switch result {
	case yes:
		v.condemn(r)
	case unknown:
		v.Undecided = append(v.Undecided, Undecided{Rule: r.Name, Err: err})
	}
}

// protect has the last word on what is condemned.
func (v *Verdict) protect(j *judgement) {
	if v.Decision != Stop {
		return
	}
	held, needs, _ := v.policy.protection.holds(j)
	v.Needs |= needs
	if held {
		v.Decision = Protected
		return
	}
	if c := v.Rule.cause; c != nil && j.facts.Execution.History == nil {
		v.Needs |= v.policy.needs(c.Reads()) & NeedHistory
	}
}

// judgement takes a judgement from the pool.
func (p *Policy) judgement(f Facts) *judgement {
	j, ok := p.judgements.Get().(*judgement)
	if !ok {
		j = &judgement{}
	}
	*j = judgement{facts: f, pricing: p.Pricing}
	return j
}

// again is a judgement of the same facts, to explain the verdict.
func (v *Verdict) again() *judgement { return &judgement{facts: v.facts, pricing: v.policy.Pricing} }

// condemn adds a rule that condemns. One that enforces goes before those that must
// warn first, and those before the ones that only plan.
func (v *Verdict) condemn(r *Rule) {
	waits := r.waits(&v.facts)
	switch {
	case v.Rule == nil:
		v.Decision = Stop
	case force(r.Mode, waits) > force(v.Mode, v.NotWarned):
		v.WouldAlso = slices.Insert(v.WouldAlso, v.before, v.Rule.Name)
	default:
		v.WouldAlso = append(v.WouldAlso, r.Name)
		return
	}
	v.Rule, v.Mode, v.NotWarned, v.before = r, r.Mode, waits, len(v.WouldAlso)
}

// force orders what rules that condemn may do.
func force(m Mode, waits bool) int {
	switch {
	case m != ModeEnforce:
		return 0
	case waits:
		return 1
	}
	return 2
}
