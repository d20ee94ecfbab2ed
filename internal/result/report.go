package result

import (
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// Report is what one sweep saw, decided and did. Its JSON form is a contract, which
// docs/report.md and schema/report.schema.json tell: people's alarms and scripts
// read it. What is empty is absent, but for the fields without omitempty; later
// flowreapers may add fields, and take none away in the same version. The comments
// of the fields are the schema's descriptions.
type Report struct {
	// The version of the report's form: 1.
	Version int `json:"version" jsonschema:"enum=1"`
	// The sweep's id, as it stands in the cause of what it stopped.
	RunID string `json:"runId"`
	Place
	// What set the sweep off.
	Trigger Trigger `json:"trigger"`
	// The policy that judged.
	Policy PolicyRef `json:"policy"`
	// The policy's mode, or what softened it. plan: nothing was stopped.
	Mode policy.Mode `json:"mode" jsonschema:"enum=plan,enum=enforce"`
	// By CloudFlow's clock, as all times of the sweep's.
	StartedAt time.Time `json:"startedAt"`
	// When its report was closed.
	FinishedAt time.Time `json:"finishedAt"`
	// False when a listing failed, something that was due was not looked at, or nothing was.
	Complete bool `json:"complete"`
	// What was not looked at, and why. At most 100.
	Incomplete []FlowNote `json:"incomplete,omitempty"`
	// Why nothing was looked at: the timer's event was stale, another sweep was under way (busy), or FLOWREAPER_MODE is off.
	Answered string `json:"answered,omitempty" jsonschema:"enum=stale,enum=busy,enum=off"`
	// Flows, counted.
	Flows FlowCounts `json:"flows"`
	// Executions, counted.
	Executions ExecutionCounts `json:"executions"`
	// Requests that were sent, retries included, by operation.
	Calls Calls `json:"calls"`
	// How many of the calls the API throttled.
	Throttled int `json:"throttled,omitempty"`
	// How many of the calls were retries.
	Retried int `json:"retried,omitempty"`
	// What the looks need in the long run. Only of sweeps that others follow.
	Demand *Demand `json:"demand,omitempty"`
	// How late the stops of this sweep were tried.
	Lateness *Lateness `json:"lateness,omitempty"`
	// One an execution that some rule condemned, at most 1,000. What ended well comes last, and is left out first.
	Decisions []Decision `json:"decisions"`
	// How many more decisions there were.
	DecisionsOmitted int `json:"decisionsOmitted,omitempty"`
	// The limit that held everything back: nothing was stopped; with trickle, all but the most overdue.
	Withheld *Withheld `json:"withheld,omitempty"`
	// Where stops are counted for the limits: a file outlives the process, its memory doesn't.
	Ledger string `json:"ledger,omitempty" jsonschema:"enum=file,enum=memory"`
	// Of an event in force: whether another process can go on with it.
	Resumable *bool `json:"resumable,omitempty"`
	// What the channels of rules with warnBefore are to hear before it is stopped, the soonest first, at most 1,000. Each stands here until a channel has taken it.
	Warnings []Warning `json:"warnings,omitempty"`
	// What was planned and was not stopped. Only of apply --plan, and of what was shown before a yes.
	Drift []Drift `json:"drift,omitempty"`
	// How long the stops that are left will take within the quota.
	Estimate *Estimate `json:"estimate,omitempty"`
	// Rules that could not be evaluated, on what. They condemned nothing there. At most 100.
	Undecided []Undecided `json:"undecided,omitempty"`
	// Flows of which nothing is ever stopped. Changes neither complete nor the exit status.
	NotCovered []FlowNote `json:"notCovered,omitempty"`
	// What names no flow of the account, at most 100. A sweep that lists the flows says it, hourly or more often, and no other;
	// where none are listed, only names that were asked for one by one are known to be none.
	Unmatched []policy.Unmatched `json:"unmatched,omitempty"`
	// Which of the policy's calendars are over, or will be within 30 days. Changes neither complete nor the exit status.
	Calendars []string `json:"calendars,omitempty"`
	// When something will next be looked at. Only of sweeps that others follow.
	NextDue *time.Time `json:"nextDue,omitempty"`
	// Errors, by their code.
	Errors []ErrorNote `json:"errors,omitempty"`
}

// Place is where a sweep worked, and by which flowreaper. What isn't known is
// absent: who asks the emulator has no account.
type Place struct {
	// The place's name in a fleet (docs/fleet.md).
	Name string `json:"place,omitempty"`
	// The id of the Alibaba Cloud account. On a terminal it is asked of the Security Token Service.
	Account string `json:"account,omitempty"`
	// The region, such as cn-hangzhou.
	Region string `json:"region,omitempty"`
	// The URL that was called.
	Endpoint string `json:"endpoint,omitempty"`
	// The version of the binary.
	Flowreaper string `json:"flowreaperVersion,omitempty"`
}

// Trigger names what set the sweep off.
type Trigger struct {
	// timer, cloudevent, alarm, custom, or manual: a person.
	Kind string `json:"kind" jsonschema:"enum=timer,enum=cloudevent,enum=alarm,enum=custom,enum=manual"`
	// The timer's, the alarm's or the event's name.
	Name string `json:"name,omitempty"`
}

// PolicyRef names the policy that judged.
type PolicyRef struct {
	// Its name; policy where the file has none.
	Name string `json:"name"`
	// The SHA-256 of its file.
	Hash string `json:"hash" jsonschema:"pattern=^sha256:[0-9a-f]{64}$"`
}

// FlowNote says something of one flow.
type FlowNote struct {
	// The flow; * stands for flows whose names did not come.
	Flow string `json:"flow"`
	// Why; of a flow that isn't covered, its execution mode.
	Reason string `json:"reason"`
}

// FlowCounts counts flows.
type FlowCounts struct {
	// Flows that the rules concern.
	Seen int `json:"seen" jsonschema:"minimum=0"`
	// Flows whose executions were listed in this sweep.
	Listed int `json:"listed" jsonschema:"minimum=0"`
	// Flows that were not due.
	Skipped int `json:"skipped" jsonschema:"minimum=0"`
}

// ExecutionCounts counts executions.
type ExecutionCounts struct {
	// Executions that were seen running or are known to run.
	Seen int `json:"seen" jsonschema:"minimum=0"`
	// Those that some rule condemned, protected ones too.
	Condemned int `json:"condemned" jsonschema:"minimum=0"`
}

// Calls counts the requests sent, retries included, by operation.
type Calls struct {
	ListFlows           int `json:"ListFlows" jsonschema:"minimum=0"`
	DescribeFlow        int `json:"DescribeFlow" jsonschema:"minimum=0"`
	ListExecutions      int `json:"ListExecutions" jsonschema:"minimum=0"`
	DescribeExecution   int `json:"DescribeExecution" jsonschema:"minimum=0"`
	GetExecutionHistory int `json:"GetExecutionHistory" jsonschema:"minimum=0"`
	StopExecution       int `json:"StopExecution" jsonschema:"minimum=0"`
}

// Decision is what became of one condemned execution.
type Decision struct {
	// Its flow.
	Flow string `json:"flow"`
	// Its name.
	Execution string `json:"execution"`
	// The rule that speaks: the first that condemns and enforces, else the first that condemns.
	Rule string `json:"rule"`
	// stop, or protected: condemned, and never stopped.
	Verdict policy.Decision `json:"verdict" jsonschema:"enum=stop,enum=protected"`
	// When it was started; absent where CloudFlow didn't say.
	StartedTime time.Time `json:"startedTime,omitzero"`
	// How old it was when it was judged.
	AgeSeconds float64 `json:"ageSeconds"`
	// Since when a rule has condemned it; absent where no moment can be told.
	DueTime *time.Time `json:"dueTime,omitempty"`
	// From then until the stop was tried.
	LateSeconds float64 `json:"lateSeconds,omitempty"`
	// The conditions that hold, with the values that they saw; or what protects it.
	Reason string `json:"reason"`
	// What StopExecution is given as Error; absent where it isn't to be stopped.
	Error string `json:"error,omitempty"`
	// What StopExecution is given as Cause, with the tail that leads back here.
	Cause string `json:"cause,omitempty"`
	// How it ended.
	Outcome Outcome `json:"outcome"`
	// Of the StopExecution call.
	RequestID string `json:"requestId,omitempty"`
	// What went wrong, for people.
	Message string `json:"message,omitempty"`
	// Other rules that condemn it.
	WouldAlso []string `json:"wouldAlso,omitempty"`
}

// Outcome is how a decision ended. A stop is what DescribeExecution says.
type Outcome string

const (
	Stopped          Outcome = "stopped"           // verified: its status is Stopped
	AlreadyCompleted Outcome = "already_completed" // ended before the stop arrived
	Gone             Outcome = "gone"              // the execution or its flow exists no more
	StillRunning     Outcome = "still_running"     // the stop was accepted and has not taken effect: the next sweep tries again
	NotTried         Outcome = "not_tried"         // the sweep was over, or was ended, before its turn: the next one tries
	Failed           Outcome = "failed"            // the stop was refused, or nobody knows what became of it
	WithheldOutcome  Outcome = "withheld"          // a limit was exceeded: nothing was stopped, or only what was more overdue; or it is beyond what a person wants stopped at most
	NotWarned        Outcome = "not_warned"        // its rule warns before it stops, and no channel has taken the warning, or not long enough ago
	ProtectedOutcome Outcome = "protected"
	Planned          Outcome = "planned"
)

// Outcomes are all that a report may show.
func Outcomes() []Outcome {
	return []Outcome{Stopped, AlreadyCompleted, Gone, StillRunning, NotTried, Failed, WithheldOutcome, NotWarned, ProtectedOutcome, Planned}
}

// Demand is how much of the ListExecutions quota the looks need in the long run.
type Demand struct {
	// Calls of ListExecutions a second.
	ListPerSecond float64 `json:"listPerSecond"`
	// Their share of the quota: above 1 stops come late.
	OfQuota float64 `json:"ofQuota"`
}

// Lateness is how late the stops of this sweep were tried.
type Lateness struct {
	// How many stops were due at a moment that can be told.
	Count int `json:"count" jsonschema:"minimum=1"`
	// 99 in 100 were no later.
	P99Seconds float64 `json:"p99Seconds"`
	// The latest.
	MaxSeconds float64 `json:"maxSeconds"`
}

// Warning is an execution that will be stopped unless it ends before, or is protected.
type Warning struct {
	// Its flow.
	Flow string `json:"flow"`
	// Its name.
	Execution string `json:"execution"`
	// The rule that will stop it.
	Rule string `json:"rule"`
	// When it was started; absent where CloudFlow didn't say.
	StartedTime time.Time `json:"startedTime,omitzero"`
	// From when on it is stopped; later where the warning goes out later.
	StopAt time.Time `json:"stopAt"`
	// The conditions that will hold, with the values that they will see.
	Reason string `json:"reason"`

	FlowKey, RuleID string `json:"-"` // by which it is remembered
}

// Drift is what was planned and is no longer to be stopped.
type Drift struct {
	// The flow in the plan.
	Flow string `json:"flow"`
	// The execution in the plan.
	Execution string `json:"execution"`
	// What has become of it.
	Reason string `json:"reason"`
}

// Estimate is how long the stops that are left will take within the quota.
type Estimate struct {
	// How many are left.
	StopsLeft int `json:"stopsLeft" jsonschema:"minimum=1"`
	// How long they take.
	Seconds float64 `json:"seconds"`
}

// Withheld says which limit stopped the stopping. After the ledger of stops was lost it
// is maxStops, which allows nothing while nobody knows what was tried.
type Withheld struct {
	// The limit, as the policy calls it.
	Limit string `json:"limit" jsonschema:"enum=maxStops,enum=maxShare"`
	// How many executions it was asked about; with trickle, also those that it then let pass.
	Condemned int `json:"condemned"`
	// Stops that were tried in the last window.
	Recent int `json:"recent"`
	// What the limit allows in all.
	Max int `json:"max"`
	// What it still allows.
	Allowed int `json:"allowed"`
	// The policy's limits say over: trickle. As many were stopped as the limit allowed, the most overdue, and the rest is held back.
	Trickle bool `json:"trickle,omitempty"`
	// The time that recent stops are counted in, such as 1h.
	Window string `json:"window,omitempty"`
	// The ledger of stops was lost: nothing is stopped until then.
	Until *time.Time `json:"until,omitempty"`
}

// Undecided is a rule that could not be evaluated on one execution.
type Undecided struct {
	// The flow.
	Flow string `json:"flow"`
	// The execution; absent where it is the whole flow.
	Execution string `json:"execution,omitempty"`
	// The rule.
	Rule string `json:"rule"`
	// Why it could not be evaluated.
	Error string `json:"error"`
}

// ErrorNote counts errors of one code.
type ErrorNote struct {
	// CloudFlow's, such as AccessDenied, or one of flowreaper's own, such as ClockSkew.
	Code string `json:"code"`
	// The first of them, for people.
	Message string `json:"message"`
	// How many there were.
	Count int `json:"count" jsonschema:"minimum=1"`
}

// Seconds are a length of time as reports tell it: to the millisecond.
func Seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }
