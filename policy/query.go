package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Slack is how much wider than the rules a query asks, on each side of its
// times: whether the API's bounds are inclusive is not documented.
const Slack = 2 * time.Second

// Query is what must be asked about one flow, in the policy's terms, so that
// every execution which a rule could condemn is among the answers. It may only
// save calls: each answer is still judged in full.
type Query struct {
	// Statuses are the live statuses to list, one listing each. Without any, no
	// rule can condemn an execution of this flow now, and nothing is asked.
	Statuses []string

	// StartedBefore and StartedAfter are the latest and the earliest started
	// time, by the rules; zero is no bound. Bounds adds the slack.
	StartedBefore time.Time
	StartedAfter  time.Time

	// MinAge is an age below which no execution of the flow can be condemned, now
	// or later, as far as rules bound it; 0 where they don't.
	MinAge time.Duration

	NamePrefix string // of the executions' names; "" is any

	// Needs says what must be fetched: the input with the list; the history of
	// those for which a verdict asks; the flow's other fields where only its name
	// was known; a complete list; the same of all flows that need it together. With NeedLive there are no bounds, and once
	// histories have come all are judged anew, by a Live of the rows with theirs:
	// another may have moved up, and its verdict ask for its history.
	Needs Need
}

// None says whether nothing needs to be asked.
func (q Query) None() bool { return len(q.Statuses) == 0 }

// Bounds returns what to send as StartedTimeBegin and StartedTimeEnd, wider by
// the slack; zero is no bound.
func (q Query) Bounds() (begin, end time.Time) {
	if !q.StartedAfter.IsZero() {
		begin = q.StartedAfter.Add(-Slack)
	}
	if !q.StartedBefore.IsZero() {
		end = q.StartedBefore.Add(Slack)
	}
	return begin, end
}

// ruleQuery is the query of one rule, by what is left of its conditions.
func (p *Policy) ruleQuery(r *Rule, left []conjunct, j *judgement) Query {
	q := Query{Statuses: statuses(left, j), Needs: p.ruleNeeds(r, left)}
	if q.Needs.Has(NeedLive) {
		q.Statuses = slices.Clone(liveStatuses)
		return q
	}
	b := bounds{}
	for _, c := range left {
		switch c := c.(type) {
		case *condition:
			b.add(c.expression, j)
		case *endBy:
			b.endBy(c, j.facts.Now)
		}
	}
	q.StartedBefore, q.StartedAfter, q.NamePrefix = b.before, b.after, b.prefix
	q.MinAge = max(0, b.minAge-r.lead()) // by which people are to be warned
	return q
}

var liveStatuses = []string{"Running", "Starting"}

// statuses are the live statuses that no condition rules out.
func statuses(left []conjunct, j *judgement) []string {
	var possible []string
	for _, status := range liveStatuses {
		one := *j
		one.facts.Execution = &Execution{Status: status}
		if _, ok := narrow(left, flowStage|statusOnly, &one); ok {
			possible = append(possible, status)
		}
	}
	return possible
}

// union is the query that serves all of them: the loosest of each bound.
func (p *Policy) union(queries []Query) Query {
	if len(queries) == 0 {
		return Query{}
	}
	all := queries[0]
	for _, q := range queries[1:] {
		all = all.Or(q)
	}
	all.Needs |= p.protection.needs(p)
	if all.Needs.Has(NeedLive) {
		return Query{Statuses: slices.Clone(liveStatuses), Needs: all.Needs}
	}
	return all
}

// Or is the query that serves both: the loosest of each bound.
func (q Query) Or(other Query) Query {
	var both []string
	for _, status := range liveStatuses {
		if slices.Contains(q.Statuses, status) || slices.Contains(other.Statuses, status) {
			both = append(both, status)
		}
	}
	return Query{
		Statuses:      both,
		StartedBefore: loosest(q.StartedBefore, other.StartedBefore, 1),
		StartedAfter:  loosest(q.StartedAfter, other.StartedAfter, -1),
		MinAge:        min(q.MinAge, other.MinAge),
		NamePrefix:    commonPrefix(q.NamePrefix, other.NamePrefix),
		Needs:         q.Needs | other.Needs,
	}
}

// loosest is the later of two bounds, or the earlier for a negative sign; none
// where one is none.
func loosest(a, b time.Time, sign int) time.Time {
	switch {
	case a.IsZero() || b.IsZero():
		return time.Time{}
	case a.Compare(b)*sign > 0:
		return a
	}
	return b
}

// tightest is loosest for conditions that must both hold.
func tightest(a, b time.Time, sign int) time.Time {
	switch {
	case a.IsZero():
		return b
	case b.IsZero():
		return a
	case a.Compare(b)*sign > 0:
		return b
	}
	return a
}

func commonPrefix(a, b string) string {
	most := min(len(a), len(b))
	i := 0
	for i < most && a[i] == b[i] {
		i++
	}
	return strings.ToValidUTF8(a[:i], "")
}

// Asked prints the parameters of ListExecutions that sweeps on timers send for
// the query: times are none of them, since they look ahead.
func (q Query) Asked() []string {
	if q.None() {
		return nil
	}
	asked := []string{"Status " + strings.Join(q.Statuses, ", then ")}
	if q.NamePrefix != "" {
		asked = append(asked, "ExecutionNamePrefix "+q.NamePrefix)
	}
	return append(asked, fmt.Sprintf("MetadataOnly %t", !q.Needs.Has(NeedInput)))
}
