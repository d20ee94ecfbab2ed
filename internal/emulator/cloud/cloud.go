// Package cloud is the state of an emulated CloudFlow: flows, and executions
// that begin and end as time passes.
//
// It has no clock and runs nothing in the background: every method is told the
// time, and what has happened until then is computed. So ten thousand flows
// that start executions every minute cost nothing until somebody looks, and a
// simulated day passes in seconds. Times handed in must not run backwards.
//
// A [Cloud] is safe for concurrent use.
package cloud

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// What can't be done to a flow or an execution, by the code of the API's error. For
// what is tried with an Express execution it documents none.
var (
	ErrNoFlow          = errors.New("FlowNotExists")
	ErrNoExecution     = errors.New("ExecutionNotExists")
	ErrFlowExists      = errors.New("FlowAlreadyExists")
	ErrExecutionExists = errors.New("ExecutionAlreadyExists") // and has ended
	ErrCompleted       = errors.New("ExecutionAlreadyCompleted")
	ErrExpress         = errors.New("an Express execution can't be stopped")
)

// Cloud is one account in one region.
type Cloud struct {
	mu        sync.Mutex
	behaviour account.Behaviour
	flows     map[string]*flow
	names     []string // of flows, sorted
	created   int      // flows created so far: each gets an Id of its own
	stops     []stopped
	changed   chan struct{} // closed at the next stop; nil while nobody waits for one
}

// stopped remembers what StopExecution was called for.
type stopped struct {
	flow string
	run  *run
}

// Flow is one flow, as the API shows it.
type Flow struct {
	Name            string
	ID              string
	Description     string
	Definition      string
	RoleARN         string
	ExecutionMode   string
	ResourceGroupID string
	Environment     map[string]string
	CreatedTime     time.Time
	ModifiedTime    time.Time
}

// Express says whether the flow's executions are Express ones.
func (f Flow) Express() bool { return f.ExecutionMode == "Express" }

// New fills a cloud with an account, whose relative times count from now.
func New(a *account.Account, now time.Time) *Cloud {
	c := &Cloud{behaviour: a.Behaviour.WithDefaults(), flows: map[string]*flow{}}
	for _, spec := range a.Flows {
		c.flows[spec.Name] = newFlow(c.behaviour, spec, now)
	}
	for _, spec := range a.Generate {
		for i := range spec.Flows {
			f := generatedFlow(c.behaviour, spec, i, now)
			c.flows[f.Name] = f
		}
	}
	c.names = slices.Sorted(maps.Keys(c.flows))
	return c
}

// Flows returns up to limit flows (all, if it is negative) by name, from the
// first after the name after, and whether there are more.
func (c *Cloud) Flows(after, resourceGroupID string, limit int) (flows []Flow, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from, found := slices.BinarySearch(c.names, after)
	if found {
		from++
	}
	for _, name := range c.names[from:] {
		f := c.flows[name]
		if resourceGroupID != "" && f.ResourceGroupID != resourceGroupID {
			continue
		}
		if len(flows) == limit {
			return flows, true
		}
		flows = append(flows, f.Flow)
	}
	return flows, false
}

// Flow returns one flow.
func (c *Cloud) Flow(name string) (Flow, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.flows[name]
	if !ok {
		return Flow{}, ErrNoFlow
	}
	return f.Flow, nil
}

// CreateFlow adds a flow, and gives it its Id, times and, if it has none, a
// definition.
func (c *Cloud) CreateFlow(now time.Time, made Flow) (Flow, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, exists := c.flows[made.Name]; exists {
		return Flow{}, ErrFlowExists
	}
	c.created++
	made.ID = flowID(fmt.Sprintf("%s#%d", made.Name, c.created))
	made.CreatedTime, made.ModifiedTime = now, now
	c.flows[made.Name] = &flow{Flow: made, behaviour: c.behaviour}
	at, _ := slices.BinarySearch(c.names, made.Name)
	c.names = slices.Insert(c.names, at, made.Name)
	return made, nil
}

// DeleteFlow takes a flow away, and its executions with it.
func (c *Cloud) DeleteFlow(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, exists := c.flows[name]; !exists {
		return ErrNoFlow
	}
	delete(c.flows, name)
	at, _ := slices.BinarySearch(c.names, name)
	c.names = slices.Delete(c.names, at, at+1)
	return nil
}

// SetEnvironment replaces a flow's environment, as its owner would.
func (c *Cloud) SetEnvironment(now time.Time, name string, environment map[string]string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.flows[name]
	if !ok {
		return ErrNoFlow
	}
	f.Environment, f.ModifiedTime = maps.Clone(environment), now
	return nil
}

// flowID makes an Id such as CloudFlow's out of what names a flow.
func flowID(of string) string {
	h := fnv.New128a()
	h.Write([]byte(of))
	sum := h.Sum(nil)
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:])
}
