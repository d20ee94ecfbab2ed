package suggest

import (
	"fmt"
	"time"
)

// Result is what the past suggests. Its JSON form is stable; lengths are in
// seconds, shares between 0 and 1.
type Result struct {
	Version    int       `json:"version"` // of this form: 1
	Account    string    `json:"account,omitempty"`
	Region     string    `json:"region,omitempty"`
	From       time.Time `json:"from,omitzero"`
	To         time.Time `json:"to,omitzero"` // of the executions' startedTimes, both included
	FalseStops float64   `json:"falseStops"`  // what was aimed at
	Margin     float64   `json:"margin"`
	Confidence float64   `json:"confidence"` // of every low and high: 0.95
	Minimum    int       `json:"minimum"`    // good runs that a limit needs
	Groups     []Group   `json:"groups"`     // by name
	Rules      []Rule    `json:"rules"`      // the shortest first
	Notes      []Note    `json:"notes,omitempty"`
}

// Group is one flow, or several with a name in common that run alike.
type Group struct {
	Name   string   `json:"name"`  // of the flow, or what the flows' names have in common: load-*
	Flows  []string `json:"flows"` // sorted
	Sample Sample   `json:"sample"`

	// How long good runs take. Absent where that isn't known: there is none, or an
	// earlier limit hides it.
	P50            *Length `json:"p50,omitempty"`
	P95            *Length `json:"p95,omitempty"`
	P99            *Length `json:"p99,omitempty"`
	LongestSeconds float64 `json:"longestSeconds,omitempty"`

	Limit   *Limit  `json:"limit,omitempty"`
	Refused *Note   `json:"refused,omitempty"` // why there is no limit
	Notes   []Note  `json:"notes,omitempty"`
	Curve   []Point `json:"curve,omitempty"` // by limit; where there is one
}

// Sample is what the executions of a group came to.
type Sample struct {
	Succeeded int `json:"succeeded"` // the good runs
	Failed    int `json:"failed"`
	Stopped   int `json:"stopped"`
	TimedOut  int `json:"timedOut"`
	Live      int `json:"live"`              // had not ended when they were recorded
	LeftOut   int `json:"leftOut,omitempty"` // of unknown length, whatever became of them
}

// Length is a quantile of the lengths of good runs.
type Length struct {
	Seconds     float64  `json:"seconds"`
	LowSeconds  float64  `json:"lowSeconds"`
	HighSeconds *float64 `json:"highSeconds,omitempty"` // absent: so few runs don't bound it
}

// Limit is a suggested maxRuntime.
type Limit struct {
	Duration   string  `json:"duration"` // as a policy says it
	Seconds    float64 `json:"seconds"`
	FalseStops Share   `json:"falseStops"` // of good runs

	// What it would have stopped of this history, counted and not estimated.
	StoppedGood   int     `json:"stoppedGood"`   // executions that Succeeded later
	StoppedOthers int     `json:"stoppedOthers"` // that didn't
	HoursSaved    float64 `json:"hoursSaved"`    // by these others, up to when they ended or were seen last
}

// Share is an estimated share of good runs.
type Share struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Point is what another limit would have come to.
type Point struct {
	LimitSeconds float64 `json:"limitSeconds"`
	Share
	HoursSaved float64 `json:"hoursSaved"`
}

// Note is something that a number doesn't say.
type Note struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// The codes of notes. docs/replay.md says what to do about each.
const (
	Few         = "few"          // refused: too few good runs
	Hidden      = "hidden"       // refused: an earlier limit hides how long good runs take
	BeyondYear  = "beyond-year"  // refused: the limit would never be reached
	InDoubt     = "in-doubt"     // a run or two may have been good ones, and longer
	Aim         = "aim"          // so few runs can't show what is aimed at
	Hangs       = "hangs"        // executions are taken to hang
	TwoKinds    = "two-kinds"    // the lengths have two modes
	Drift       = "drift"        // the later half runs longer, or shorter
	MonthEnd    = "month-end"    // at months' ends they run longer
	NoMonthEnd  = "no-month-end" // the history has none
	MapChildren = "map-children" // the children of a distributed Map are executions, too
	Gaps        = "gaps"         // stretches that were not recorded whole
	LeftOut     = "left-out"     // executions of unknown length
	Name        = "name"         // a name that no rule can name
)

// Rule is a rule to suggest: flows whose limits agree.
type Rule struct {
	Name       string   `json:"name"`
	Flows      []string `json:"flows"`
	MaxRuntime string   `json:"maxRuntime"`
	Groups     []string `json:"groups"` // by name

	groups []*Group
}

// All is how many executions there are.
func (s Sample) All() int {
	return s.Succeeded + s.Failed + s.Stopped + s.TimedOut + s.Live + s.LeftOut
}

// Why says why no rule is suggested; "" where one is.
func (g *Group) Why() string {
	switch {
	case g.Refused != nil:
		return g.Refused.Message
	case len(namesOf(g)) == 0:
		return "no rule can name it"
	}
	return ""
}

// HoursSaved is what the limit would have saved, and -1 without one.
func (g *Group) HoursSaved() float64 {
	if g.Limit == nil {
		return -1
	}
	return g.Limit.HoursSaved
}

// LongestText is the longest good run's length as people say it.
func (g *Group) LongestText() string {
	if g.Sample.Succeeded == 0 {
		return unknown
	}
	return rough(g.LongestSeconds)
}

func (g *Group) note(code, format string, args ...any) {
	g.Notes = append(g.Notes, Note{Code: code, Message: fmt.Sprintf(format, args...)})
}

func (g *Group) refuse(code, format string, args ...any) {
	g.Refused = &Note{Code: code, Message: fmt.Sprintf(format, args...)}
}
