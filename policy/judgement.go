package policy

import (
	"fmt"
	"time"
)

// judgement is where conditions read the facts from. It holds on to what was
// decoded of the input.
type judgement struct {
	facts   Facts
	pricing *Pricing
	input   *decodedInput // nil: no condition has asked for it
}

// Value reads a variable: it implements expression.Env.
func (j *judgement) Value(variable int) (any, error) {
	switch {
	case variable == now:
		return j.facts.Now, nil
	case variable <= eventData:
		return j.event(variable)
	case variable <= flowLive:
		return j.flow(variable)
	case variable <= executionCost:
		return j.execution(variable)
	}
	return j.history(variable)
}

func (j *judgement) event(variable int) (any, error) {
	e := j.facts.Event
	switch variable {
	case eventKind:
		return e.Kind, nil
	case eventID:
		return e.ID, nil
	case eventType:
		return e.Type, nil
	case eventSource:
		return e.Source, nil
	case eventSubject:
		return e.Subject, nil
	case eventTime:
		return known(e.Time, variable)
	}
	return e.Data, nil
}

func (j *judgement) flow(variable int) (any, error) {
	f := j.facts.Flow
	switch {
	case variable == flowName:
		return f.Name, nil
	case variable == flowLive && f.Live == nil:
		return nil, &MissingError{"flow.live", NeedLive}
	case variable == flowLive:
		return f.Live.Count(), nil
	case f.lacks(variable):
		return nil, &MissingError{variables[variable].Name, NeedFlow}
	}
	switch variable {
	case flowID:
		return f.ID, nil
	case flowDescription:
		return f.Description, nil
	case flowExecutionMode:
		return f.executionMode(), nil
	case flowRoleARN:
		return f.RoleARN, nil
	case flowEnv:
		return environment(f.Env, f.EnvDoubt, variable)
	case flowCreatedTime:
		return known(f.CreatedTime, variable)
	case flowLastModifiedTime:
		return known(f.LastModifiedTime, variable)
	}
	return f.ResourceGroupID, nil
}

func (j *judgement) execution(variable int) (any, error) {
	e := j.facts.Execution
	switch variable {
	case executionName:
		return e.Name, nil
	case executionStatus:
		return e.Status, nil
	case executionStartedTime:
		return known(e.StartedTime, variable)
	case executionAge:
		return j.age()
	case executionInput:
		return j.decodedInput()
	case executionCost:
		return j.cost()
	}
	if e.EnvUnknown {
		return nil, &MissingError{"execution.env", NeedExecution}
	}
	return environment(e.Env, e.EnvDoubt, variable)
}

// environment refuses one that can't be relied on.
func environment(env map[string]string, doubt string, variable int) (any, error) {
	if doubt != "" {
		return nil, fmt.Errorf("%s can't be relied on: %s", variables[variable].Name, doubt)
	}
	return env, nil
}

func (j *judgement) history(variable int) (any, error) {
	h := j.facts.Execution.History
	if h == nil {
		return nil, &MissingError{variables[variable].Name, NeedHistory}
	}
	switch variable {
	case historyEvents:
		return h.Events, nil
	case historySteps:
		return h.Steps, nil
	case historyCurrentStep:
		return h.CurrentStep, nil
	case historyLastEventTime:
		return known(h.LastEventTime, variable)
	}
	if h.LastEventTime.IsZero() {
		return nil, fmt.Errorf("history.idle is not known: the history has no event")
	}
	return max(0, j.facts.Now.Sub(h.LastEventTime)), nil
}

// cost is what the execution has cost so far.
func (j *judgement) cost() (any, error) {
	steps := 0
	if j.pricing.perTransition() {
		h := j.facts.Execution.History
		if h == nil {
			return nil, &MissingError{"execution.cost", NeedHistory}
		}
		steps = h.Steps
	}
	age, err := j.age()
	if err != nil {
		return nil, err
	}
	return j.pricing.cost(j.facts.Flow.Name, age.(time.Duration), steps), nil
}

// known refuses a time that isn't set: the year 1 would make everything old.
func known(t time.Time, variable int) (any, error) {
	if t.IsZero() {
		return nil, fmt.Errorf("%s is not known", variables[variable].Name)
	}
	return t.UTC(), nil
}

// age is the time since the execution was started. It is never negative: an
// execution that starts in the future, by a clock that is off, is new.
func (j *judgement) age() (any, error) {
	started := j.facts.Execution.StartedTime
	if started.IsZero() {
		return nil, fmt.Errorf("execution.age is not known: the execution has no startedTime")
	}
	return max(0, j.facts.Now.Sub(started)), nil
}

func (j *judgement) decodedInput() (any, error) {
	if j.input == nil {
		input, err := j.facts.Execution.Input.decode()
		if err != nil {
			return nil, err
		}
		j.input = input
	}
	return j.input.value, j.input.err
}
