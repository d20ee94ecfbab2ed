package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// grace is how long DescribeExecution may still say Running after another
// witness has seen the end, before it is held to say so for good.
const grace = 10 * time.Second

// verifyWait is how long flowreaper waits for a stop that it verifies.
const verifyWait = 5 * time.Second

// ending is what three witnesses saw of one stop.
type ending struct {
	stop   call
	answer cloudflow.Execution // of StopExecution

	describe, history, list sighting
	detail                  string // of the end, as the history has it
}

// observe stops an execution and looks until all have seen its end, or one has
// and the others had their time. The error is the stop's own.
func (c *canary) observe(ctx context.Context, name string) (*ending, error) {
	e := &ending{}
	var err error
	e.stop = timed(func() { e.answer, err = c.stop(ctx, name) })
	if err != nil {
		return e, err
	}
	for !e.over(time.Now()) {
		e.describe.look(func() (bool, string, error) {
			now, err := c.client.DescribeExecution(ctx, c.name, name, 0)
			return !now.Live(), now.Status, err
		})
		e.history.look(func() (bool, string, error) {
			end, err := c.endInHistory(ctx, name)
			e.detail = end.Detail
			return end.Type != "", strings.TrimPrefix(end.Type, "Execution"), err
		})
		e.list.look(func() (bool, string, error) {
			row, there, err := c.listed(ctx, name)
			return there && !row.Live(), row.Status, err
		})
		if !pause(ctx, every) {
			break
		}
	}
	return e, nil
}

func (e *ending) over(now time.Time) bool {
	if now.Sub(e.stop.answered) > patience {
		return true
	}
	done := func(s sighting) bool { return s.seen || s.err != nil }
	if done(e.describe) && done(e.history) && done(e.list) {
		return true
	}
	first, seen := e.firstSeen()
	return seen && now.Sub(first) > max(grace, 2*first.Sub(e.stop.answered))
}

// firstSeen is when the first of the witnesses saw the end.
func (e *ending) firstSeen() (first time.Time, seen bool) {
	for _, s := range []sighting{e.describe, e.history, e.list} {
		if s.seen && (!seen || s.at.answered.Before(first)) {
			first, seen = s.at.answered, true
		}
	}
	return first, seen
}

// endInHistory looks for an execution's last event; without a Type where it has none
// yet.
func (c *canary) endInHistory(ctx context.Context, name string) (cloudflow.Event, error) {
	for page, err := range c.client.GetExecutionHistory(ctx, c.name, name) {
		if err != nil {
			return cloudflow.Event{}, err
		}
		for _, event := range page.Items {
			status, of := strings.CutPrefix(event.Type, "Execution")
			last := cloudflow.Execution{Status: status}
			if of && !last.Live() {
				return event, nil
			}
		}
	}
	return cloudflow.Event{}, nil
}

// askStop stops one execution.
func (c *canary) askStop(ctx context.Context) {
	e, err := c.observeOne(ctx)
	if err != nil {
		c.answers.cannot(StopDelay, err.Error())
		c.answers.cannot(DescribeAfterStop, err.Error())
		c.answers.cannot(StopCause, err.Error())
		return
	}
	c.tellAfterStop(e)
	c.tellStopDelay(e)
	c.tellStopCause(e)
}

func (c *canary) observeOne(ctx context.Context) (*ending, error) {
	if len(c.begun) == 0 {
		return nil, errors.New("no execution of the canary is running")
	}
	e, err := c.observe(ctx, c.begun[0])
	return e, cmp.Or(err, e.describe.err)
}

// said is what StopExecution's own answer told.
func (e *ending) said() string {
	stopped := "no StoppedTime"
	if !e.answer.StoppedTime.IsZero() {
		stopped = "a StoppedTime"
	}
	return fmt.Sprintf("StopExecution itself answered status %q with %s", e.answer.Status, stopped)
}

func (c *canary) tellAfterStop(e *ending) {
	other := e.history
	witness := "GetExecutionHistory"
	if !other.seen {
		other, witness = e.list, "ListExecutions"
	}
	switch {
	case e.describe.seen && e.describe.status == "Stopped":
		c.answers.tell(DescribeAfterStop, "stopped", e.said()+"; DescribeExecution then said Stopped",
			"Holds: a stop is what DescribeExecution says, not what StopExecution answers.")
	case e.describe.seen:
		c.answers.tell(DescribeAfterStop, strings.ToLower(e.describe.status), e.said()+"; DescribeExecution then said "+e.describe.status,
			"The execution had ended, but not as Stopped: flowreaper's reports tell the stop from an end by itself by that status. Report it.")
	case other.seen && time.Since(other.at.answered) >= grace:
		c.answers.tell(DescribeAfterStop, "running",
			fmt.Sprintf("%s; %s showed its end, and DescribeExecution still said it runs %s later", e.said(), witness, brief(time.Since(other.at.answered))),
			"Does not hold: flowreaper believes DescribeExecution alone, so it reports stops that took effect as still_running, and tries again. Report it.")
	default:
		c.answers.cannot(DescribeAfterStop, fmt.Sprintf("%s, but nothing has shown that the execution ended", e.said()))
	}
}

func (c *canary) tellStopCause(e *ending) {
	switch {
	case !e.history.seen:
		c.answers.cannot(StopCause, "GetExecutionHistory did not show that the execution ended")
	case strings.Contains(e.detail, canaryCause):
		c.answers.tell(StopCause, "history", "the EventDetail of the history's Execution"+e.history.status+" held the Cause that was given",
			"Holds: explain says of an execution that was stopped by which rule, in which run and by whom.")
	default:
		c.answers.tell(StopCause, "nowhere", "the EventDetail of the history's Execution"+e.history.status+" did not hold the Cause that was given",
			"explain can't say why an execution was stopped: the function's log can, one line a decision.")
	}
}

func (c *canary) tellStopDelay(e *ending) {
	witness, by := e.describe, "DescribeExecution"
	if !witness.seen {
		witness, by = e.history, "GetExecutionHistory"
	}
	if !witness.seen {
		c.answers.cannot(StopDelay, "neither DescribeExecution nor GetExecutionHistory showed that the execution ended")
		return
	}
	delay := witness.after(e.stop)
	means := "Holds: flowreaper waits 5 s for each stop, so it reports it as stopped in the same sweep."
	if delay.most > verifyWait {
		means = "flowreaper waits 5 s for each stop: such a stop is reported as still_running, and found stopped by the next sweep. apply then exits with status 3."
	}
	seen := fmt.Sprintf("from the stop until %s showed the end: %s", by, delay)
	if e.list.seen {
		seen += fmt.Sprintf("; until ListExecutions did: %s", e.list.after(e.stop))
	}
	c.answers.add(delay.in(Answer{Key: StopDelay, State: Told, Answer: delay.String(), Seen: seen, Means: means}))
}

// askExpress asks whether an Express execution can be stopped. That a Standard
// one can be, with the same key, has just been seen.
func (c *canary) askExpress(ctx context.Context) {
	if !c.answers.told(StopDelay) {
		c.answers.cannot(Express, "not even the Standard canary was seen to stop")
		return
	}
	if err := c.create(ctx); err != nil {
		c.answers.cannot(Express, "no Express flow could be created: "+err.Error())
		return
	}
	c.Progress("stopping an Express execution")
	run, err := c.start(ctx, "run-0")
	if err != nil {
		c.answers.cannot(Express, "no Express execution could be started: "+err.Error())
		return
	}
	ended, err := c.observe(ctx, run.Name)
	c.tellExpress(ended, err)
}

func (c *canary) tellExpress(e *ending, err error) {
	refused, ok := errors.AsType[*cloudflow.Error](err)
	stopped := func(s sighting) bool { return s.seen && s.status == "Stopped" }
	switch {
	case ok && refused.HTTPStatus/100 == 4 && refused.Class == cloudflow.Item:
		c.answers.tell(Express, "refused", fmt.Sprintf("StopExecution of an Express execution was refused with %s (HTTP %d); that of a Standard one was not", refused.Code, refused.HTTPStatus),
			"Holds: flowreaper leaves Express flows alone and reports them as not covered.")
	case err != nil:
		c.answers.cannot(Express, "StopExecution failed for a reason that need not be its mode: "+err.Error())
	case stopped(e.describe) || stopped(e.history) || stopped(e.list):
		c.answers.tell(Express, "stoppable", "StopExecution of an Express execution was answered, and the execution was then Stopped",
			"flowreaper could stop them, and still doesn't by default: Express executions end by themselves within 5 minutes. They are reported as not covered.")
	default:
		c.answers.cannot(Express, "StopExecution was answered, but nothing has shown that the execution was stopped")
	}
}
