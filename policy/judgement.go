package policy

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// judgement is where conditions read the facts from. It holds on to what was
// decoded of the input.
type judgement struct {
	facts   Facts
	pricing *Pricing
	input   *decodedInput // nil: no condition has asked for it
}

// readers read the variables, once it is known that they were fetched.
var readers = [...]func(*judgement) (any, error){
	now:                  func(j *judgement) (any, error) { return j.facts.Now, nil },
	eventKind:            func(j *judgement) (any, error) { return j.facts.Event.Kind, nil },
	eventID:              func(j *judgement) (any, error) { return j.facts.Event.ID, nil },
	eventType:            func(j *judgement) (any, error) { return j.facts.Event.Type, nil },
	eventSource:          func(j *judgement) (any, error) { return j.facts.Event.Source, nil },
	eventSubject:         func(j *judgement) (any, error) { return j.facts.Event.Subject, nil },
	eventTime:            func(j *judgement) (any, error) { return known(j.facts.Event.Time, eventTime) },
	eventData:            func(j *judgement) (any, error) { return j.facts.Event.Data, nil },
	flowName:             func(j *judgement) (any, error) { return j.facts.Flow.Name, nil },
	flowID:               func(j *judgement) (any, error) { return j.facts.Flow.ID, nil },
	flowDescription:      func(j *judgement) (any, error) { return j.facts.Flow.Description, nil },
	flowExecutionMode:    func(j *judgement) (any, error) { return j.facts.Flow.executionMode(), nil },
	flowRoleARN:          func(j *judgement) (any, error) { return j.facts.Flow.RoleARN, nil },
	flowEnv:              func(j *judgement) (any, error) { return environment(j.facts.Flow.Env, j.facts.Flow.EnvDoubt, flowEnv) },
	flowCreatedTime:      func(j *judgement) (any, error) { return known(j.facts.Flow.CreatedTime, flowCreatedTime) },
	flowLastModifiedTime: func(j *judgement) (any, error) { return known(j.facts.Flow.LastModifiedTime, flowLastModifiedTime) },
	flowResourceGroupID:  func(j *judgement) (any, error) { return j.facts.Flow.ResourceGroupID, nil },
	flowLive:             func(j *judgement) (any, error) { return j.facts.Flow.Live.Count(), nil },
	executionName:        func(j *judgement) (any, error) { return j.facts.Execution.Name, nil },
	executionStatus:      func(j *judgement) (any, error) { return j.facts.Execution.Status, nil },
	executionStartedTime: func(j *judgement) (any, error) { return known(j.facts.Execution.StartedTime, executionStartedTime) },
	executionAge:         (*judgement).age,
	executionInput:       (*judgement).decodedInput,
	executionEnv: func(j *judgement) (any, error) {
		return environment(j.facts.Execution.Env, j.facts.Execution.EnvDoubt, executionEnv)
	},
	executionCost:      (*judgement).cost,
	historyEvents:      func(j *judgement) (any, error) { return j.facts.Execution.History.Events, nil },
	historySteps:       func(j *judgement) (any, error) { return j.facts.Execution.History.Steps, nil },
	historyCurrentStep: func(j *judgement) (any, error) { return j.facts.Execution.History.CurrentStep, nil },
	historyLastEventTime: func(j *judgement) (any, error) {
		return known(j.facts.Execution.History.LastEventTime, historyLastEventTime)
	},
	historyIdle: (*judgement).idle,
}

// Value reads a variable: it implements expression.Env.
func (j *judgement) Value(variable int) (any, error) {
	if fetched.Has(variable) {
		if need := j.lacks(variable); need != 0 {
			return nil, &MissingError{variables[variable].Name, need}
		}
	}
	return readers[variable](j)
}

// fetched are the variables that not every listing brings.
var fetched = flowFacts | liveFacts | historyFacts | expression.SetOf(executionEnv, executionCost)

// lacks is what must be fetched to read a variable, and was not.
func (j *judgement) lacks(variable int) Need {
	switch {
	case j.facts.Flow.lacks(variable):
		return NeedFlow
	case variable == flowLive && j.facts.Flow.Live == nil:
		return NeedLive
	case variable == executionEnv && j.facts.Execution.EnvUnknown:
		return NeedExecution
	case historyFacts.Has(variable) && j.facts.Execution.History == nil,
		variable == executionCost && j.pricing.perTransition() && j.facts.Execution.History == nil:
		return NeedHistory
	}
	return 0
}

// environment refuses one that can't be relied on.
func environment(env map[string]string, doubt string, variable int) (any, error) {
	if doubt != "" {
		return nil, fmt.Errorf("%s can't be relied on: %s", variables[variable].Name, doubt)
	}
	return env, nil
}

// idle is the time since the history's last event.
func (j *judgement) idle() (any, error) {
	last := j.facts.Execution.History.LastEventTime
	if last.IsZero() {
		return nil, fmt.Errorf("history.idle is not known: the history has no event")
	}
	return max(0, j.facts.Now.Sub(last)), nil
}

// cost is what the execution has cost so far.
func (j *judgement) cost() (any, error) {
	age, err := j.age()
	if err != nil {
		return nil, err
	}
	steps := 0
	if j.pricing.perTransition() {
		steps = j.facts.Execution.History.Steps
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
