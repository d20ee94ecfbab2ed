package doctor

import (
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// Report is what one run found out. It marshals as `doctor -o json` prints it.
type Report struct {
	Version    int               `json:"version"` // of this format: 1
	Endpoint   string            `json:"endpoint"`
	StartedAt  time.Time         `json:"startedAt"`
	FinishedAt time.Time         `json:"finishedAt"`
	Answers    []Answer          `json:"answers"`            // one a question, in the order of Questions
	Settings   map[string]string `json:"settings,omitempty"` // environment variables that the answers call for
	Calls      map[string]int    `json:"calls"`              // requests sent, by operation
	Throttled  int               `json:"throttled,omitempty"`
	Notes      []string          `json:"notes,omitempty"`     // what else a person should know
	Leftovers  []string          `json:"leftovers,omitempty"` // canary flows that could not be deleted

	Unmatched []policy.Unmatched `json:"unmatched,omitempty"` // of the policy: what names no flow, at most 100
}

// State says how far a question was answered.
type State string

const (
	Told     State = "told"
	Untold   State = "untold"   // asked, but it could not be told: Because says why
	NotAsked State = "notAsked" // Because says what asks it
)

// Answer is the answer to one question.
type Answer struct {
	Key      string   `json:"key"` // as the emulator's behaviour has it
	Question string   `json:"question"`
	State    State    `json:"state"`
	Answer   string   `json:"answer,omitempty"`       // in behaviour's words, or a span of time
	Least    *float64 `json:"leastSeconds,omitempty"` // of an answer in time: the truth is not below
	Most     *float64 `json:"mostSeconds,omitempty"`  // …and not above; absent: not known
	Seen     string   `json:"seen,omitempty"`         // the evidence
	Means    string   `json:"means,omitempty"`        // for flowreaper, its settings and its README's claims
	Because  string   `json:"because,omitempty"`
}

// The questions' keys.
const (
	ClockOffset = "clockOffset"
	ListLag     = "listLag"
	StopDelay   = "stopDelay"
	Express     = "express"
	Quota       = "quota"
	QuotaScope  = "quotaScope"
)

// question is one thing to find out, and the option without which it isn't
// asked.
type question struct{ key, text, needs string }

// questions are all there are, in the order in which they are shown.
func questions() []question {
	return []question{
		{ClockOffset, "How far is CloudFlow's clock ahead of this machine's?", ""},
		{ListLag, "How long until ListExecutions shows what happened?", "--canary"},
		{StopDelay, "How long until a stop has taken effect?", "--canary"},
		{Express, "Can an Express execution be stopped?", "--canary"},
		{Quota, "How many calls does the account have?", "--burst"},
		{QuotaScope, "Do regions share the quotas?", "--burst and --other"},
	}
}

// Complete says whether all that was asked was told.
func (r *Report) Complete() bool {
	return !slices.ContainsFunc(r.Answers, func(a Answer) bool { return a.State == Untold })
}

// answers collects answers by question; each question keeps the first that
// tells it.
type answers map[string]Answer

func (all answers) told(key string) bool { return all[key].State == Told }

func (all answers) add(a Answer) {
	if !all.told(a.Key) {
		all[a.Key] = a
	}
}

func (all answers) tell(key, answer, seen, means string) {
	all.add(Answer{Key: key, State: Told, Answer: answer, Seen: seen, Means: means})
}

func (all answers) cannot(key, because string) {
	all.add(Answer{Key: key, State: Untold, Because: because})
}

// list is all answers, in the questions' order. What nothing was found out
// about wasn't asked.
func (all answers) list(interrupted bool) []Answer {
	var list []Answer
	for _, q := range questions() {
		a, asked := all[q.key]
		if !asked {
			a = Answer{Key: q.key, State: NotAsked, Because: "it takes " + q.needs}
			if interrupted || q.needs == "" {
				a.State, a.Because = Untold, "the run ended before it was asked"
			}
		}
		a.Question = q.text
		list = append(list, a)
	}
	return list
}
