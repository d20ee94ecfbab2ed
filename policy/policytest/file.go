package policytest

import "github.com/flowreaper/flowreaper/internal/yamltree"

// The comments of these types are the descriptions in the JSON Schema of test
// files, so they speak to the person who writes one.

// File is a file of policy tests.
type File struct {
	At   yamltree.Position `yaml:"-"`
	file string
	text []byte

	// The version of this file's format: 1.
	Version Version `yaml:"version"`
	// The policy that is tested. A relative path is relative to this file.
	Policy string `yaml:"policy" jsonschema:"minLength=1"`
	// The moment at which the cases judge, such as 2026-03-04T12:00:00Z. A case may have its own.
	Now *Moment `yaml:"now,omitempty"`
	// The cases. Each stands for itself.
	Cases []Case `yaml:"cases" jsonschema:"minItems=1"`
}

// Case is one situation, and what is wanted of the policy in it.
type Case struct {
	At yamltree.Position `yaml:"-"`

	// What the case shows, in words. Unique in its file.
	Name string `yaml:"name" jsonschema:"minLength=1"`
	// The moment at which this case judges; default: the file's now.
	Now *Moment `yaml:"now,omitempty"`
	// What sets the sweep off; default: a timer.
	Event *Event `yaml:"event,omitempty"`
	// The flows that there are. Rules with countBy count what is live in all of them.
	Flows []Flow `yaml:"flows" jsonschema:"minItems=1"`
}

// Event is what sets a sweep off, as rules see it.
type Event struct {
	At yamltree.Position `yaml:"-"`

	// The kind of event; default: timer.
	Kind string `yaml:"kind,omitempty" jsonschema:"enum=timer,enum=cloudevent,enum=alarm,enum=custom,enum=manual"`
	// The event's id.
	ID string `yaml:"id,omitempty"`
	// The event's type.
	Type string `yaml:"type,omitempty"`
	// The event's source.
	Source string `yaml:"source,omitempty"`
	// The event's subject.
	Subject string `yaml:"subject,omitempty"`
	// When it happened; default: now.
	Time *Moment `yaml:"time,omitempty"`
	// The raw object: event.data.
	Data JSON `yaml:"data,omitempty"`
}

// Flow is a flow, as rules see it.
type Flow struct {
	At yamltree.Position `yaml:"-"`

	// The flow's name.
	Name string `yaml:"name" jsonschema:"pattern=^[A-Za-z_][A-Za-z0-9_-]*$"`
	// The flow's id.
	ID string `yaml:"id,omitempty"`
	// The flow's description.
	Description string `yaml:"description,omitempty"`
	// Standard (the default) or Express. Express flows are never listed, so nothing of them is stopped.
	ExecutionMode string `yaml:"executionMode,omitempty" jsonschema:"enum=Standard,enum=Express"`
	// The ARN of the flow's role.
	RoleARN string `yaml:"roleArn,omitempty"`
	// The flow's environment variables: flow.env.
	Env map[string]string `yaml:"env,omitempty" also:"environment"`
	// When the flow was created.
	CreatedTime *Moment `yaml:"createdTime,omitempty"`
	// When the flow was last changed.
	LastModifiedTime *Moment `yaml:"lastModifiedTime,omitempty"`
	// The flow's resource group.
	ResourceGroupID string `yaml:"resourceGroupId,omitempty"`
	// Whether the flow has a distributed Map, whose children are executions of the flow.
	DistributedMap bool `yaml:"distributedMap,omitempty"`
	// Whether the list of the flow's executions came back incomplete, so that flow.live, and what is counted by it, is not known.
	Incomplete bool `yaml:"incomplete,omitempty"`
	// The flow's executions. Those that run are the flow.live ones.
	Executions []Execution `yaml:"executions" jsonschema:"minItems=1"`
}

// Execution is an execution, as rules see it, and what is wanted for it.
type Execution struct {
	At yamltree.Position `yaml:"-"`

	// The execution's name.
	Name string `yaml:"name" jsonschema:"minLength=1"`
	// The execution's status; default: Running.
	Status string `yaml:"status,omitempty" jsonschema:"enum=Starting,enum=Running,enum=Stopped,enum=Succeeded,enum=Failed,enum=TimedOut"`
	// How long before now it started, such as 3h or 1h30m.
	StartedAgo *Duration `yaml:"startedAgo,omitempty"`
	// When it started, in place of startedAgo.
	StartedTime *Moment `yaml:"startedTime,omitempty"`
	// Its input. Left out it is {}. A text stands as it is: it isn't JSON.
	Input Input `yaml:"input,omitempty"`
	// Its input as raw text, in place of input, whatever the text is.
	InputText *string `yaml:"inputText,omitempty"`
	// Its environment variables: execution.env.
	Env map[string]string `yaml:"env,omitempty" also:"environment"`
	// How long ago its warning went out, for rules with warnBefore. Default: none did.
	WarnedAgo *Duration `yaml:"warnedAgo,omitempty"`
	// What its history tells, for rules that read history.* or a cost by transitions.
	History *History `yaml:"history,omitempty"`
	// What is wanted. Left out, the execution must be kept.
	Want *Want `yaml:"want,omitempty"`
}

// History is what the history of an execution tells.
type History struct {
	At yamltree.Position `yaml:"-"`

	// How many events it has.
	Events int `yaml:"events,omitempty" jsonschema:"minimum=0"`
	// How many steps were entered.
	Steps int `yaml:"steps,omitempty" jsonschema:"minimum=0"`
	// The step that was entered last.
	CurrentStep string `yaml:"currentStep,omitempty"`
	// How long before now its last event was: history.idle.
	Idle *Duration `yaml:"idle,omitempty" also:"lastEventAgo"`
	// When its last event was, in place of idle.
	LastEventTime *Moment `yaml:"lastEventTime,omitempty"`
}

// Want is what is wanted of the policy for one execution. What is left out
// isn't compared, but for undecided.
type Want struct {
	At yamltree.Position `yaml:"-"`

	// stop: a rule condemns it. protected: a rule condemns it, and protect holds it. keep: no rule condemns it. undecided: it is kept, and a rule could not be evaluated. not_warned: a rule with warnBefore condemns it, and its warning has not gone out, or not long enough ago.
	Decision string `yaml:"decision" jsonschema:"enum=keep,enum=stop,enum=protected,enum=undecided,enum=not_warned"`
	// The rule that condemns it, or that could not be evaluated.
	Rule string `yaml:"rule,omitempty" jsonschema:"minLength=1"`
	// The mode of the rule that condemns it: enforce stops, plan only reports.
	Mode string `yaml:"mode,omitempty" jsonschema:"enum=plan,enum=enforce"`
	// When it is due: a moment, never, or every sweep.
	Due *DueText `yaml:"due,omitempty"`
	// The cause it is stopped with, without the tail that flowreaper adds.
	Cause string `yaml:"cause,omitempty" jsonschema:"minLength=1"`
	// The other rules that condemn it, in the policy's order.
	WouldAlso []string `yaml:"wouldAlso,omitempty"`
	// Other rules that could not be evaluated. Left out, there must be none.
	Undecided []string `yaml:"undecided,omitempty"`
}
