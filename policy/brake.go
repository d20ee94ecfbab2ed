package policy

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Brake is what a person wants stopped now, whatever the rules say.
type Brake struct {
	Flows     []string // globs, as a rule's flows; the first must name flows, not exclude some
	Execution string   // a glob of executions' names; "" is any
	Cause     string   // why, in the person's own words; nothing in it is evaluated
	Error     string   // what StopExecution is given as Error; "" is FlowReaper.HandBrake

	// What narrows it: all of them must hold.
	When          string        // a condition, as a rule's when; "" is none
	StartedAfter  time.Time     // exclusive, as all limits; zero is none
	StartedBefore time.Time     // the same
	OlderThan     time.Duration // 0 is none

	// At is when it was pulled: what ran before has been due since then, and is
	// not late by its whole age. Zero is unknown.
	At time.Time
}

// BrakeRule is the name of the one rule of a [Policy.Brake].
const BrakeRule = "hand-brake"

// brakeError is the Error of what the hand brake stops.
const brakeError = "FlowReaper.HandBrake"

// maxBrakeCause is how long a brake's cause may be, in bytes: with the tail,
// whose run id is not known here, it fits 4,096.
const maxBrakeCause = 3600

// Brake returns a policy that condemns every live execution which the brake
// names, and nothing else: with p's name, hash, pricing and protect, in mode
// enforce, and without limits. What p protects it protects, also where that
// can't be evaluated. p's rules, mode and limits have no part in it.
func (p *Policy) Brake(b Brake) (*Policy, error) {
	r, err := b.rule(p)
	if err != nil {
		return nil, err
	}
	brake := p.withRules([]*Rule{r})
	brake.Mode = ModeEnforce
	brake.Limits = Limits{MaxStops: math.MaxInt, Per: p.Limits.Per, MaxShare: 1}
	return brake, nil
}

// isBrake says whether a rule is a brake's: none of a file's lifts the limits for
// what a person starts.
func (r *Rule) isBrake() bool { return r.NoLimits && slices.Contains(r.On, OnManual) }

func (b Brake) rule(p *Policy) (*Rule, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	flows, err := newGlobs("flows", b.Flows)
	if err != nil {
		return nil, err
	}
	r := &Rule{
		Name: BrakeRule, Mode: ModeEnforce, Error: cmp.Or(b.Error, brakeError), On: []Trigger{OnManual}, NoLimits: true,
		since: b.At, flows: flows, cause: expression.Literal(strings.TrimSpace(b.Cause)),
	}
	d := newDecoder(brakeWhen, []byte(b.When))
	d.language = expression.New(p.Pricing.variables(), p.constants)
	r.conjuncts = append(d.sugar("", `execution.status in ["Running", "Starting"]`), flows)
	narrower, err := b.narrower(d, p)
	if err != nil {
		return nil, err
	}
	r.conjuncts = append(r.conjuncts, narrower...)
	if b.Execution != "" {
		name := executionGlob{glob{pattern: b.Execution}}
		r.conjuncts = append(r.conjuncts, name)
		// The same once more, in a form that the API can filter by.
		r.conjuncts = append(r.conjuncts, d.sugar("", "execution.name startsWith "+quote(name.literal()))...)
	}
	r.ordered, r.stays = cheapestFirst(r.conjuncts), stay(r.conjuncts, true)
	return r, nil
}

func (b Brake) check() error {
	switch {
	case len(b.Flows) == 0:
		return errors.New("no flows are named: * names all of them")
	case strings.HasPrefix(b.Flows[0], "!"):
		return fmt.Errorf("%q excludes flows from none: name first which to stop, such as *", yamltree.Brief(b.Flows[0]))
	case b.Execution != "" && (!executionGlobText().MatchString(b.Execution) || len(b.Execution) > maxGlob):
		return fmt.Errorf("%q is not a glob of executions' names: it has letters, digits, _, -, ., :, * and ?", yamltree.Brief(b.Execution))
	case strings.TrimSpace(b.Cause) == "":
		return errors.New("the cause is empty: say why, for those who find their executions stopped")
	case len(expression.Escape(b.Cause)) > maxBrakeCause:
		return fmt.Errorf("the cause is %d bytes long; no more than %d fit what CloudFlow takes", len(expression.Escape(b.Cause)), maxBrakeCause)
	case b.OlderThan < 0:
		return errors.New("nothing is older than a negative duration")
	case b.Error != "" && !isLine(b.Error, maxError):
		return fmt.Errorf("the error must be 1 to %d characters in one line", maxError)
	}
	return nil
}

// executionGlob is a condition on an execution's name.
type executionGlob struct{ glob }

func (g executionGlob) source() string        { return "execution" }
func (g executionGlob) reads() expression.Set { return expression.SetOf(executionName) }
func (g executionGlob) holds(j *judgement) (bool, error) {
	return g.matches(j.facts.Execution.Name), nil
}
func (g executionGlob) String() string { return "execution " + g.glob.String() }

// literal is what all names that match begin with.
func (g executionGlob) literal() string {
	if wild := strings.IndexAny(g.pattern, "*?"); wild >= 0 {
		return g.pattern[:wild]
	}
	return g.pattern
}

func (g executionGlob) describe(j *judgement) string {
	return describeMatch("execution.name", j.facts.Execution.Name, g.matches(j.facts.Execution.Name), g.glob.String())
}
