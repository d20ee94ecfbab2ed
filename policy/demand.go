package policy

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
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
	return demand(flows, p.looks(someDay, flows, nil), tick)
}

func demand(count int, looks []look, tick time.Duration) Demand {
	d := Demand{Flows: count}
	longest := time.Duration(0)
	for _, l := range looks {
		every := lookEvery(l.age, tick)
		d.ListPerSecond += float64(l.flows*l.calls) / every.Seconds()
		longest = max(longest, every)
	}
	d.OfQuota = d.ListPerSecond / quotaPerSecond
	if d.OfQuota > 1 { // every look comes so much later
		d.LateSeconds = math.Round((d.OfQuota - 1) * longest.Seconds())
	}
	return d
}

// look is how flows are looked at.
type look struct {
	flows int
	age   time.Duration // the least at which an execution is due: it says how often
	calls int           // ListExecutions calls a flow
	live  bool          // a complete list is needed
}

// and is the look that serves two rules.
func (l look) and(other look) look {
	return look{max(l.flows, other.flows), min(l.age, other.age), max(l.calls, other.calls), l.live || other.live}
}

// look is how the facts' flow is looked at for a rule.
func (p *Policy) look(r *Rule, facts Facts) look {
	q := p.ruleQuery(r, r.ordered, &judgement{facts: facts, pricing: p.Pricing})
	return look{1, q.MinAge, max(1, len(q.Statuses)), q.Needs.Has(NeedLive)}
}

// looks are how flows are looked at: those that are known or, where none are, so many
// of which some rules name a few, and others may concern any.
func (p *Policy) looks(now time.Time, count int, flows []*Flow) []look {
	one := map[string]look{}
	add := func(name string, own look) {
		if known, ok := one[name]; ok {
			own = own.and(known)
		}
		one[name] = own
	}
	general := look{age: math.MaxInt64}
	for _, r := range p.Rules {
		if !slices.Contains(r.On, OnTimer) {
			continue
		}
		facts := sample(r.flows, now)
		names, named := staged{r, r.conjuncts}.flowNames(nil)
		switch {
		case flows != nil:
			for _, flow := range r.concerned(flows, facts) {
				facts.Flow = flow
				add(flow.Name, p.look(r, facts))
			}
		case named:
			for _, name := range names {
				add(name, p.look(r, facts))
			}
		default:
			general = general.and(p.look(r, facts))
		}
	}
	var all []look
	for _, name := range slices.Sorted(maps.Keys(one))[:min(count, len(one))] {
		all = append(all, one[name].and(general))
	}
	if rest := count - len(all); general.flows > 0 {
		all = append(all, look{rest, general.age, general.calls, general.live})
	}
	return all
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
	text := fmt.Sprintf("%s %s %s calls/s of %g", plain.Count(d.Flows, "flow"), verb, perSecond(d.ListPerSecond), quotaPerSecond)
	late := duration.Format(time.Duration(d.LateSeconds) * time.Second)
	switch {
	case d.LateSeconds > 0:
		return text + ": more than the API grants; stops can be " + late + " late"
	case d.OfQuota > heavy:
		return text + ": nearly all; whatever comes on top makes stops late"
	}
	return text + ": enough, so that stops come about as soon as they are due"
}

// perSecond prints a rate with two digits that matter.
func perSecond(rate float64) string {
	if rate == 0 {
		return "0"
	}
	digits := max(0, 1-int(math.Floor(math.Log10(rate))))
	return strconv.FormatFloat(rate, 'f', min(digits, 4), 64)
}
