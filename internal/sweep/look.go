package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// running is the status of nearly all that is listed.
const running = "Running"

// look lists one flow's executions and judges them, off the loop; what it
// returns is done in the loop.
func (s *sweep) look(l *watch.Look) {
	flow, q := s.memory.flows[l.FlowID], s.memory.questions[l.FlowID]
	if flow == nil {
		s.watch.FlowGone(l.FlowID)
		return
	}
	s.start(opList, func() (func(), error) {
		list, err := s.list(s.ctx, l, q)
		if err != nil {
			return nil, err
		}
		if list.tooMany {
			return func() { s.watch.TooMany(l, list.sightings(), s.now()) }, nil
		}
		found := s.judgeAll(s.ctx, s.own, flow, q, list)
		return func() { s.lookedAt(l, q, list, found) }, nil
	}, func(err error) { s.notLooked(l, err) })
}

// listing is the answer to one look, so far.
type listing struct {
	asked   time.Time
	rows    map[string]cloudflow.Execution // live ones, by name
	differ  map[string]bool                // names of which rows have said different things
	pages   int                            // of the first status
	read    int                            // pages, of all
	tooMany bool
}

func newListing(asked time.Time) *listing {
	return &listing{asked: asked, rows: map[string]cloudflow.Execution{}, differ: map[string]bool{}}
}

// list reads a look's pages. Pages can shift while executions end, so a name
// may come twice: the later row knows better. After an error it tells how many pages
// had been read, and no more is to be concluded from it.
func (s *sweep) list(ctx context.Context, l *watch.Look, q question) (*listing, error) {
	all := newListing(s.ours())
	for i, status := range strings.Fields(q.statuses) {
		query := cloudflow.ExecutionQuery{
			FlowName: l.FlowName, Status: status, NamePrefix: q.namePrefix, MetadataOnly: q.metadataOnly,
			StartedTimeBegin: l.StartedTimeBegin, StartedTimeEnd: l.StartedTimeEnd,
		}
		pages := 0
		for page, err := range s.Source.ListExecutions(ctx, query) {
			if err != nil {
				return all, err
			}
			pages++
			all.read++
			all.add(page)
			// What rules count must be counted in one go.
			if page.More && pages >= l.MaxPages && !q.live {
				all.tooMany = true
				return all, nil
			}
		}
		if i == 0 {
			all.pages = pages
		}
	}
	return all, s.agree(ctx, all, l.FlowName)
}

func (l *listing) add(page cloudflow.Page[cloudflow.Execution]) {
	for _, row := range page.Items {
		before, twice := l.rows[row.Name]
		delete(l.rows, row.Name)
		if row.Live() {
			l.rows[row.Name] = row
		}
		if twice && !sameFacts(before, row) || !row.Live() {
			l.differ[row.Name] = true
		}
	}
}

// sameFacts says that rules see the same of two rows of one name, but for the status.
func sameFacts(a, b cloudflow.Execution) bool {
	return a.StartedTime.Equal(b.StartedTime) && a.InputFetched == b.InputFetched && a.Input == b.Input &&
		a.EnvironmentAbsent == b.EnvironmentAbsent && a.EnvironmentDoubt == b.EnvironmentDoubt && maps.Equal(a.Environment, b.Environment)
}

// agree has executions of which rows differ be what DescribeExecution tells of them:
// which of the rows is right nobody knows. It returns their names.
func (l *listing) agree(ctx context.Context, source describer, flow string) ([]string, error) {
	var names []string
	for name := range l.differ {
		if _, live := l.rows[name]; !live {
			continue
		}
		names = append(names, name)
		answer, err := source.DescribeExecution(ctx, flow, name, 0)
		switch {
		case cloudflow.IsGone(err), err == nil && !answer.Live():
			delete(l.rows, name)
		case err != nil:
			return nil, err
		default:
			l.rows[name] = answer
		}
	}
	return names, nil
}

type describer interface {
	DescribeExecution(ctx context.Context, flow, execution string, wait time.Duration) (cloudflow.Execution, error)
}

// agree tells people of rows that differ.
func (s *sweep) agree(ctx context.Context, l *listing, flow string) error {
	names, err := l.agree(ctx, s.Source, flow)
	for _, name := range names {
		s.note("SameName", fmt.Sprintf("rows of one listing differ in what they say of the execution %s of %s: what DescribeExecution says counts", name, flow))
	}
	return err
}

func (l *listing) sightings() []watch.Execution {
	all := make([]watch.Execution, 0, len(l.rows))
	for _, row := range l.rows {
		all = append(all, watch.Execution{Name: row.Name, StartedTime: row.StartedTime})
	}
	return all
}

// judgeAll judges the rows of a complete answer, but for what has ended since.
func (s *sweep) judgeAll(ctx context.Context, by *bench, flow *policy.Flow, q question, list *listing) []finding {
	if q.live {
		rows := make([]*policy.Execution, 0, len(list.rows))
		for _, row := range list.rows {
			rows = append(rows, adaptExecution(row))
		}
		return slices.DeleteFunc(s.judgeCrowd(ctx, by, flow, rows, list.asked), finding.over)
	}
	found := make([]finding, 0, len(list.rows))
	for _, row := range list.rows {
		found = append(found, s.examined(ctx, by, flow, row, list.asked, 0))
	}
	return slices.DeleteFunc(found, finding.over)
}

// lookedAt takes in a complete answer.
func (s *sweep) lookedAt(l *watch.Look, q question, list *listing, found []finding) {
	rows := make([]watch.Execution, 0, len(found))
	for _, f := range found {
		rows = append(rows, s.sighting(f, q.everySweep()))
	}
	s.keepLive(l.FlowID, func() {
		if s.watch.Looked(l, rows, max(1, list.pages), s.now()) {
			s.listedOne(l.FlowID)
		}
	})
	for _, f := range found {
		s.take(f)
	}
}

// notLooked takes in a listing that failed: nothing of it is used. One that the
// end of the sweep cut short is asked for again by the next.
func (s *sweep) notLooked(l *watch.Look, err error) {
	switch {
	case cloudflow.IsGone(err): // deleted since it was listed: nothing of it runs
		s.watch.FlowGone(l.FlowID)
		delete(s.memory.flows, l.FlowID)
		s.listedOne(l.FlowID)
		return
	case s.outOfTime(err):
		s.incomplete(l.FlowName, timeIsOver(s.ctx))
		return
	}
	s.watch.LookFailed(l, s.now())
	s.listingFailed(l.FlowName, err)
}

// listingFailed reports a listing that failed by itself, and says whether the
// whole sweep ends with it.
func (s *sweep) listingFailed(flow string, err error) (ends bool) {
	ends = s.endIfFatal(err)
	s.failure(err)
	s.incomplete(flow, err)
	s.firstUnlisted = cmp.Or(s.firstUnlisted, err)
	return ends
}

// check describes one execution and judges it, off the loop.
func (s *sweep) check(c *watch.Check) {
	flow := s.memory.flows[c.FlowID]
	if flow == nil {
		s.watch.FlowGone(c.FlowID)
		return
	}
	op := opCheck
	if c.Early {
		op = opEarly
	}
	s.start(op, func() (func(), error) {
		at := s.ours()
		answer, err := s.stillLive(c.FlowName, c.Execution, c.StartedTime)
		switch {
		case err != nil:
			return nil, err
		case answer == nil:
			return func() { s.watch.Ended(c.FlowID, c.Execution) }, nil
		}
		f := s.examined(s.ctx, s.own, flow, *answer, at, described)
		if f.over() {
			return func() { s.watch.Ended(c.FlowID, c.Execution) }, nil
		}
		return func() {
			s.watch.Checked(c, s.sighting(f, false), s.now())
			s.take(f)
		}, nil
	}, func(err error) { s.notChecked(c, err) })
}

func (s *sweep) notChecked(c *watch.Check, err error) {
	if s.outOfTime(err) {
		return // the next sweep asks again
	}
	s.watch.CheckFailed(c, s.now())
	if !s.endIfFatal(err) {
		s.failure(err)
	}
	s.incomplete(c.FlowName, err)
}

// take reports what was judged, and keeps what is condemned for the gate.
func (s *sweep) take(f finding) {
	s.know(f)
	s.saw(f)
	if f.verdict.Decision == policy.Keep {
		s.forget(f.key(), f.by)
		return
	}
	no := s.gate.examine(f)
	if no == nil {
		s.condemn(f)
		return
	}
	s.forget(f.key(), f.by)
	if s.tellOnce(f, no) {
		s.refused(f, no)
	}
}

// tellOnce marks a decision, and says whether it is news: what plan mode only
// shows is shown once an execution and policy.
func (s *sweep) tellOnce(f finding, no refusal) bool {
	if f.by.emergency != nil {
		return true
	}
	mark := s.mark(no.outcome())
	known := s.watch.Marked(keyOf(f.flow), f.execution.Name)
	s.watch.Mark(keyOf(f.flow), f.execution.Name, mark)
	return known != mark || !errors.Is(no, planMode{})
}

// mark is what the watch remembers of a decision: the outcome, under the policy
// and the mode it was made in.
func (s *sweep) mark(o result.Outcome) watch.Mark {
	return watch.Mark{Policy: fmt.Sprintf("%.23s/%s", s.Policy.Hash, s.Mode), Outcome: string(o)}
}
