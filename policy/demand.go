package policy

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// CloudFlow's quota, by its documentation: ListExecutions calls a second. Above
// a share of it, what comes unexpectedly has no room.
const (
	quotaPerSecond = 2.0
	heavy          = 0.9
)

// Demand is how often a policy must look at an account's flows.
type Demand struct {
	Flows         int     `json:"flows"`         // that the account has
	ListPerSecond float64 `json:"listPerSecond"` // ListExecutions calls a second
	OfQuota       float64 `json:"ofQuota"`       // the share of the API's 2 a second
	// LateSeconds is how much later than due stops can come because the quota
	// isn't enough; 0 where it is.
	LateSeconds float64 `json:"lateSeconds"`
}

// Demand estimates what sweeps on timers need on an account of so many flows,
// with at most 99 live executions each, which is a page. A rule whose flows
// aren't named one by one may concern them all.
func (p *Policy) Demand(flows int, tick time.Duration) Demand {
	d := Demand{Flows: flows}
	longest := time.Duration(0)
	for _, group := range p.lookGroups(flows) {
		every := lookEvery(group.age, tick)
		d.ListPerSecond += float64(group.flows) / every.Seconds()
		longest = max(longest, every)
	}
	d.OfQuota = d.ListPerSecond / quotaPerSecond
	if d.OfQuota > 1 { // every look comes so much later
		d.LateSeconds = math.Round((d.OfQuota - 1) * longest.Seconds())
	}
	return d
}

// lookGroup is flows that are looked at equally often.
type lookGroup struct {
	flows int
	age   time.Duration // the least age at which an execution is due
}

// lookGroups assigns each flow the least age that a rule on timers asks for:
// that of rules which may concern any flow, or a lesser one of a rule that names
// the flow.
func (p *Policy) lookGroups(flows int) []lookGroup {
	named := map[string]time.Duration{}
	general, concernsAny := time.Duration(math.MaxInt64), false
	for _, r := range p.Rules {
		if !slices.Contains(r.On, OnTimer) {
			continue
		}
		facts := sample(r.flows)
		age := p.ruleQuery(r, r.ordered, &judgement{facts: facts, pricing: p.Pricing}).MinAge
		names, ok := staged{r, r.conjuncts}.flowNames()
		if !ok {
			general, concernsAny = min(general, age), true
			continue
		}
		for _, name := range names {
			if least, known := named[name]; !known || age < least {
				named[name] = age
			}
		}
	}
	var groups []lookGroup
	for _, age := range slices.Sorted(maps.Values(named))[:min(flows, len(named))] {
		groups = append(groups, lookGroup{1, min(age, general)})
	}
	if concernsAny {
		groups = append(groups, lookGroup{flows - len(groups), general})
	}
	return groups
}

// lookEvery is how often a flow is looked at whose executions are due from an
// age on: shortly before the youngest that the last look left out can be due.
func lookEvery(age, tick time.Duration) time.Duration {
	const early = 30 * time.Second
	return max(tick, age-min(early, age/40))
}

// String prints the demand: 1,200 flows need 0.17 calls/s of 2, and what that
// means for stops.
func (d Demand) String() string {
	verb := "need"
	if d.Flows == 1 {
		verb = "needs"
	}
	text := fmt.Sprintf("%s %s %s calls/s of %g", flowCount(d.Flows), verb, perSecond(d.ListPerSecond), quotaPerSecond)
	late := expression.FormatDuration(time.Duration(d.LateSeconds) * time.Second)
	switch {
	case d.LateSeconds > 0:
		return text + ": more than the API grants; stops can be " + late + " late"
	case d.OfQuota > heavy:
		return text + ": nearly all; whatever comes on top makes stops late"
	}
	return text + ": enough, so that stops come about as soon as they are due"
}

func demandText(flows int, tick time.Duration) string {
	return fmt.Sprintf("%s calls/s of %g for %s", perSecond(float64(flows)/tick.Seconds()), quotaPerSecond, flowCount(flows))
}

func flowCount(flows int) string {
	if flows == 1 {
		return "1 flow"
	}
	return grouped(flows) + " flows"
}

// grouped writes 12,345.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// perSecond prints a rate with two digits that matter.
func perSecond(rate float64) string {
	if rate == 0 {
		return "0"
	}
	digits := max(0, 1-int(math.Floor(math.Log10(rate))))
	return strconv.FormatFloat(rate, 'f', min(digits, 4), 64)
}
