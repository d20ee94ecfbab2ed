package doctor

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

const (
	canaryPrefix = "flowreaper-canary-"
	// canaryRun is its one execution.
	canaryRun = "run-0"
	// patience is how long one thing is waited for.
	patience = 90 * time.Second
	// cleaning is how long stopping and deleting may take, when all else is over.
	cleaning = 60 * time.Second
)

// canary is one flow of doctor's own.
type canary struct {
	*examiner
	name   string
	marker string   // the description, by which a flow is known to be this run's
	mode   string   // Standard or Express
	made   bool     // it was created, or may have been
	begun  []string // executions that may have been started and were not stopped
}

// definitions are flows that do nothing but wait, in the newer language and in
// the older. Standard ones wait up to 10 minutes and Express ones up to 2, so
// that what is left behind ends by itself. The Wait state's longest is 300 s in
// Standard and 20 s in Express flows (documentation of CloudFlow, Wait).
func definitions(mode string) []string {
	seconds, waits := 300, 2
	if mode == cloudflow.Express {
		seconds, waits = 20, 6
	}
	newer := "Type: StateMachine\nSpecVersion: v1\nName: flowreaper-canary\nStartAt: wait1\nStates:\n"
	older := "version: v1\ntype: flow\nsteps:\n"
	for i := range waits {
		after := fmt.Sprintf("Next: wait%d", i+2)
		if i == waits-1 {
			after = "End: true"
		}
		newer += fmt.Sprintf("  - Type: Wait\n    Name: wait%d\n    Seconds: %d\n    %s\n", i+1, seconds, after)
		older += fmt.Sprintf("  - type: wait\n    name: wait%d\n    duration: %d\n", i+1, seconds)
	}
	return []string{newer, older}
}

// runCanary asks what only executions of one's own can tell, and cleans up
// whatever happens. Standard and Express are flows apart.
func (x *examiner) runCanary(ctx context.Context) {
	run := strings.ToLower(rand.Text()[:12])
	standard := x.newCanary(run, "Standard")
	defer standard.clean(ctx)
	if err := standard.create(ctx); err != nil {
		for _, key := range []string{ListLag, StopDelay, Express} {
			x.answers.cannot(key, "the canary flow could not be created: "+err.Error())
		}
		return
	}
	standard.ask(ctx)
	express := x.newCanary(run+"-express", cloudflow.Express)
	defer express.clean(ctx)
	express.askExpress(ctx)
}

func (x *examiner) newCanary(run, mode string) *canary {
	return &canary{
		examiner: x, name: canaryPrefix + run, mode: mode,
		marker: "A probe of flowreaper doctor, which deletes it when it ends; it only waits. " + rand.Text(),
	}
}

// create creates the flow where there is none of that name.
func (c *canary) create(ctx context.Context) error {
	c.Progress("creating the flow " + c.name)
	switch _, err := c.client.DescribeFlow(ctx, c.name); {
	case err == nil:
		return fmt.Errorf("a flow named %q exists; it is not touched", c.name)
	case !cloudflow.IsGone(err):
		return err
	}
	c.guard.mayCreate(c.name)
	c.made = true
	var err error
	for _, definition := range definitions(c.mode) {
		_, err = c.change(ctx, opCreateFlow, map[string]string{
			"Name": c.name, "Type": "FDL", "Description": c.marker, "Definition": definition, "ExecutionMode": c.mode,
		})
		if e, ok := errors.AsType[*cloudflow.Error](err); !ok || e.Code != cloudflow.CodeInvalidArgument {
			break
		}
	}
	if err == nil {
		c.guard.own(c.name)
		return nil
	}
	return err
}

// change makes a call that changes the account. The guard decides whether it
// may.
func (c *canary) change(ctx context.Context, operation string, params map[string]string) ([]byte, error) {
	return cloudflow.Raw(ctx, c.client, cloudflow.RawCall{Operation: operation, Method: "POST", Params: params})
}

// start starts an execution. A flow that has just been created may not be known
// everywhere yet.
func (c *canary) start(ctx context.Context) (name string, err error) {
	c.begun = append(c.begun, canaryRun)
	var answer struct{ Name string }
	for attempt := 1; ; attempt++ {
		body, err := c.change(ctx, opStartExecution, map[string]string{"FlowName": c.name, "ExecutionName": canaryRun, "Input": "{}"})
		if err == nil {
			err = json.Unmarshal(body, &answer)
		}
		if cloudflow.IsGone(err) && attempt < 5 && pause(ctx, 2*time.Second) {
			continue
		}
		if err != nil {
			return "", err
		}
		break
	}
	if answer.Name == "" {
		return "", fmt.Errorf("the answer of %s names no execution", opStartExecution)
	}
	c.begun = append(c.begun, answer.Name) // Express executions get a name of their own
	return answer.Name, nil
}

// stop stops an execution. One that has ended already was stopped by a call whose
// answer was lost: by itself it goes on waiting.
func (c *canary) stop(ctx context.Context, execution string) error {
	_, err := c.client.StopExecution(ctx, cloudflow.Stop{
		FlowName: c.name, ExecutionName: execution, Error: "FlowReaper.doctor", Cause: "flowreaper doctor stops its own probe"})
	if err != nil && !cloudflow.IsAlreadyCompleted(err) {
		return err
	}
	c.begun = slices.DeleteFunc(c.begun, func(name string) bool { return name == execution })
	return nil
}

// clean stops what was started and deletes the flow. It has time of its own,
// for it must happen when ctx has ended, too.
func (c *canary) clean(ctx context.Context) {
	if !c.made {
		return
	}
	c.Progress("stopping and deleting what was created: " + c.name)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	ours, err := c.isOurs(ctx)
	if ours {
		for _, name := range c.mayRun(ctx) {
			// What can't be stopped ends by itself, or with its flow.
			_ = c.stop(ctx, name)
		}
		err = c.delete(ctx)
	}
	if err != nil {
		c.report.Leftovers = append(c.report.Leftovers, c.name)
		c.note("the flow %q may be left behind: %s", c.name, err)
	}
}

// isOurs says whether there is a flow of ours to delete. Its description tells,
// also where the answer to its creation was lost: then the flow may come to be
// a little later. The error means that nobody knows.
func (c *canary) isOurs(ctx context.Context) (bool, error) {
	var err error
	for range 3 {
		var f cloudflow.Flow
		switch f, err = c.client.DescribeFlow(ctx, c.name); {
		case err == nil && strings.Contains(f.Description, c.marker):
			c.guard.own(c.name)
			return true, nil
		case err == nil:
			c.guard.disown(c.name)
			c.note("the flow %q is not the one that this run created: it is not touched", c.name)
			return false, nil
		case !cloudflow.IsGone(err) && c.guard.owns(c.name):
			return true, nil
		}
		pause(ctx, time.Second)
	}
	if cloudflow.IsGone(err) {
		return c.guard.owns(c.name), nil
	}
	return false, err
}

// mayRun are the executions that may still run: those that were begun and those
// that a list shows.
func (c *canary) mayRun(ctx context.Context) []string {
	names := slices.Clone(c.begun)
	rows, err := c.page(ctx, cloudflow.ExecutionQuery{FlowName: c.name, Status: "Running", MetadataOnly: true})
	if err == nil {
		for _, e := range rows {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// delete deletes the flow and sees that it is gone. It may have to wait for the
// flow's executions to end.
func (c *canary) delete(ctx context.Context) error {
	for {
		_, err := c.change(ctx, opDeleteFlow, map[string]string{"Name": c.name})
		if err == nil || cloudflow.IsGone(err) {
			if _, err = c.client.DescribeFlow(ctx, c.name); cloudflow.IsGone(err) {
				return nil
			}
			err = cmp.Or(err, errors.New("DescribeFlow still knows it"))
		}
		if e, ok := errors.AsType[*cloudflow.Error](err); ok && e.Class >= cloudflow.Operation {
			return err // asking again would not help
		}
		if !pause(ctx, 2*time.Second) {
			return err
		}
	}
}
