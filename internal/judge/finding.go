package judge

import (
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/policy"
)

// Basis is what executions are judged by: rules, under what has happened.
type Basis struct {
	Rules Rules
	Event *policy.Event

	// Until is, by rule, when an event in force is over: the rule condemns nothing
	// that starts then or later. Nil is the sweep's own basis.
	Until map[string]time.Time

	// Warned is when warnings went out that an execution will be stopped, as
	// policy.Facts has it; nil: none did.
	Warned func(Key, time.Time) map[string]time.Time
}

// Rules are what a Basis judges by. *policy.Policy is it.
type Rules interface {
	Judge(*policy.Facts) policy.Verdict
	Due(*policy.Facts) policy.Due
	Attention(*policy.Facts) policy.Due
	Ahead(*policy.Facts) ([]policy.Notice, policy.Need)
	Warns() bool
	Cause(policy.Verdict, policy.Tail) string
}

// ForEvent says that the basis is that of an event in force.
func (b *Basis) ForEvent() bool { return b.Until != nil }

// ByEventRules says that the rules on events judge.
func (b *Basis) ByEventRules() bool {
	return b.Event.Kind != event.Timer && b.Event.Kind != event.Manual
}

// Key names an execution: by the key of its flow, see [FlowKey], and its name.
type Key struct{ Flow, Execution string }

// Finding is an execution, judged, with what it was judged by and on.
type Finding struct {
	By        *Basis
	Flow      *policy.Flow
	Execution *policy.Execution
	Verdict   policy.Verdict
	JudgedAt  time.Time  // what the rules saw as now
	Due       policy.Due // when a rule can condemn it, or since when one does
	Asked     Asked
	dueOf     dueOf
}

// Asked is when the facts that a finding was judged on were asked for, by our
// clock; zero where that was before this sweep.
type Asked struct {
	Execution time.Time // and its history
	Live      time.Time // what else is live in the flow
	Flow      time.Time
}

// Key is the execution's.
func (f Finding) Key() Key { return Key{FlowKey(f.Flow), f.Execution.Name} }

// StartedTooLate says that a condemned execution started when its rule was in force no more. One
// without a startedTime may have started as late as it was judged.
func (f Finding) StartedTooLate() bool {
	if !f.By.ForEvent() {
		return false
	}
	started := f.Execution.StartedTime
	if started.IsZero() {
		started = f.JudgedAt
	}
	return !started.Before(f.By.Until[f.Verdict.Rule.Name])
}

// Unlimited says that the rule is one that no limit holds back. Of what earlier
// sweeps condemned that is not known, so limits hold.
func (f Finding) Unlimited() bool { return f.Verdict.Rule != nil && f.Verdict.Rule.NoLimits }

// StopsFrom is when an execution that was warned of may be stopped.
func (f Finding) StopsFrom() (from time.Time, warned bool) {
	at, warned := f.facts().Warned[f.Verdict.Rule.ID()]
	return at.Add(f.Verdict.Rule.WarnBefore), warned
}

// Condemned says that the rule condemns, alone or as one of several.
func (f Finding) Condemned(rule *policy.Rule) bool {
	return f.Verdict.Decision == policy.Stop && (f.Verdict.Rule == rule || slices.Contains(f.Verdict.WouldAlso, rule.Name))
}

// Over says that an execution has ended since it was listed: it counts for nothing.
func (f Finding) Over() bool { return policy.HasEnded(f.Execution.Status) }

// end takes in that an execution, or its flow, exists no more: it has ended, and
// nothing more can be known of it.
func (f *Finding) end() bool {
	over := *f.Execution
	over.Status = "Stopped"
	f.Execution = &over
	return true
}
