package policy

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// QueryPlan says, for people, what sweeps on timers ask of the API for a policy,
// and how often.
type QueryPlan struct {
	Flows      int        `json:"flows"`           // that the account has
	ListFlows  int        `json:"listFlows"`       // calls, hourly or more often; 0: the rules name their flows
	FlowNames  []string   `json:"named,omitempty"` // the flows, where ListFlows isn't called
	Rules      []RulePlan `json:"rules"`
	Look       int        `json:"look"`        // ListExecutions calls that look at everything once, a page a flow
	LookSecond float64    `json:"lookSeconds"` // how long that takes within the quota
	Demand     Demand     `json:"demand"`
}

// RulePlan is what one rule asks.
type RulePlan struct {
	Rule      string   `json:"rule"`
	OnEvents  bool     `json:"onEvents,omitempty"` // it judges on events, and asks nothing on timers
	Flows     int      `json:"flows"`              // that it concerns, at most
	Asked     []string `json:"asked"`              // ListExecutions' parameters, for an example of its flows
	Fetched   []string `json:"fetched,omitempty"`  // what else is called
	OnceSweep []string `json:"onceASweep,omitempty"`
	OnceFlow  []string `json:"onceAFlow,omitempty"`
	Judged    []string `json:"judged,omitempty"` // once an execution
	Calls     int      `json:"calls"`            // ListExecutions calls that look at one of its flows
	Every     float64  `json:"everySeconds"`     // how often each of its flows is looked at
}

// flowsAPage is how many flows an answer of ListFlows brings.
const flowsAPage = 100

// QueryPlan explains what is asked on an account of so many flows, by sweeps so far
// apart. Where nothing more of them is known, flows is nil: a rule that doesn't name
// its flows one by one may concern them all.
func (p *Policy) QueryPlan(now time.Time, count int, flows []*Flow, tick time.Duration) QueryPlan {
	plan := QueryPlan{Flows: count, Rules: []RulePlan{}}
	if names, named := p.flowNames(); named {
		plan.FlowNames = names
	} else {
		plan.ListFlows = max(1, (count+flowsAPage-1)/flowsAPage)
	}
	for _, r := range p.Rules {
		plan.Rules = append(plan.Rules, p.rulePlan(r, now, count, flows, tick))
	}
	looks := p.looks(now, count, flows)
	for _, l := range looks {
		plan.Look += l.flows * l.calls
	}
	plan.LookSecond = float64(plan.Look) / quotaPerSecond
	plan.Demand = demand(count, looks, tick)
	return plan
}

// flowNames are the only flows that rules on timers can concern, whatever the
// time; ok is false where they aren't named one by one.
func (p *Policy) flowNames() (names []string, ok bool) {
	var rules []staged
	for _, r := range p.Rules {
		if slices.Contains(r.On, OnTimer) {
			rules = append(rules, staged{r, r.conjuncts})
		}
	}
	return flowNames(rules, nil)
}

func (p *Policy) rulePlan(r *Rule, now time.Time, count int, flows []*Flow, tick time.Duration) RulePlan {
	plan := RulePlan{Rule: r.Name, OnEvents: !slices.Contains(r.On, OnTimer), Asked: []string{}}
	facts := sample(r.flows, now)
	if flows == nil {
		plan.Flows = count
		if names, ok := (staged{r, r.conjuncts}).flowNames(nil); ok {
			plan.Flows = min(count, len(names))
		}
	} else if concerned := r.concerned(flows, facts); len(concerned) > 0 {
		plan.Flows, facts.Flow = len(concerned), concerned[0]
	}
	var left []conjunct
	for _, c := range r.ordered {
		left = plan.sort(c, left)
	}
	q := p.union([]Query{p.ruleQuery(r, left, &judgement{facts: facts, pricing: p.Pricing})})
	plan.Calls = len(q.Statuses)
	plan.Every = lookEvery(q.MinAge, tick).Seconds()
	if plan.Flows > 0 && !plan.OnEvents {
		plan.Asked = q.Asked()
	}
	if q.Needs.Has(NeedHistory) {
		plan.Fetched = append(plan.Fetched, "GetExecutionHistory, 1 to 6 calls for each that passes all else")
	}
	switch {
	case q.Needs.Has(NeedTogether):
		plan.Fetched = append(plan.Fetched, "the complete lists of all its flows, counted together")
	case q.Needs.Has(NeedLive):
		plan.Fetched = append(plan.Fetched, "the complete list of each flow")
	}
	return plan
}

// sort says when a condition is evaluated, and collects those that need an
// execution.
func (plan *RulePlan) sort(c conjunct, left []conjunct) []conjunct {
	text := c.String()
	switch {
	case c.reads()&^eventStage == 0:
		plan.OnceSweep = append(plan.OnceSweep, text)
		return left
	case c.reads()&^flowStage == 0:
		plan.OnceFlow = append(plan.OnceFlow, text)
		return left
	}
	plan.Judged = append(plan.Judged, text)
	return append(left, c)
}

// concerned are the flows that a rule may condemn executions of.
func (r *Rule) concerned(flows []*Flow, facts Facts) []*Flow {
	var all []*Flow
	for _, flow := range flows {
		facts.Flow = flow
		conditions := slices.DeleteFunc(slices.Clone(r.ordered), func(c conjunct) bool { return c.reads()&^eventStage == 0 })
		if _, ok := narrow(conditions, flowStage, &judgement{facts: facts}); ok && flow.executionMode() == "Standard" {
			all = append(all, flow)
		}
	}
	return all
}

// Lines prints the parts of a rule's plan, for tables: what is asked, what is
// judged here, and how often.
func (r RulePlan) Lines() (asked, judged, calls string) {
	switch {
	case r.OnEvents:
		return "nothing: it judges on events", r.judged(), "none"
	case r.Flows == 0:
		return "nothing: there is no such flow", r.judged(), "none"
	}
	every := duration.Format(time.Duration(r.Every * float64(time.Second)).Round(time.Second))
	calls = fmt.Sprintf("%s/s: %s,\n%d every %s", perSecond(float64(r.Flows*r.Calls)/r.Every), plain.Count(r.Flows, "flow"), r.Calls, every)
	return strings.Join(append(slices.Clone(r.Asked), r.Fetched...), "\n"), r.judged(), calls
}

func (r RulePlan) judged() string {
	var lines []string
	for _, group := range []struct {
		when  string
		texts []string
	}{{"once a sweep: ", r.OnceSweep}, {"once a flow: ", r.OnceFlow}, {"", r.Judged}} {
		for _, text := range group.texts {
			lines = append(lines, group.when+text)
		}
	}
	return strings.Join(lines, "\n")
}

// LookTime is how long a look at everything takes within the quota.
func (q QueryPlan) LookTime() string {
	return duration.Format(time.Duration(math.Ceil(q.LookSecond)) * time.Second)
}
