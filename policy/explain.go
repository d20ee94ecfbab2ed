package policy

import "slices"

// Explanation says, rule by rule, why an execution is stopped or kept.
type Explanation struct {
	Flow      string            `json:"flow"`
	Execution string            `json:"execution"`
	Decision  Decision          `json:"decision"`
	Rule      string            `json:"rule,omitempty"` // that condemned
	Mode      Mode              `json:"mode,omitempty"`
	Reason    string            `json:"reason,omitempty"`
	NotWarned string            `json:"notWarned,omitempty"` // from when on it is stopped, where people must be warned first
	Protected string            `json:"protected,omitempty"` // what protects it, condemned or not
	Until     *Due              `json:"until,omitempty"`     // when that could let go, if ever
	Rules     []RuleExplanation `json:"rules"`

	NotCovered string `json:"notCovered,omitempty"` // why sweeps never look at it: see Uncovered
}

// RuleExplanation is how one rule judged.
type RuleExplanation struct {
	Rule       string                 `json:"rule"`
	Mode       Mode                   `json:"mode"`
	Result     RuleResult             `json:"result"`
	Conditions []ConditionExplanation `json:"conditions"`
	// Failed is the place in Conditions of the first that is false, or, where
	// none is, of the first that failed; -1 where all hold.
	Failed int `json:"failed"`
	Due    Due `json:"due"`
	// Warning says of a rule that warns before it stops when it may.
	Warning string `json:"warning,omitempty"`
}

// RuleResult is what came of a rule.
type RuleResult string

const (
	Condemns    RuleResult = "condemns"
	Keeps       RuleResult = "keeps"
	IsUndecided RuleResult = "undecided"
)

// ConditionExplanation is one condition, with the values that it saw.
type ConditionExplanation struct {
	Key   string `json:"key,omitempty"` // of the file; absent where the condition is implied
	Text  string `json:"text"`          // execution.age > 2h
	Seen  string `json:"seen"`          // age 3h2m > 2h
	Holds bool   `json:"holds"`
	Error string `json:"error,omitempty"` // why it is neither true nor false
	// Due is when it could hold, where it doesn't.
	Due *Due `json:"due,omitempty"`
}

// Explain judges an execution and says why, condition by condition.
func (p *Policy) Explain(f *Facts) Explanation {
	v := p.Judge(f)
	e := Explanation{Flow: f.Flow.Name, Execution: f.Execution.Name, Decision: v.Decision, Mode: v.Mode, Reason: v.Reason()}
	if v.Rule != nil {
		e.Rule = v.Rule.Name
	}
	if v.NotWarned && v.Decision == Stop {
		e.NotWarned = v.Rule.warning(f)
	}
	if held, _, _ := p.protection.holds(v.again()); held {
		e.Protected = p.protection.reason(v.again())
		if until := p.Unprotected(f); until.Kind == Moment {
			e.Until = &until
		}
	}
	for _, r := range p.Rules {
		e.Rules = append(e.Rules, p.explainRule(r, &v))
	}
	return e
}

// Uncovered is what e becomes of an execution that sweeps never look at, such as one
// of an Express flow: it is kept, and never falls due, whatever the conditions say.
func (e Explanation) Uncovered(why string) Explanation {
	e.Decision, e.Rule, e.Mode, e.Reason, e.NotWarned, e.NotCovered = Keep, "", "", "", "", why
	e.Rules = slices.Clone(e.Rules)
	for i := range e.Rules {
		r := &e.Rules[i]
		r.Due, r.Warning, r.Conditions = Due{}, "", slices.Clone(r.Conditions)
		for j := range r.Conditions {
			r.Conditions[j].Due = nil
		}
	}
	return e
}

func (p *Policy) explainRule(r *Rule, v *Verdict) RuleExplanation {
	j := v.again()
	e := RuleExplanation{Rule: r.Name, Mode: r.Mode, Result: Condemns, Due: p.ruleDue(r, &j.facts), Warning: r.warning(&j.facts)}
	for _, c := range r.conjuncts {
		e.Conditions = append(e.Conditions, p.explainCondition(c, j))
	}
	e.Failed = slices.IndexFunc(e.Conditions, func(c ConditionExplanation) bool { return !c.Holds && c.Error == "" })
	if e.Failed >= 0 {
		if e.Result = Keeps; e.Due.Kind == Never {
			e.Warning = ""
		}
		return e
	}
	e.Failed = slices.IndexFunc(e.Conditions, func(c ConditionExplanation) bool { return c.Error != "" })
	if e.Failed >= 0 {
		e.Result = IsUndecided
	}
	return e
}

func (p *Policy) explainCondition(c conjunct, j *judgement) ConditionExplanation {
	e := ConditionExplanation{Key: c.source(), Text: c.String(), Seen: c.describe(j)}
	holds, err := c.holds(j)
	e.Holds = holds && err == nil
	if err != nil {
		e.Error = err.Error()
	}
	if !e.Holds {
		due := p.conditionDue(c, j.facts)
		e.Due = &due
	}
	return e
}

// conditionDue is when a condition that does not hold could.
func (p *Policy) conditionDue(c conjunct, f Facts) Due {
	if HasEnded(f.Execution.Status) {
		return Due{}
	}
	if ws, ok := c.(windows); ok {
		if at, ok := ws.next(f.Now); ok {
			return Due{Moment, at}
		}
		return Due{}
	}
	return p.solver(f).conjunct(c).yes.due(f.Now, Due{EverySweep, f.Now})
}

// MarshalText prints the moment, "never" or "every sweep".
func (d Due) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Softened is the explanation under a mode that softens the policy's: under plan no rule
// enforces.
func (e Explanation) Softened(mode Mode) Explanation {
	if mode != ModePlan {
		return e
	}
	if e.Mode != "" {
		e.Mode = mode
	}
	for i := range e.Rules {
		e.Rules[i].Mode = mode
	}
	return e
}

// Undecided is how many rules could not be evaluated, of an execution that any judges.
func (e Explanation) Undecided() int {
	if e.NotCovered != "" {
		return 0
	}
	n := 0
	for _, r := range e.Rules {
		if r.Result == IsUndecided {
			n++
		}
	}
	return n
}
