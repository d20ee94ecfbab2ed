package policy

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
	WouldAlso []string    // names of the other rules that condemn
	Undecided []Undecided // rules that could not be evaluated; they condemn nothing and save nothing

	protection *protection
	facts      *Facts
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
// enforces. An execution that has ended is never condemned.
func (p *Policy) Judge(f *Facts) Verdict {
	j := p.judgement(f)
	defer p.judgements.Put(j)
	v := Verdict{Decision: Keep, protection: p.protection, facts: f}
	for _, r := range p.Rules {
		switch result, err := all(r.conjuncts, j); result {
		case yes:
			v.condemn(r)
		case unknown:
			v.Undecided = append(v.Undecided, Undecided{Rule: r.Name, Err: err})
		}
	}
	if v.Decision == Stop {
		if held, _ := p.protection.holds(j); held {
			v.Decision = Protected
		}
	}
	return v
}

// judgement takes a judgement from the pool.
func (p *Policy) judgement(f *Facts) *judgement {
	j, ok := p.judgements.Get().(*judgement)
	if !ok {
		j = &judgement{}
	}
	*j = judgement{facts: f}
	return j
}

// condemn adds a rule that condemns. One that enforces goes before those that
// only plan.
func (v *Verdict) condemn(r *Rule) {
	switch {
	case v.Rule == nil:
		v.Decision, v.Rule, v.Mode = Stop, r, r.Mode
	case v.Mode == ModePlan && r.Mode == ModeEnforce:
		v.WouldAlso = append([]string{v.Rule.Name}, v.WouldAlso...)
		v.Rule, v.Mode = r, r.Mode
	default:
		v.WouldAlso = append(v.WouldAlso, r.Name)
	}
}
