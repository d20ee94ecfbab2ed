package judge

import (
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// Judge judges, by one clock. It is safe for concurrent use.
type Judge struct {
	Clock *Clock

	// Doubted are executions that no listing is believed about, since a stop of them was tried
	// lately: lists may show them as running though they have ended, and would have them count,
	// and be stopped, again. Set it before the first inquiry.
	Doubted map[Key]bool

	source Source
	whole  wholeFlows
}

// New returns a judge that reads what it needs from the source.
func New(source Source, clock *Clock) *Judge {
	return &Judge{Clock: clock, source: source, whole: wholeFlows{read: map[string]*wholeFlow{}}}
}

// Judge asks a basis about one execution, at this moment.
func (j *Judge) Judge(by *Basis, flow *policy.Flow, execution *policy.Execution) Finding {
	return Finding{By: by, Flow: flow, Execution: execution}.at(j.Clock.Judging())
}

// Again judges a finding once more, on its facts as they are, at this moment.
func (j *Judge) Again(f Finding) Finding {
	again := f.at(j.Clock.Judging())
	again.due()
	return again
}

// WithoutMargin judges a finding once more, without the margin that rules are judged
// with. It is there so that nothing is stopped too early, and would stop for as long
// after a window has closed. What it returns is condemned with and without; false
// where nothing is. What the time can't undo needs no second judgement.
func (j *Judge) WithoutMargin(f Finding) (Finding, bool) {
	if f.Verdict.Stays() {
		return f, true
	}
	now := f.at(j.Clock.Now())
	switch {
	case now.Condemned(f.Verdict.Rule):
		return f, true
	case now.Verdict.Decision == policy.Stop && f.Condemned(now.Verdict.Rule):
		now.due()
		return now, true
	}
	return f, false
}

// at judges the execution anew, at another moment, but for when it falls due.
func (f Finding) at(now time.Time) Finding {
	f.JudgedAt = now
	f.Verdict = f.By.Rules.Judge(f.facts())
	return f
}

func (f Finding) facts() *policy.Facts {
	return f.By.Facts(f.JudgedAt, f.Flow, f.Execution)
}

// Facts is what the rules see of an execution at a time.
func (b *Basis) Facts(now time.Time, flow *policy.Flow, e *policy.Execution) *policy.Facts {
	f := &policy.Facts{Now: now, Event: b.Event, Flow: flow, Execution: e}
	if b.Warned != nil {
		f.Warned = b.Warned(Key{FlowKey(flow), e.Name}, e.StartedTime)
	}
	return f
}

// Notices are what people are to hear before the execution is stopped. An event in
// force warns nobody.
func (f Finding) Notices() []policy.Notice {
	notices, _ := f.ahead()
	return notices
}

func (f Finding) ahead() ([]policy.Notice, policy.Need) {
	if f.By.ForEvent() || !f.By.Rules.Warns() {
		return nil, 0
	}
	return f.By.Rules.Ahead(f.facts())
}

// Attention is when the execution must be looked at again: when it falls due, or when
// people are to be warned of that.
func (f Finding) Attention() policy.Due {
	if f.By.ForEvent() || !f.By.Rules.Warns() {
		return f.Due
	}
	return f.By.Rules.Attention(f.facts())
}

// due has a finding say when it falls due, or since when it is. That is as it was found,
// unless what it is judged on has been read anew, or other rules condemn it now.
func (f *Finding) due() {
	of := dueOf{f.Flow, f.Execution, f.Verdict.Rule, len(f.Verdict.WouldAlso)}
	if f.dueOf == of {
		return
	}
	f.dueOf, f.Due = of, f.By.Rules.Due(f.facts())
	if f.Due.Kind == policy.Moment && f.By.ByEventRules() && f.Due.Time.Before(f.By.Event.Time) {
		f.Due.Time = f.By.Event.Time // no rule condemned it before
	}
}

// dueOf is what a due time is of.
type dueOf struct {
	flow      *policy.Flow
	execution *policy.Execution
	rule      *policy.Rule
	others    int // rules that condemn
}
