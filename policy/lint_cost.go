package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy/internal/globset"
)

// everySweep finds a rule that must be judged in every sweep.
func (l *linter) everySweep(r *lintRule) {
	if !slices.Contains(r.On, OnTimer) {
		return
	}
	look := l.policy.look(r.Rule, sample(r.flows, someDay))
	key, why := l.unforeseen(r)
	age, _ := r.leastAge()
	switch {
	case look.age == 0 && why == "" && 0 < age && age <= r.lead(): // warnBefore tells of it
	case look.age == 0 && why == "":
		l.everyFlow(r, "", "no condition says how old an execution must be", look)
	case look.age == 0:
		l.everyFlow(r, key, why, look)
	case why != "":
		l.found(r, key, Note, LintEverySweep, fmt.Sprintf("executions older than %s are judged again in every sweep, because %s: 1 call or more each",
			duration.Format(look.age), why), "give a longer maxRuntime")
	}
}

// everyFlow is the finding that all flows of a rule are looked at in every
// sweep, with what that costs. What is known to be little is only noted.
func (l *linter) everyFlow(r *lintRule, key, why string, look look) {
	flows := l.options.Flows // 0 is not known
	names, bounded := (staged{r.Rule, r.conjuncts}).flowNames(nil)
	if bounded {
		flows = len(names)
	}
	calls := float64(look.calls) / l.options.Tick.Seconds() // a second and flow
	rate := calls * float64(flows)
	demand, severity := fmt.Sprintf("%s calls/s of %g for %s", perSecond(rate), quotaPerSecond, plain.Count(flows, "flow")), Warning
	switch {
	case flows == 0: // nobody knows how many
		demand = fmt.Sprintf("%s calls/s a flow: %.0f flows take all of the API's %g", perSecond(calls), quotaPerSecond/calls, quotaPerSecond)
	case rate <= heavy*quotaPerSecond && (bounded || l.options.Flows > 0):
		severity = Note
	}
	next := "add a maxRuntime, the longer the better, or name fewer flows"
	if look.live {
		next = "what is counted can't do without: name the flows that need it"
	}
	l.found(r, key, severity, LintEverySweep, fmt.Sprintf("its flows are looked at in every sweep, because %s: %s", why, demand), next)
}

// counts finds a bound on several flows that counts each by itself, and one on more flows
// than can be listed before the first list is too old.
func (l *linter) counts(r *lintRule) {
	names, bounded := (staged{r.Rule, r.conjuncts}).flowNames(nil)
	flows := len(names)
	if !bounded && r.flows.namesAll() {
		flows = l.options.Flows // 0 is not known
	}
	for _, c := range r.conjuncts {
		switch c := c.(type) {
		case *concurrency:
			if (!bounded || flows > 1) && r.place("countBy") == r.node.Position {
				l.found(r, "maxConcurrent", Note, LintCountPerFlow, fmt.Sprintf("%d may run of each of its flows: every flow is counted by itself", c.most),
					"if all of them together are meant, write countBy: rule; if not, countBy: flow")
			}
		case *countBy:
			calls := flows * l.policy.look(r.Rule, sample(r.flows, someDay)).calls
			if seconds := float64(calls) / quotaPerSecond; seconds > l.countTime().Seconds() {
				l.warn(r, "countBy", LintCountTooMany, fmt.Sprintf("its %s take %s to list, %s within the API's quota, and a sweep waits no longer than %s for what it counts: it is never decided",
					plain.Count(flows, "flow"), plain.Count(calls, "call"), duration.Format(time.Duration(seconds)*time.Second), duration.Format(l.countTime())), "name fewer flows")
			}
		}
	}
}

// countTime is how long a sweep waits for the lists of all that it counts together; they
// may be no older than a minute when something is stopped on them.
func (l *linter) countTime() time.Duration {
	const ends, share = 10 * time.Second, 0.8
	return min(time.Minute, time.Duration(share*float64(l.options.Tick-ends)))
}

// unforeseen finds a condition of which nobody can say when it becomes true; ""
// where there is none. A window opens when it opens.
func (l *linter) unforeseen(r *lintRule) (key, why string) {
	s := l.policy.solver(sample(r.flows, someDay))
	for _, c := range r.given() {
		if _, window := c.(windows); window {
			continue
		}
		if o := s.conjunct(c); o.yes.isAlways() && o.no.isAlways() {
			return c.source(), c.String() + " can become true at any time"
		}
	}
	return "", ""
}

func (s spans) isAlways() bool { return len(s) == 1 && s[0] == always[0] }

// someDay is now where it doesn't matter when.
var someDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// sample is a running execution of a flow that a list names, of which
// everything is known. What the conditions make of it says nothing; whether
// they can be foreseen does.
func sample(flows *globs, now time.Time) Facts {
	name, _ := globset.Find([]globset.List{flows.list()}, nil)
	return Facts{
		Now: now, Event: &Event{Kind: "timer", Time: now}, Flow: &Flow{Name: name, CreatedTime: now, LastModifiedTime: now},
		Execution: &Execution{
			Name: "e", Status: "Running", StartedTime: now.Add(-time.Hour), Input: JSONInput(""),
			History: &History{LastEventTime: now.Add(-time.Hour)},
		},
	}
}

// unpriced finds a rule on costs that some of its flows don't have.
func (l *linter) unpriced(r *lintRule) {
	i := slices.IndexFunc(r.given(), func(c conjunct) bool { return c.reads().Has(executionCost) })
	if i < 0 || l.policy.Pricing.perTransition() {
		return
	}
	var priced []globset.List
	for _, m := range l.policy.Pricing.perMinute {
		priced = append(priced, m.flows.list())
	}
	name, found := globset.Find([]globset.List{r.flows.list()}, priced)
	if !found || name == "" {
		return
	}
	l.warn(r, r.given()[i].source(), LintUnpriced, fmt.Sprintf("some of its flows have no price, such as one that is called %s: their cost is nil, and is never too high", quote(name)),
		"price them in pricing.perMinute, or name only flows that are priced")
}
