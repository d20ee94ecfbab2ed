package judge

import (
	"context"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// described is what DescribeExecution tells, where a row doesn't.
const described = policy.NeedInput | policy.NeedExecution

// Inquiry is one piece of work off a sweep's loop, by one goroutine: it asks, and
// judges what comes. What rows of listings left out is absent there and not known, and
// never taken for none: an owner's opt-out would be off. So it is fetched where a
// verdict hangs on it, and stays undecided where it can't be.
type Inquiry struct {
	*Judge
	ctx context.Context

	Unread []error  // what could not be fetched
	Differ []string // executions of which rows of a listing said different things
	dead   bool     // nothing is to be had any more
}

// Inquire begins an inquiry.
func (j *Judge) Inquire(ctx context.Context) *Inquiry { return &Inquiry{Judge: j, ctx: ctx} }

// Row judges an execution as a listing told of it that was asked at that time.
func (in *Inquiry) Row(by *Basis, flow *policy.Flow, row cloudflow.Execution, asked time.Time) Finding {
	return in.examine(by, flow, row, asked, 0)
}

// Rows judges all rows of a listing, but for what has ended since. Where rules count
// what is live all are judged at one moment, by all.
func (in *Inquiry) Rows(by *Basis, flow *policy.Flow, l *Listing, live bool) []Finding {
	if live {
		c := newCrowd(in, flow, l)
		judgeCrowds(by, []*crowd{c}, nil)
		return c.living()
	}
	found := make([]Finding, 0, len(l.Rows))
	for _, row := range l.Rows {
		found = append(found, in.Row(by, flow, row, l.Asked))
	}
	return slices.DeleteFunc(found, Finding.Over)
}

// Live describes an execution that was live, and started then; nil where it is no more.
// The error may be a [*NoStartedTime].
func (in *Inquiry) Live(flow, name string, started time.Time) (answer *cloudflow.Execution, asked time.Time, err error) {
	asked = in.Clock.Ours()
	e, err := in.source.DescribeExecution(in.ctx, flow, name, 0)
	switch {
	case cloudflow.IsGone(err), err == nil && !e.Live():
		return nil, asked, nil
	case err != nil:
		return nil, asked, err
	}
	return &e, asked, SameStart(flow, name, started, e.StartedTime)
}

// Described judges an execution as DescribeExecution told of it.
func (in *Inquiry) Described(by *Basis, flow *policy.Flow, answer cloudflow.Execution, asked time.Time) Finding {
	return in.examine(by, flow, answer, asked, described)
}

// examine judges an execution, and fetches what the verdict hangs on and was not told,
// but for what it has tried to.
func (in *Inquiry) examine(by *Basis, flow *policy.Flow, answer cloudflow.Execution, asked time.Time, tried policy.Need) Finding {
	f := in.Judge.Judge(by, flow, AdaptExecution(answer))
	f.Asked = Asked{Execution: asked, Live: asked}
	for in.fetch(&f, &tried) {
		f = f.at(in.Clock.Judging())
	}
	f.due()
	return f
}

// fetch fetches what a verdict hangs on, but for what was tried before, and says
// whether there is more to judge by now.
func (in *Inquiry) fetch(f *Finding, tried *policy.Need) (more bool) {
	need := needs(*f) &^ *tried
	*tried |= need
	if need.Has(policy.NeedFlow) {
		more = in.withFlow(f)
	}
	if need&described != 0 {
		*tried |= described
		more = in.withExecution(f) || more
	}
	if need.Has(policy.NeedHistory) {
		more = in.withHistory(f) || more
	}
	return more
}

// needs is what a verdict hangs on, now or when it is warned of, and what must be known before a stop: of a
// flow whose mode is not told nobody knows that it isn't Express.
func needs(f Finding) policy.Need {
	_, ahead := f.ahead()
	if f.Verdict.Decision == policy.Stop && slices.Contains(f.Flow.Unknown, "ExecutionMode") {
		ahead |= policy.NeedFlow
	}
	return f.Verdict.Needs | ahead
}

// withExecution has a finding's execution be what DescribeExecution tells of it.
// One that started at another time is another.
func (in *Inquiry) withExecution(f *Finding) bool {
	if in.dead {
		return false
	}
	asked := in.Clock.Ours()
	answer, err := in.source.DescribeExecution(in.ctx, f.Flow.Name, f.Execution.Name, 0)
	switch {
	case cloudflow.IsGone(err):
		return f.end()
	case err != nil:
		in.unread(err)
		return false
	case Another(f.Execution.StartedTime, answer.StartedTime):
		return false
	}
	whole := AdaptExecution(answer)
	whole.History = f.Execution.History
	f.Execution, f.Asked.Execution = whole, asked
	return true
}

// withHistory fetches the history of an execution, all of it, and says whether it
// has it: what some of its pages tell is no reason for anything.
func (in *Inquiry) withHistory(f *Finding) bool {
	if in.dead {
		return false
	}
	history, err := readHistory(in.ctx, in.source, f.Flow.Name, f.Execution.Name)
	switch {
	case cloudflow.IsGone(err):
		return f.end()
	case err != nil:
		in.unread(err)
		return false
	}
	f.Execution.History = history
	return true
}

// unread keeps why something could not be fetched. After an error that leaves nothing
// to hope for, nothing more is asked.
func (in *Inquiry) unread(err error) {
	in.Unread = append(in.Unread, err)
	in.dead = cloudflow.IsFatal(err)
}
