package doctor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// ask asks what a Standard flow of one's own can tell.
func (c *canary) ask(ctx context.Context) {
	c.Progress("starting executions of it, and looking for them in lists")
	if err := c.askLag(ctx); err != nil {
		c.answers.cannot(ListLag, "the execution that was started can't be seen in lists: "+err.Error())
	}
	if rows, err := c.startAll(ctx); err != nil {
		for _, key := range []string{Order, StartedTimeBounds, PageCursor} {
			c.answers.cannot(key, "the executions that were started can't be seen in lists: "+err.Error())
		}
	} else {
		c.askOrder([]sample{{rows: rows}})
		c.askBoundsOnce(ctx, rows[0])
		c.Progress("stopping an execution between two pages")
		if err := c.askCursor(ctx, rows); err != nil {
			c.answers.cannot(PageCursor, err.Error())
		}
	}
	c.Progress("stopping an execution, and looking what becomes of it")
	c.askStop(ctx)
}

func (c *canary) askBoundsOnce(ctx context.Context, e cloudflow.Execution) {
	if !c.answers.told(StartedTimeBounds) {
		c.askBoundsOf(ctx, c.name, e)
	}
}

// lagKept is the lag that flowreaper's schedule keeps clear of for rules of 20
// minutes and more; below that it is a fortieth of the rule's time.
const lagKept = 30 * time.Second

// askLag starts an execution and looks for it in lists.
func (c *canary) askLag(ctx context.Context) error {
	var e cloudflow.Execution
	var err error
	started := timed(func() { e, err = c.start(ctx, "run-0") })
	if err != nil {
		return err
	}
	var shown sighting
	if err := shown.watch(ctx, func() (bool, string, error) {
		row, there, err := c.listed(ctx, e.Name)
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
	rows, _, err := c.page(ctx, cloudflow.ExecutionQuery{FlowName: c.name, NamePrefix: name, MetadataOnly: true})
	i := slices.IndexFunc(rows, func(e cloudflow.Execution) bool { return e.Name == name })
	if i < 0 {
		return cloudflow.Execution{}, false, err
	}
	return rows[i], true, err
}

// startAll starts the other executions, each at a moment of its own, and
// returns them as a list shows them all.
func (c *canary) startAll(ctx context.Context) ([]cloudflow.Execution, error) {
	for i := 1; i < canaryRuns; i++ {
		pause(ctx, 100*time.Millisecond)
		if _, err := c.start(ctx, fmt.Sprintf("run-%d", i)); err != nil {
			return nil, err
		}
	}
	var rows []cloudflow.Execution
	var all sighting
	err := all.watch(ctx, func() (bool, string, error) {
		var err error
		rows, err = c.running(ctx)
		return len(rows) == canaryRuns, "", err
	})
	return rows, err
}

func (c *canary) running(ctx context.Context) ([]cloudflow.Execution, error) {
	rows, _, err := c.page(ctx, cloudflow.ExecutionQuery{FlowName: c.name, Status: "Running", MetadataOnly: true})
	return rows, err
}

// askCursor reads a page of one row, stops that row's execution, and sees which
// row the next page begins with when no list shows the execution any more. rows
// are the running ones, in the order of one long page.
func (c *canary) askCursor(ctx context.Context, rows []cloudflow.Execution) error {
	var pages []string
	for page, err := range c.client.ListExecutions(ctx, cloudflow.ExecutionQuery{
		FlowName: c.name, Status: "Running", MetadataOnly: true, Limit: 1}) {
		if err != nil {
			return err
		}
		if len(page.Items) != 1 {
			return fmt.Errorf("a page of Limit 1 has %s", number(len(page.Items), "row"))
		}
		if pages = append(pages, page.Items[0].Name); len(pages) == 2 {
			break
		}
		if err := c.stopAndLose(ctx, pages[0]); err != nil {
			return err
		}
	}
	return c.tellCursor(rows, pages)
}

// stopAndLose stops an execution and waits until lists of the running ones lack
// it.
func (c *canary) stopAndLose(ctx context.Context, name string) error {
	if _, err := c.stop(ctx, name); err != nil && !cloudflow.IsAlreadyCompleted(err) {
		return err
	}
	var lost sighting
	err := lost.watch(ctx, func() (bool, string, error) {
		rows, err := c.running(ctx)
		return !slices.ContainsFunc(rows, func(e cloudflow.Execution) bool { return e.Name == name }), "", err
	})
	if err != nil {
		return fmt.Errorf("the execution that was stopped stays in the list of the running ones: %w", err)
	}
	return nil
}

func (c *canary) tellCursor(rows []cloudflow.Execution, pages []string) error {
	if len(pages) != 2 || pages[0] != rows[0].Name {
		return fmt.Errorf("the pages are %q, which is no part of the list of a moment before: its order is not the same at each call", pages)
	}
	seen := fmt.Sprintf("of %s, pages of 1: the first row's execution was stopped, and the second page began with the ", number(len(rows), "running execution"))
	switch pages[1] {
	case rows[1].Name:
		c.answers.tell(PageCursor, "key", seen+"second row", "Holds: no execution is skipped while a list is read, whatever ends meanwhile.")
	case rows[2].Name:
		c.answers.tell(PageCursor, "offset", seen+"third row: the second was skipped",
			"A list of several pages may miss executions while others end. flowreaper finds them at its next look, so a stop may come one look late; nothing is stopped wrongly.")
	default:
		return fmt.Errorf("the second page began with %q, neither the second nor the third row", pages[1])
	}
	return nil
}
