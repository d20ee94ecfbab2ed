package sweep

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// everyFlow stands in the report for the flows whose names did not come.
const everyFlow = "*"

// describeAtMost is how many flows that the policy names one by one are
// described rather than all flows listed.
const describeAtMost = 20

// question is what is asked about one flow, and how often.
type question struct {
	statuses     string // one listing each, separated by spaces
	namePrefix   string
	metadataOnly bool
	live         bool          // complete listings only: rules count what is live
	leastAge     time.Duration // no rule condemns what is younger
}

// unmatched is how often flows are listed while some rule concerns none of
// those that exist: what age it asks for is not known then.
const unmatched = 5 * time.Minute

// leastAge is the least age that any rule asks for on any flow, whether such a
// flow exists or not.
func (s *sweep) leastAge(told []watch.Flow) time.Duration {
	if len(told) == 0 {
		return 0
	}
	least := time.Hour
	for _, f := range told {
		least = min(least, f.LeastAge)
	}
	if slices.ContainsFunc(s.Policy.Rules, func(r *policy.Rule) bool { return !s.matched[r.Name] }) {
		least = min(least, unmatched)
	}
	return least
}

// ask finds out what the policy asks about a flow. ok is false where no rule
// can condemn anything in it now.
//
// Where the share of what is live is limited, a sweep that nothing follows
// must count what is live itself: so it asks for all that runs.
func (s *sweep) ask(flow *policy.Flow) (q question, ok bool) {
	scope := s.scope.Flow(flow)
	query := scope.Query()
	for _, r := range scope.Rules() {
		s.matched[r.Rule] = true
	}
	q = question{
		statuses: strings.Join(query.Statuses, " "), namePrefix: query.NamePrefix, metadataOnly: !query.Needs.Has(policy.NeedInput),
		live: query.Needs.Has(policy.NeedLive), leastAge: query.MinAge,
	}
	if s.memory.once && s.Policy.Limits.MaxShare < 1 {
		q.namePrefix, q.leastAge = "", 0
	}
	return q, !query.None()
}

// listFlows finds out about the flows, if that is due, while the watch goes on
// with those it knows.
func (s *sweep) listFlows() {
	if s.listingFlows || !s.flowsDue() {
		return
	}
	names, named := s.scope.FlowNames()
	if named && len(names) == 0 {
		return // no rule is in force
	}
	s.listingFlows, s.triedFlows = true, true
	page, end := s.teller()
	at := s.ours()
	s.start(s.listingOf(), func() (func(), error) {
		if named && len(names) <= describeAtMost {
			flows, gone, err := s.describedFlows(s.ctx, names)
			return func() {
				s.names.gone(gone...)
				if s.mistyped(flows, err) {
					return
				}
				s.tellFlows(flows, at, err, len(flows) > 0)
			}, nil
		}
		flows, pages, err := s.listedFlows(s.ctx, page)
		return func() {
			s.names.listed(flows, err)
			end(err)
			if s.mistyped(flows, err) {
				return
			}
			s.tellFlows(flows, at, err, pages > 0)
		}, nil
	}, func(fault error) {
		end(fault)
		s.tellFlows(nil, at, fault, false)
	})
}

// listingOf is the kind of work that listing the flows is. Where flows are known
// and watched, all of them, stops don't wait for news of others.
func (s *sweep) listingOf() operation {
	if len(s.memory.flows) > 0 && len(s.watch.Restored()) == 0 {
		return opRelist
	}
	return opOther
}

func (s *sweep) flowsDue() bool {
	return !s.triedFlows && (s.memory.partial || s.watch.FlowsDue(s.now()))
}

// listedFlows lists all flows, and tells of each page as it comes. When that
// fails half way, the flows that came are as certain as ever.
func (s *sweep) listedFlows(ctx context.Context, tell func([]*policy.Flow, time.Time)) (flows []*policy.Flow, pages int, err error) {
	byName, names, at := map[string]*policy.Flow{}, sameNames{}, s.ours()
	for page, err := range s.Source.ListFlows(ctx) {
		if err != nil {
			return values(byName), pages, err
		}
		pages++
		all := s.rowsOf(page.Items, names)
		for _, flow := range all {
			byName[flow.Name] = flow // the later page knows better
		}
		tell(all, at)
		at = s.ours() // the next page
	}
	return values(byName), pages, nil
}

func values(flows map[string]*policy.Flow) []*policy.Flow {
	all := make([]*policy.Flow, 0, len(flows))
	for _, f := range flows {
		all = append(all, f)
	}
	return all
}

// describedFlows reads the flows that the policy names, and none else. One that
// can't be read keeps nobody from the others.
func (s *sweep) describedFlows(ctx context.Context, names []string) (flows []*policy.Flow, gone []string, first error) {
	for _, name := range names {
		flow, err := s.Source.DescribeFlow(ctx, name)
		switch {
		case cloudflow.IsGone(err): // there is no such flow
			gone = append(gone, name)
		case err == nil:
			flows = append(flows, adaptFlow(flow))
		case isFatal(err) || s.outOfTime(err):
			return flows, gone, err
		default:
			first = cmp.Or(first, err)
		}
	}
	return flows, gone, first
}

// tellFlows tells the watch which flows there are. After a listing that failed
// half way, or that the sweep's time was too short for, those known before stay,
// and the next sweep lists again while it looks at them; when nothing came at
// all and none is known, the sweep has failed.
func (s *sweep) tellFlows(flows []*policy.Flow, at time.Time, err error, some bool) {
	s.listingFlows = false
	switch {
	case err == nil:
	case s.outOfTime(err) && (s.ctx.Err() != nil || some || len(s.memory.flows) > 0):
		s.incomplete(everyFlow, timeIsOver(s.ctx))
		if !some {
			return
		}
	case s.flowsFailed(err, some):
		return
	}
	m := s.memory
	m.partial = err != nil
	if err == nil {
		clear(m.flows)
		m.notCovered = nil
	}
	for _, flow := range s.allApart(flows) {
		s.readRow(flow, at)
		if s.covers(flow) {
			m.flows[keyOf(flow)] = flow
		}
	}
	s.tellWatch()
}

func (s *sweep) flowsFailed(err error, some bool) (ends bool) {
	ends = s.listingFailed(everyFlow, err)
	if !ends && !some && len(s.memory.flows) == 0 {
		s.fail(result.CodeSweep, fmt.Errorf("the flows could not be listed: %w", err))
		return true
	}
	return ends
}

// covers says whether a flow's executions are listed. Those of Express flows
// end within five minutes, and nobody could confirm that they can be stopped.
func (s *sweep) covers(flow *policy.Flow) bool {
	if s.Flow != nil && !s.Flow(flow.Name) || !s.Policy.Concerns(flow) {
		return false
	}
	if flow.ExecutionMode != standard {
		s.memory.notCovered = append(s.memory.notCovered, result.FlowNote{Flow: flow.Name, Reason: flow.ExecutionMode})
		return false
	}
	return true
}

// retell tells the watch anew where the rules in force ask for more than they
// did, because a window has opened; the flows are then listed anew too. Where
// they ask for less, because one has closed, the watch goes on as before: it
// will be open again, and what is known by then saves a look at everything.
func (s *sweep) retell() {
	s.restoreFlows()
	if before := s.memory.asked; before != nil && s.scope.AsksLike(before) && !s.memory.partial {
		return
	}
	for id, flow := range s.memory.flows {
		q, ok := s.ask(flow)
		before, asked := s.memory.questions[id]
		if ok && (!asked || before.with(q) != before) {
			s.memory.partial = true
		}
	}
	s.memory.asked = s.scope
	if s.memory.partial {
		s.tellWatch()
	}
}

// restoreFlows tells the watch the flows that only the file tells of, so that
// looks go on while they are listed, which takes a sweep where there are many.
// No more is known of them than their names; where the policy asks for more,
// they wait. So do those that it asks something else about, which would lose
// what is known.
func (s *sweep) restoreFlows() {
	if s.memory.restored || s.memory.file == nil {
		return
	}
	s.memory.restored = true
	var told []watch.Flow
	for _, f := range s.watch.Restored() {
		flow := &policy.Flow{ID: idOf(f.ID), Name: f.Name, ExecutionMode: standard, NameOnly: true}
		if f.Name == "" || !s.covers(flow) || s.scope.Flow(flow).Query().Needs.Has(policy.NeedFlow) {
			continue
		}
		q, ok := s.ask(flow)
		if again := s.told(flow, q); ok && !q.live && again.Query == f.Query {
			s.memory.flows[keyOf(flow)], s.memory.questions[keyOf(flow)] = flow, q
			told = append(told, again)
		}
	}
	s.watch.AddFlows(told, s.now())
}

// tellWatch tells the watch what is asked about the flows.
func (s *sweep) tellWatch() {
	told := make([]watch.Flow, 0, len(s.memory.flows))
	questions := make(map[string]question, len(s.memory.flows))
	clear(s.matched)
	for id, flow := range s.memory.flows {
		q, ok := s.ask(flow)
		before, asked := s.memory.questions[id]
		switch {
		case asked && ok:
			q = before.with(q)
		case asked:
			q = before
		case !ok:
			continue
		}
		questions[id] = q
		told = append(told, s.told(flow, q))
	}
	s.memory.questions = questions
	if s.memory.partial {
		s.watch.AddFlows(told, s.now())
	} else {
		s.watch.SetFlows(told, s.leastAge(told), s.now())
	}
	s.recall()
}

// told is a flow as the watch is told of it.
func (s *sweep) told(flow *policy.Flow, q question) watch.Flow {
	return watch.Flow{
		ID: keyOf(flow), Name: flow.Name, Query: s.hash(flow, q), LeastAge: q.leastAge, EverySweep: q.everySweep(),
		ByStatusAlone: q.namePrefix == "" && strings.Contains(q.statuses, running),
		Due:           func(name string, started time.Time) (time.Time, bool) { return s.dueOf(flow, q, name, started) },
		Then: func(name string, started, seen time.Time) time.Time {
			return s.then(flow, remembered(name, started), seen, true)
		},
	}
}

// with is the question that serves both.
func (q question) with(other question) question {
	both := question{
		statuses: q.statuses, namePrefix: q.namePrefix, metadataOnly: q.metadataOnly && other.metadataOnly,
		live: q.live || other.live, leastAge: min(q.leastAge, other.leastAge),
	}
	if len(other.statuses) > len(q.statuses) {
		both.statuses = other.statuses
	}
	for !strings.HasPrefix(other.namePrefix, both.namePrefix) {
		both.namePrefix = both.namePrefix[:len(both.namePrefix)-1]
	}
	return both
}

// everySweep says that age doesn't bound what is asked.
func (q question) everySweep() bool { return q.live || q.leastAge <= 0 }

// hash tells what was found out by one question from what was by another, or
// under rules that make other executions due.
func (s *sweep) hash(flow *policy.Flow, q question) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %+v", s.scope.Flow(flow).Fingerprint(), s.Event.Kind, q))
	return hex.EncodeToString(sum[:8])
}

// dueOf is the due time of an execution of which a file remembers only when it
// started.
func (s *sweep) dueOf(flow *policy.Flow, q question, name string, started time.Time) (time.Time, bool) {
	due := s.Policy.Due(&policy.Facts{
		Now: s.clock.judging(), Event: s.Event, Flow: flow,
		Execution: remembered(name, started),
	})
	switch due.Kind {
	case policy.Never:
		return time.Time{}, false
	case policy.Moment:
		return ceil(due.Time), true
	}
	return started.Add(q.leastAge), true
}

// remembered is an execution as a file tells of it.
func remembered(name string, started time.Time) *policy.Execution {
	return &policy.Execution{Name: name, Status: running, StartedTime: started, EnvUnknown: true}
}
