// Package account is the file that describes an emulated CloudFlow account:
// its flows, their executions, how the service behaves where nobody could
// confirm it, and what goes wrong.
//
// [Parse] reads such a file, strictly: an unknown key, a wrong value or a
// name used twice is an error with its place. Tests may as well fill in an
// [Account] by hand; the zero value of every field is its default.
//
// All times in an account are relative. They are counted from the moment the
// emulator loads it, on the emulator's clock.
package account

import (
	"cmp"
	"time"
)

// Account is an account of CloudFlow, as its file describes it.
type Account struct {
	Behaviour Behaviour  `yaml:"behaviour"`
	Flows     []Flow     `yaml:"flows"`
	Generate  []Generate `yaml:"generate"`
	Faults    []Fault    `yaml:"faults"`
	Roles     []Role     `yaml:"roles"`
}

// Role is a RAM role of the account that whoever may call can assume.
type Role struct {
	ARN        string `yaml:"arn"`
	ExternalID string `yaml:"externalId"` // "": the role's trust asks for none
}

// Behaviour answers the questions about CloudFlow that its documentation
// leaves open, either way.
type Behaviour struct {
	Order             string   `yaml:"order"`             // of ListExecutions: random (the default), newest or oldest
	StartedTimeBounds string   `yaml:"startedTimeBounds"` // StartedTimeBegin and End: inclusive (the default) or exclusive
	ListLag           Duration `yaml:"listLag"`           // ListExecutions shows the executions as they were so long ago
	StopDelay         Duration `yaml:"stopDelay"`         // from StopExecution's answer until the execution has stopped
	DescribeAfterStop string   `yaml:"describeAfterStop"` // stopped (the default), or running: DescribeExecution goes on saying Running of what was stopped
	StopCause         string   `yaml:"stopCause"`         // a stop's Error and Cause: in the history's last event (the default: history), or nowhere
	Express           string   `yaml:"express"`           // Express executions: stoppable (the default) or refused
	ACS3              string   `yaml:"acs3"`              // the newer signature: accept (the default) or refuse
	Retention         Duration `yaml:"retention"`         // how long an ended execution can be seen; 2160h unless given
	MaxSkew           Duration `yaml:"maxSkew"`           // the most a request's time may differ from the emulator's; 15m unless given
	ClockOffset       Duration `yaml:"clockOffset"`       // how far the emulator's clock is ahead of the machine's; negative: behind
	PageCursor        string   `yaml:"pageCursor"`        // key (the default): pages go on after the last row; offset: pages shift while executions end
}

// The values of Behaviour's texts. The first of each group is the default.
const (
	OrderRandom = "random"
	OrderNewest = "newest"
	OrderOldest = "oldest"

	BoundsInclusive = "inclusive"
	BoundsExclusive = "exclusive"

	DescribeStopped = "stopped"
	DescribeRunning = "running"

	CauseInHistory = "history"
	CauseNowhere   = "nowhere"

	ExpressStoppable = "stoppable"
	ExpressRefused   = "refused"

	ACS3Accept = "accept"
	ACS3Refuse = "refuse"

	CursorKey    = "key"
	CursorOffset = "offset"
)

// WithDefaults returns b with every empty field filled in.
func (b Behaviour) WithDefaults() Behaviour {
	b.Order = cmp.Or(b.Order, OrderRandom)
	b.StartedTimeBounds = cmp.Or(b.StartedTimeBounds, BoundsInclusive)
	b.DescribeAfterStop = cmp.Or(b.DescribeAfterStop, DescribeStopped)
	b.StopCause = cmp.Or(b.StopCause, CauseInHistory)
	b.Express = cmp.Or(b.Express, ExpressStoppable)
	b.ACS3 = cmp.Or(b.ACS3, ACS3Accept)
	b.PageCursor = cmp.Or(b.PageCursor, CursorKey)
	b.Retention = cmp.Or(b.Retention, Duration(2160*time.Hour))
	b.MaxSkew = cmp.Or(b.MaxSkew, Duration(15*time.Minute))
	return b
}

// Flow is one flow and its executions.
type Flow struct {
	Name            string            `yaml:"name"`
	ID              string            `yaml:"id"` // made from the name unless given
	Description     string            `yaml:"description"`
	Definition      string            `yaml:"definition"`    // a small one unless given
	ExecutionMode   string            `yaml:"executionMode"` // Standard, Express, or "" as the API answers of older flows
	RoleARN         string            `yaml:"roleArn"`
	ResourceGroupID string            `yaml:"resourceGroupId"`
	Environment     map[string]string `yaml:"environment"`
	Env             map[string]string `yaml:"env"`         // the same, as policies and their tests call it
	CreatedAgo      Duration          `yaml:"createdAgo"`  // 720h unless given
	ModifiedAgo     Duration          `yaml:"modifiedAgo"` // CreatedAgo unless given
	Executions      []Execution       `yaml:"executions"`
}

// Execution is one execution of a flow.
type Execution struct {
	Name        string            `yaml:"name"`
	Status      string            `yaml:"status"`     // Running unless given; an ended one together with EndedAgo, or with none: ended as the account is loaded
	StartedAgo  Duration          `yaml:"startedAgo"` // now unless given
	StartedIn   Duration          `yaml:"startedIn"`  // it begins later, and can't be seen before
	EndedAgo    *Duration         `yaml:"endedAgo"`
	EndsIn      *Duration         `yaml:"endsIn"`    // nil: it runs until it is stopped
	EndStatus   string            `yaml:"endStatus"` // Succeeded unless given
	Input       Payload           `yaml:"input"`
	InputText   *string           `yaml:"inputText"`   // in place of Input: raw text, to try what isn't JSON
	Output      Payload           `yaml:"output"`      // shown once it has Succeeded
	Environment map[string]string `yaml:"environment"` // the flow's unless given
	Env         map[string]string `yaml:"env"`         // the same
	ListLag     *Duration         `yaml:"listLag"`     // the behaviour's unless given: to end unseen between list and stop
	MapRunName  string            `yaml:"mapRunName"`  // it is a child of this run of a distributed Map
	Steps       int               `yaml:"steps"`       // the most steps it enters; it then stays in the last. 1 unless StepEvery is given, then unbounded
	StepEvery   Duration          `yaml:"stepEvery"`   // the time it takes to enter the next step
}

// RawInput is the execution's input as the API shows it.
func (e *Execution) RawInput() string {
	if e.InputText != nil {
		return *e.InputText
	}
	return string(e.Input)
}

// Variables are the flow's environment variables, by whichever name they were given.
func (f *Flow) Variables() map[string]string { return either(f.Env, f.Environment) }

// Variables are the execution's environment variables.
func (e *Execution) Variables() map[string]string { return either(e.Env, e.Environment) }

// Variables are the environment variables of each flow.
func (g *Generate) Variables() map[string]string { return either(g.Env, g.Environment) }

func either(env, environment map[string]string) map[string]string {
	if env != nil {
		return env
	}
	return environment
}

// Generate describes many like flows, deterministic by their seed: two
// emulators that load them at the same moment hold the same executions.
type Generate struct {
	Flows  int      `yaml:"flows"`
	Prefix string   `yaml:"prefix"` // prefix-0 … without a dash of its own: load- makes load-0
	Live   int      `yaml:"live"`   // executions of each flow that run already, ages uniform in MaxAge, until stopped
	Ended  int      `yaml:"ended"`  // executions of each flow that are over
	MaxAge Duration `yaml:"maxAge"` // 6h unless given
	Every  Duration `yaml:"every"`  // a new start of each flow in each such span; 0: none
	At     string   `yaml:"at"`     // random (the default): at any moment of the span; hour: as cron does, all flows at its full beginning
	Median Duration `yaml:"median"` // length of what ends: log-normal, one in 100 takes over three times as long; 5m unless given
	Hang   Share    `yaml:"hang"`   // share of the new starts that never end
	Seed   uint64   `yaml:"seed"`

	ExecutionMode  string            `yaml:"executionMode"`
	Environment    map[string]string `yaml:"environment"`
	Env            map[string]string `yaml:"env"`            // the same
	Input          Payload           `yaml:"input"`          // of every execution
	InputSize      int               `yaml:"inputSize"`      // bytes; instead of Input
	DefinitionSize int               `yaml:"definitionSize"` // bytes
}

// The values of Generate.At.
const (
	AtRandom = "random"
	AtHour   = "hour"
)

// Fault is something that goes wrong on purpose. Of several that fit a
// request, the first that isn't used up does.
type Fault struct {
	Operation string   `yaml:"operation"` // one of Operations; "" fits any
	Flow      string   `yaml:"flow"`      // "" fits any, and requests that name none
	Execution string   `yaml:"execution"` // likewise
	Skip      int      `yaml:"skip"`      // fitting requests that pass first
	Times     int      `yaml:"times"`     // fitting requests that it then meets; 0: all
	Kind      string   `yaml:"kind"`
	Status    int      `yaml:"status"` // kind error: the HTTP status, that of the code unless given
	Code      string   `yaml:"code"`   // kind error: InternalServerError, or the first of the status, unless given
	Delay     Duration `yaml:"delay"`  // how long the answer, or its failure, is held back
}

// Operations are the names of the API's operations that the emulator has.
func Operations() []string {
	return []string{
		"ListFlows", "DescribeFlow", "CreateFlow", "DeleteFlow",
		"ListExecutions", "DescribeExecution", "GetExecutionHistory", "StartExecution", "StopExecution",
		"DescribeRegions", "AssumeRole",
	}
}

// The kinds of faults. Error, resetAfter, slow and torn meet requests that
// were let in: signed, and within the quota. The others meet any request, as a
// network or a gateway in front of the service would.
const (
	FaultError       = "error"       // an error in place of the operation, which does not take place
	FaultResetBefore = "resetBefore" // the connection breaks before the operation takes place
	FaultResetAfter  = "resetAfter"  // the operation takes effect, then the connection breaks
	FaultSlow        = "slow"        // the operation takes effect, the answer comes after the delay
	FaultTorn        = "torn"        // the operation takes effect, half of the answer's body comes
	FaultHTML502     = "html502"     // a gateway's page with status 502
	FaultEmpty503    = "empty503"    // status 503 without a body
)
