package judge

import (
	"fmt"
	"maps"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// Listing is what a flow's listing has shown of what is live in it.
type Listing struct {
	Asked   time.Time                      // by our clock
	Rows    map[string]cloudflow.Execution // live ones, by name
	Pages   int                            // of the first status
	Read    int                            // pages, of all
	TooMany bool                           // there were more pages than were to be read
	doubted map[string]bool                // names of which rows are not believed; true: they have said different things
}

// Range is the part of a flow's executions that is listed: those that started between
// two times, where one is not zero, on at most so many pages a status.
type Range struct {
	Flow     *policy.Flow
	From, To time.Time
	MaxPages int
}

// List lists a range, in each of the query's statuses. After an error it tells how many
// pages had been read, and no more is to be concluded from it.
func (in *Inquiry) List(r Range, q policy.Query) (*Listing, error) {
	l := in.listing()
	for i, status := range q.Statuses {
		pages := 0
		for page, err := range in.source.ListExecutions(in.ctx, r.query(status, q)) {
			if err != nil {
				return l, err
			}
			pages++
			l.Read++
			l.add(page)
			// What rules count must be counted in one go.
			if page.More && pages >= r.MaxPages && !q.Needs.Has(policy.NeedLive) {
				l.TooMany = true
				return l, nil
			}
		}
		if i == 0 {
			l.Pages = pages
		}
	}
	return l, in.agree(l, r.Flow)
}

func (r Range) query(status string, q policy.Query) cloudflow.ExecutionQuery {
	return cloudflow.ExecutionQuery{
		FlowName: r.Flow.Name, Status: status, NamePrefix: q.NamePrefix, MetadataOnly: !q.Needs.Has(policy.NeedInput),
		StartedTimeBegin: r.From, StartedTimeEnd: r.To,
	}
}

// Pages lists a range in one status, and calls page with the findings of each page as
// it comes, what is live of it judged by the basis, until that says that it is enough.
func (in *Inquiry) Pages(by *Basis, r Range, status string, q policy.Query, page func(Page) (enough bool)) error {
	asked := in.Clock.Ours()
	for answer, err := range in.source.ListExecutions(in.ctx, r.query(status, q)) {
		if err != nil {
			return err
		}
		l := in.listing()
		l.Asked = asked
		l.add(answer)
		if err := in.agree(l, r.Flow); err != nil {
			return err
		}
		if page(Page{in.Rows(by, r.Flow, l, false), startedTimes(answer.Items), answer.More}) {
			return nil
		}
		asked = in.Clock.Ours() // the next page
	}
	return nil
}

// Page is what came of one page of a listing.
type Page struct {
	Found   []Finding
	Started []time.Time // of all its rows
	More    bool
}

func startedTimes(rows []cloudflow.Execution) []time.Time {
	times := make([]time.Time, 0, len(rows))
	for _, row := range rows {
		times = append(times, row.StartedTime)
	}
	return times
}

func (in *Inquiry) listing() *Listing {
	return &Listing{Asked: in.Clock.Ours(), Rows: map[string]cloudflow.Execution{}, doubted: map[string]bool{}}
}

// add takes in a page. Pages can shift while executions end, so a name may come twice:
// the later row knows better.
func (l *Listing) add(page cloudflow.Page[cloudflow.Execution]) {
	for _, row := range page.Items {
		before, twice := l.Rows[row.Name]
		delete(l.Rows, row.Name)
		if row.Live() {
			l.Rows[row.Name] = row
		}
		if twice && !sameFacts(before, row) || !row.Live() {
			l.doubted[row.Name] = true
		}
	}
}

// sameFacts says that rules see the same of two rows of one name, but for the status.
func sameFacts(a, b cloudflow.Execution) bool {
	return a.StartedTime.Equal(b.StartedTime) && a.InputFetched == b.InputFetched && a.Input == b.Input &&
		a.EnvironmentAbsent == b.EnvironmentAbsent && a.EnvironmentDoubt == b.EnvironmentDoubt && maps.Equal(a.Environment, b.Environment)
}

// agree has executions of which rows are not believed be what DescribeExecution tells of
// them: where they differ, nobody knows which is right.
func (in *Inquiry) agree(l *Listing, flow *policy.Flow) error {
	for name := range l.Rows {
		if in.Doubted[Key{FlowKey(flow), name}] && !l.doubted[name] {
			l.doubted[name] = false
		}
	}
	for name, differ := range l.doubted {
		if _, live := l.Rows[name]; !live {
			continue
		}
		if differ {
			in.Differ = append(in.Differ, name)
		}
		answer, err := in.source.DescribeExecution(in.ctx, flow.Name, name, 0)
		switch {
		case cloudflow.IsGone(err), err == nil && !answer.Live():
			delete(l.Rows, name)
		case err != nil:
			return err
		default:
			l.Rows[name] = answer
		}
	}
	return nil
}

// Another says that an execution which started now is another than the one of its
// name that started before. Where nobody has known when that was, nothing says so.
func Another(before, now time.Time) bool { return !before.IsZero() && !now.Equal(before) }

// SameStart is nil, or the error of an answer without a startedTime where one was
// known: it doesn't say that the execution is another, nor that it is the same.
func SameStart(flow, name string, before, now time.Time) error {
	if before.IsZero() || !now.IsZero() {
		return nil
	}
	return &NoStartedTime{flow, name}
}

// NoStartedTime is the error of an answer that lacks the time by which an execution is
// told from another of its name.
type NoStartedTime struct{ flow, execution string }

func (n *NoStartedTime) Error() string {
	return fmt.Sprintf("the execution %s of %s came without a startedTime, by which it is told from another of its name: it is kept, and asked for again", n.execution, n.flow)
}
