package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// running is the status of nearly all that is listed.
const running = "Running"

// unmatched is how often flows are listed while some rule concerns none of
// those that exist: what age it asks for is not known then.
const unmatched = 5 * time.Minute

// leastAge is the least age that any rule asks for on any flow, whether such a
// flow exists or not.
func (f *flows) leastAge(told []watch.Flow) time.Duration {
	if len(told) == 0 {
		return 0
	}
	least := time.Hour
	for _, flow := range told {
		least = min(least, flow.LeastAge)
	}
	if slices.ContainsFunc(f.Policy.Rules, func(r *policy.Rule) bool { return !f.matched[r.Name] }) {
		least = min(least, unmatched)
	}
	return least
}

// ask finds out what the policy asks about a flow. ok is false where no rule
// can condemn anything in it now.
//
// Where the share of what is live is limited, a sweep that nothing follows
// must count what is live itself: so it asks for all that runs.
func (f *flows) ask(flow *policy.Flow) (q policy.Query, ok bool) {
	scope := f.scope.Flow(flow)
	q = scope.Query()
	for _, r := range scope.Rules() {
		f.matched[r.Name] = true
	}
	if f.memory.once && f.Policy.Limits.MaxShare < 1 {
		q.NamePrefix, q.MinAge = "", 0
	}
	return q, !q.None()
}

// retell tells the watch anew where the rules in force ask for more than they
// did, because a window has opened; the flows are then listed anew too. Where
// they ask for less, because one has closed, the watch goes on as before: it
// will be open again, and what is known by then saves a look at everything.
func (f *flows) retell() {
	f.restoreFlows()
	if before := f.memory.asked; before != nil && f.scope.AsksLike(before) && !f.memory.partial {
		return
	}
	for id, flow := range f.memory.flows {
		q, ok := f.ask(flow)
		before, asked := f.memory.questions[id]
		if ok && (!asked || question(before.Or(q)) != question(before)) {
			f.memory.partial = true
		}
	}
	f.memory.asked = f.scope
	if f.memory.partial {
		f.tellWatch()
	}
}

// restoreFlows tells the watch the flows that only the file tells of, so that
// looks go on while they are listed, which takes a sweep where there are many.
// No more is known of them than their names; where the policy asks for more,
// they wait. So do those that it asks something else about, which would lose
// what is known.
func (f *flows) restoreFlows() {
	if f.memory.restored || f.memory.file == nil {
		return
	}
	f.memory.restored = true
	var told []watch.Flow
	for _, known := range f.watch.Restored() {
		flow := &policy.Flow{ID: judge.IDOf(known.ID), Name: known.Name, ExecutionMode: judge.Standard, NameOnly: true}
		if known.Name == "" || !f.covers(flow) || f.scope.Flow(flow).Query().Needs.Has(policy.NeedFlow) {
			continue
		}
		q, ok := f.ask(flow)
		if again := f.told(flow, q); ok && !q.Needs.Has(policy.NeedLive) && again.Query == known.Query {
			f.memory.flows[judge.FlowKey(flow)], f.memory.questions[judge.FlowKey(flow)] = flow, q
			told = append(told, again)
		}
	}
	f.watch.AddFlows(told, f.now())
}

// tellWatch tells the watch what is asked about the flows.
func (f *flows) tellWatch() {
	told := make([]watch.Flow, 0, len(f.memory.flows))
	questions := make(map[string]policy.Query, len(f.memory.flows))
	clear(f.matched)
	for id, flow := range f.memory.flows {
		q, ok := f.ask(flow)
		before, asked := f.memory.questions[id]
		switch {
		case asked && ok:
			q = before.Or(q)
		case asked:
			q = before
		case !ok:
			continue
		}
		questions[id] = q
		told = append(told, f.told(flow, q))
	}
	f.memory.questions = questions
	if f.memory.partial {
		f.watch.AddFlows(told, f.now())
	} else {
		f.watch.SetFlows(told, f.leastAge(told), f.now())
	}
	f.stops.Recall()
}

// told is a flow as the watch is told of it.
func (f *flows) told(flow *policy.Flow, q policy.Query) watch.Flow {
	least := q.MinAge // not all of the question: of each flow it is kept
	return watch.Flow{
		ID: judge.FlowKey(flow), Name: flow.Name, Query: f.hash(flow, q), LeastAge: q.MinAge, EverySweep: everySweep(q),
		ByStatusAlone: q.NamePrefix == "" && slices.Contains(q.Statuses, running),
		Due:           func(name string, started time.Time) (time.Time, bool) { return f.dueOf(flow, least, name, started) },
		Then: func(name string, started, seen time.Time) time.Time {
			return f.then(flow, remembered(name, started), seen, true)
		},
	}
}

// question is what is asked of the API, and how often.
func question(q policy.Query) string {
	return fmt.Sprintf("%q %t %s", q.Asked(), q.Needs.Has(policy.NeedLive), q.MinAge)
}

// everySweep says that age doesn't bound what is asked.
func everySweep(q policy.Query) bool { return q.Needs.Has(policy.NeedLive) || q.MinAge <= 0 }

// hash tells what was found out by one question from what was by another, or
// under rules that make other executions due.
func (f *flows) hash(flow *policy.Flow, q policy.Query) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s", f.scope.Flow(flow).Fingerprint(), f.Event.Kind, question(q)))
	return hex.EncodeToString(sum[:8])
}

// dueOf is the due time of an execution of which a file remembers only when it
// started.
func (f *flows) dueOf(flow *policy.Flow, leastAge time.Duration, name string, started time.Time) (time.Time, bool) {
	due := f.Policy.Attention(f.own.Facts(f.clock.Judging(), flow, remembered(name, started)))
	switch due.Kind {
	case policy.Never:
		return time.Time{}, false
	case policy.Moment:
		return ceil(due.Time), true
	}
	return started.Add(leastAge), true
}

// remembered is an execution as a file tells of it.
func remembered(name string, started time.Time) *policy.Execution {
	return &policy.Execution{Name: name, Status: running, StartedTime: started, EnvUnknown: true}
}

// actingRules is a policy with each of the rules alone that stop what they
// condemn, where there are several rules.
func actingRules(p *policy.Policy) []*policy.Policy {
	var each []*policy.Policy
	for _, r := range p.Rules {
		if r.Mode == policy.ModeEnforce && len(p.Rules) > 1 {
			each = append(each, p.Only(r.Name))
		}
	}
	return each
}

// then is the first time after another at which a rule that stops could condemn
// an execution, or protect let go of it, or people are to be warned; zero where none is known to. What is overdue by a rule in plan
// mode, or by one that is undecided, is not put off for it.
// Where only a file tells of it, when it was seen last may be by a clock that was
// ahead; and a rule may need more to say: then it is now.
func (f *flows) then(flow *policy.Flow, e *policy.Execution, after time.Time, restored bool) (first time.Time) {
	facts := f.own.Facts(f.clock.Judging(), flow, e)
	if restored {
		after = after.Add(-judge.MaxOffset)
	}
	add := func(due policy.Due) {
		known := due.Kind == policy.Moment || due.Kind == policy.EverySweep && restored
		if t := ceil(due.Time); known && t.After(after) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for _, p := range f.acting {
		add(p.Attention(facts))
	}
	if free := f.Policy.Unprotected(facts); free.Kind == policy.Moment && free.Time.After(facts.Now) {
		add(free)
		for _, t := range f.Policy.Foretold(free.Time) {
			add(policy.Due{Kind: policy.Moment, Time: t})
		}
	}
	if f.Policy.Warns() {
		if notices, _ := f.Policy.Ahead(facts); len(notices) > 0 { // until a channel has taken them
			add(policy.Due{Kind: policy.Moment, Time: facts.Now.Add(f.memory.tick - tickMargin)})
		}
	}
	return first
}
