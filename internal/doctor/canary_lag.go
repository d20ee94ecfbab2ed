package doctor

import (
	"context"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// ask asks what a Standard flow of one's own can tell.
func (c *canary) ask(ctx context.Context) {
	c.Progress("starting an execution of it, and looking for it in lists")
	if err := c.askLag(ctx); err != nil {
		c.answers.cannot(ListLag, "the execution that was started can't be seen in lists: "+err.Error())
	}
	c.Progress("stopping an execution, and looking what becomes of it")
	c.askStop(ctx)
}

// lagKept is the lag that flowreaper's schedule keeps clear of for rules of 20
// minutes and more; below that it is a fortieth of the rule's time.
const lagKept = 30 * time.Second

// askLag starts an execution and looks for it in lists.
func (c *canary) askLag(ctx context.Context) error {
	var name string
	var err error
	started := timed(func() { name, err = c.start(ctx) })
	if err != nil {
		return err
	}
	var shown sighting
	if err := shown.watch(ctx, func() (bool, string, error) {
		row, there, err := c.listed(ctx, name)
		return there, row.Status, err
	}); err != nil {
		return err
	}
	lag := shown.after(started)
	means := "Holds: flowreaper looks at a flow again early enough for lists that lag by 30 s, or by a fortieth of a rule's maxRuntime where that is less."
	if lag.most > lagKept {
		means = "Stops may come late by up to this lag: flowreaper's schedule keeps clear of 30 s at most. Nothing is stopped wrongly."
	}
	c.answers.add(lag.in(Answer{
		Key: ListLag, State: Told, Answer: lag.String(), Means: means,
		Seen: "from the start of an execution until ListExecutions showed it: " + lag.String(),
	}))
	return nil
}

// listed finds an execution in a list.
func (c *canary) listed(ctx context.Context, name string) (cloudflow.Execution, bool, error) {
	rows, err := c.page(ctx, cloudflow.ExecutionQuery{FlowName: c.name, NamePrefix: name, MetadataOnly: true})
	i := slices.IndexFunc(rows, func(e cloudflow.Execution) bool { return e.Name == name })
	if i < 0 {
		return cloudflow.Execution{}, false, err
	}
	return rows[i], true, err
}
