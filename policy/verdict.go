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

	facts *Facts
}

// Undecided names a rule whose evaluation failed for one execution, and why.
type Undecided struct {
	Rule string
	Err  error
}

// Judge evaluates protect and every rule on one execution.
func (p *Policy) Judge(f *Facts) Verdict { panic("unwritten") }

// Reason explains the verdict with the values that decided it, such as
// `age 3h2m > 2h and flow.name "etl-nightly" matches "^etl-"`, or says which
// protection holds.
func (v Verdict) Reason() string { panic("unwritten") }

// Cause is the text for StopExecution: the rule's cause template, or the
// reason where there is none or it fails, cut on a rune boundary to fit 4,096
// characters with the tail ` [flowreaper/1 policy=<8 hex> rule=<name> run=<id>]`.
func (p *Policy) Cause(v Verdict, runID string) string { panic("unwritten") }
