package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// grace is how long one witness may still lack the end after the other has seen
// it, before it is held to lack it for good.
const grace = 10 * time.Second

// verifyWait is how long flowreaper waits for a stop that it verifies.
const verifyWait = 5 * time.Second

// ending is what two witnesses saw of one stop.
type ending struct {
	stop           call
	describe, list sighting
}

// observe stops an execution and looks until both have seen its end, or one has
// and the other had its time. The error is the stop's own.
func (c *canary) observe(ctx context.Context, name string) (*ending, error) {
	e := &ending{}
	var err error
	e.stop = timed(func() { err = c.stop(ctx, name) })
	if err != nil {
		return e, err
	}
	for !e.over(time.Now()) {
		e.describe.look(func() (bool, string, error) {
			now, err := c.client.DescribeExecution(ctx, c.name, name, 0)
			return !now.Live(), now.Status, err
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
	waited := now.Sub(e.stop.answered)
	switch done := func(s sighting) bool { return s.seen || s.err != nil }; {
	case waited > patience || done(e.describe) && done(e.list):
		return true
	case e.describe.seen:
		return now.Sub(e.describe.at.answered) > max(grace, 2*e.describe.after(e.stop).most)
	case e.list.seen:
		return now.Sub(e.list.at.answered) > max(grace, 2*e.list.after(e.stop).most)
	}
	return false
}

// askStop stops the Standard flow's execution.
func (c *canary) askStop(ctx context.Context) {
	if len(c.begun) == 0 {
		c.answers.cannot(StopDelay, "no execution of the canary is running")
		return
	}
	e, err := c.observe(ctx, c.begun[0])
	if err := cmp.Or(err, e.describe.err); err != nil {
		c.answers.cannot(StopDelay, err.Error())
		return
	}
	c.tellStopDelay(e)
}

func (c *canary) tellStopDelay(e *ending) {
	delay, by := e.describe.after(e.stop), "DescribeExecution"
	switch {
	case e.describe.seen:
	case e.list.seen: // lists lag: they bound it from above alone
		delay, by = span{most: e.list.after(e.stop).most}, "ListExecutions"
	default:
		c.answers.cannot(StopDelay, "neither DescribeExecution nor ListExecutions showed that the execution ended")
		return
	}
	seen := fmt.Sprintf("from the stop until %s showed the end: %s", by, delay)
	if e.describe.seen && e.list.seen {
		seen += fmt.Sprintf("; until ListExecutions did: %s", e.list.after(e.stop))
	}
	c.answers.add(delay.in(Answer{Key: StopDelay, State: Told, Answer: delay.String(), Seen: seen, Means: e.means(delay)}))
}

// means is what the delay means, and the status that DescribeExecution, which
// flowreaper believes alone, gave the end.
func (e *ending) means(delay span) string {
	switch {
	case !e.describe.seen:
		return "DescribeExecution went on saying that it runs, and flowreaper believes it alone: stops that took effect are reported as still_running, and tried again. Report it."
	case e.describe.status != "Stopped":
		return fmt.Sprintf("DescribeExecution said %s, not Stopped, by which flowreaper tells a stop from an end by itself. Report it.", e.describe.status)
	case delay.most > verifyWait:
		return "flowreaper waits 5 s for each stop: such a stop is reported as still_running, and found stopped by the next sweep. apply then exits with status 3."
	}
	return "Holds: flowreaper waits 5 s for each stop, so it reports it as stopped in the same sweep."
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
	name, err := c.start(ctx)
	if err != nil {
		c.answers.cannot(Express, "no Express execution could be started: "+err.Error())
		return
	}
	ended, err := c.observe(ctx, name)
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
	case stopped(e.describe) || stopped(e.list):
		c.answers.tell(Express, "stoppable", "StopExecution of an Express execution was answered, and the execution was then Stopped",
			"flowreaper could stop them, and still doesn't by default: Express executions end by themselves within 5 minutes. They are reported as not covered.")
	default:
		c.answers.cannot(Express, "StopExecution was answered, but nothing has shown that the execution was stopped")
	}
}
