package judge

import (
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// Judge judges, by one clock. It is safe for concurrent use.
type Judge struct {
	Clock  *Clock
	source Source
	whole  wholeFlows
}

// New returns a judge that reads what it needs from the source.
func New(source Source, clock *Clock) *Judge {
	return &Judge{Clock: clock, source: source, whole: wholeFlows{read: map[string]*wholeFlow{}}}
}

// Judge asks a basis about one execution, at this moment.
func (j *Judge) Judge(by *Basis, flow *policy.Flow, execution *policy.Execution) Finding {
	return at(j.Clock.Judging(), by, flow, execution)
}

// Again judges a finding once more, on its facts as they are, at this moment. When it
// falls due is as it was found.
func (j *Judge) Again(f Finding) Finding { return f.at(j.Clock.Judging()) }

// WithoutMargin judges a finding once more, without the margin that rules are judged
// with. It is there so that nothing is stopped too early, and would stop for as long
// after a window has closed. What it returns is condemned with and without; false
// where nothing is.
func (j *Judge) WithoutMargin(f Finding) (Finding, bool) {
	now := f.at(j.Clock.Now())
	switch {
	case now.Condemned(f.Verdict.Rule):
		return f, true
	case now.Verdict.Decision == policy.Stop && f.Condemned(now.Verdict.Rule):
		return now, true
	}
	return f, false
}

func (f Finding) at(now time.Time) Finding {
	again := at(now, f.By, f.Flow, f.Execution)
	again.Asked, again.Due = f.Asked, f.Due
	return again
}

func at(now time.Time, by *Basis, flow *policy.Flow, execution *policy.Execution) Finding {
	return Finding{By: by, Flow: flow, Execution: execution, JudgedAt: now, Verdict: by.Rules.Judge(facts(now, by, flow, execution))}
}

func facts(now time.Time, by *Basis, flow *policy.Flow, execution *policy.Execution) *policy.Facts {
	return &policy.Facts{Now: now, Event: by.Event, Flow: flow, Execution: execution}
}

// due has a finding say when it falls due, or since when it is.
func (f *Finding) due() {
	f.Due = f.By.Rules.Due(facts(f.JudgedAt, f.By, f.Flow, f.Execution))
	if f.Due.Kind == policy.Moment && f.By.ByEventRules() && f.Due.Time.Before(f.By.Event.Time) {
		f.Due.Time = f.By.Event.Time // no rule condemned it before
	}
}
