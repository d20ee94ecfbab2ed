package sweep

import (
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// Report is what one sweep saw, decided and did. Its JSON form is a contract:
// people's alarms and scripts read it. What is empty is absent, but for the
// fields without omitempty.
type Report struct {
	Version int    `json:"version"` // 1
	RunID   string `json:"runId"`
	Place
	Trigger    Trigger         `json:"trigger"`
	Policy     PolicyRef       `json:"policy"`
	Mode       policy.Mode     `json:"mode"` // the policy's, or what softened it
	StartedAt  time.Time       `json:"startedAt"`
	FinishedAt time.Time       `json:"finishedAt"`
	Complete   bool            `json:"complete"` // false when any listing failed, or something that was due was not looked at
	Incomplete []FlowNote      `json:"incomplete,omitempty"`
	Answered   string          `json:"answered,omitempty"` // stale, busy or off: why nothing was looked at
	Flows      FlowCounts      `json:"flows"`
	Executions ExecutionCounts `json:"executions"`
	Calls      Calls           `json:"calls"`
	Throttled  int             `json:"throttled,omitempty"`
	Retried    int             `json:"retried,omitempty"`
	Demand     *Demand         `json:"demand,omitempty"`
	Lateness   *Lateness       `json:"lateness,omitempty"`
	Decisions  []Decision      `json:"decisions"` // one an execution that some rule condemned, at most 1,000

	DecisionsOmitted int         `json:"decisionsOmitted,omitempty"`
	Withheld         *Withheld   `json:"withheld,omitempty"`
	Ledger           string      `json:"ledger,omitempty"`    // file or memory
	Resumable        *bool       `json:"resumable,omitempty"` // of an event in force: whether another process can go on with it
	Drift            []Drift     `json:"drift,omitempty"`
	Estimate         *Estimate   `json:"estimate,omitempty"`
	Undecided        []Undecided `json:"undecided,omitempty"`
	NotCovered       []FlowNote  `json:"notCovered,omitempty"`

	// Unmatched is what names no flow of the account, at most 100. A sweep that
	// lists the flows says it, hourly or more often; without a listing that came
	// whole nobody knows, but for names that were asked for one by one.
	Unmatched []policy.Unmatched `json:"unmatched,omitempty"`

	NextDue *time.Time  `json:"nextDue,omitempty"` // when something will next be looked at
	Errors  []ErrorNote `json:"errors,omitempty"`
}

// Place is where a sweep worked, and by which flowreaper. What isn't known is
// absent: who asks the emulator has no account.
type Place struct {
	Account    string `json:"account,omitempty"`           // the id of the Alibaba Cloud account
	Region     string `json:"region,omitempty"`            // such as cn-hangzhou
	Endpoint   string `json:"endpoint,omitempty"`          // the URL that was called
	Flowreaper string `json:"flowreaperVersion,omitempty"` // of the binary, as its version tells it
}

// Trigger names what set the sweep off.
type Trigger struct {
	Kind string `json:"kind"` // timer, cloudevent, alarm, custom or manual
	Name string `json:"name,omitempty"`
}

// PolicyRef names the policy that judged.
type PolicyRef struct {
	Name string `json:"name"`
	Hash string `json:"hash"` // sha256:<64 hex>
}

// FlowNote says something of one flow.
type FlowNote struct {
	Flow   string `json:"flow"`
	Reason string `json:"reason"`
}

// FlowCounts counts flows: seen = in scope, listed = now, skipped = not due.
type FlowCounts struct {
	Seen    int `json:"seen"`
	Listed  int `json:"listed"`
	Skipped int `json:"skipped"`
}

// ExecutionCounts counts executions.
type ExecutionCounts struct {
	Seen      int `json:"seen"`
	Condemned int `json:"condemned"`
}

// Calls counts the requests sent, retries included, by operation.
type Calls struct {
	ListFlows           int `json:"ListFlows"`
	DescribeFlow        int `json:"DescribeFlow"`
	ListExecutions      int `json:"ListExecutions"`
	DescribeExecution   int `json:"DescribeExecution"`
	GetExecutionHistory int `json:"GetExecutionHistory"`
	StopExecution       int `json:"StopExecution"`
}

// Decision is what became of one condemned execution.
type Decision struct {
	Flow        string          `json:"flow"`
	Execution   string          `json:"execution"`
	Rule        string          `json:"rule"`
	Verdict     policy.Decision `json:"verdict"` // stop or protected
	StartedTime time.Time       `json:"startedTime,omitzero"`
	AgeSeconds  float64         `json:"ageSeconds"`
	DueTime     *time.Time      `json:"dueTime,omitempty"`     // since when a rule has condemned it
	LateSeconds float64         `json:"lateSeconds,omitempty"` // from then until the stop was tried
	Reason      string          `json:"reason"`
	Error       string          `json:"error,omitempty"`
	Cause       string          `json:"cause,omitempty"`
	Outcome     Outcome         `json:"outcome"`
	RequestID   string          `json:"requestId,omitempty"` // of the StopExecution call
	Message     string          `json:"message,omitempty"`   // what went wrong, for people
	WouldAlso   []string        `json:"wouldAlso,omitempty"`
}

// Outcome is how a decision ended. A stop is what DescribeExecution says.
type Outcome string

const (
	Stopped          Outcome = "stopped"           // verified: its status is Stopped
	AlreadyCompleted Outcome = "already_completed" // ended before the stop arrived
	Gone             Outcome = "gone"              // the execution or its flow exists no more
	StillRunning     Outcome = "still_running"     // the stop was accepted and has not taken effect: the next sweep tries again
	NotTried         Outcome = "not_tried"         // the sweep was over, or was ended, before its turn: the next one tries
	Failed           Outcome = "failed"            // the stop was refused
	WithheldOutcome  Outcome = "withheld"          // a limit was exceeded: nothing was stopped
	ProtectedOutcome Outcome = "protected"
	Planned          Outcome = "planned"

	// waitingOutcome is the watch's mark of what is condemned and waits for the
	// gate or its turn; no report shows it.
	waitingOutcome Outcome = "condemned"
)

// Demand is how much of the ListExecutions quota the looks need in the long run.
type Demand struct {
	ListPerSecond float64 `json:"listPerSecond"`
	OfQuota       float64 `json:"ofQuota"`
}

// Lateness is how late the stops of this sweep were tried.
type Lateness struct {
	Count      int     `json:"count"`
	P99Seconds float64 `json:"p99Seconds"`
	MaxSeconds float64 `json:"maxSeconds"`
}

// Drift is what was planned and is no longer to be stopped.
type Drift struct {
	Flow      string `json:"flow"`
	Execution string `json:"execution"`
	Reason    string `json:"reason"`
}

// Estimate is how long the stops that are left will take within the quota.
type Estimate struct {
	StopsLeft int     `json:"stopsLeft"`
	Seconds   float64 `json:"seconds"`
}

// Withheld says which limit stopped the stopping. After a state file was lost it
// is maxStops, which allows nothing while nobody knows what was tried.
type Withheld struct {
	Limit     string     `json:"limit"` // maxStops or maxShare
	Condemned int        `json:"condemned"`
	Recent    int        `json:"recent"`  // stops tried in the last window
	Max       int        `json:"max"`     // what the limit allows in all
	Allowed   int        `json:"allowed"` // what it still allows
	Window    string     `json:"window,omitempty"`
	Until     *time.Time `json:"until,omitempty"` // the state file was lost: nothing is stopped until then
}

// Undecided is a rule that could not be evaluated on one execution.
type Undecided struct {
	Flow      string `json:"flow"`
	Execution string `json:"execution,omitempty"`
	Rule      string `json:"rule"`
	Error     string `json:"error"`
}

// ErrorNote counts errors of one code.
type ErrorNote struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Count   int    `json:"count"`
}
