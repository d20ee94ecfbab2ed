package policy

import (
	"fmt"
	"slices"
	"strings"
)

// emergency finds a rule that answers events alone and keeps the limits: more
// than they allow stops nothing at all.
func (l *linter) emergency(r *lintRule) {
	limits := l.policy.Limits
	if r.NoLimits || limits.Over == Trickle || len(r.On) == 0 || slices.ContainsFunc(r.On, func(t Trigger) bool { return t != OnEvent }) {
		return
	}
	l.warn(r, "on", LintEmergency, fmt.Sprintf("the rule answers events alone and keeps the limits: where it condemns more than %d, or %g%% of what is live, it stops nothing",
		limits.MaxStops, limits.MaxShare*100), "if it is for emergencies, say limits: none")
}

// alarmForm is a form that CloudMonitor's alarms have.
type alarmForm struct {
	state, rings string // where its state stands, and what it is while it rings
	fields       []string
}

// alarmForms are a subscription's and, the one that a rule on alarms of any kind
// is taken to mean, a threshold's.
var alarmForms = []alarmForm{
	{"event.data.alert.alertStatus", `event.data.alert.alertStatus == "TRIGGERED"`, []string{"alert.", "strategyName"}},
	{"event.data.alertState", `event.data.alertState in ["ALERT", "ALARM"]`,
		[]string{"alertName", "metricName", "metricProject", "curValue", "dimensions", "expression"}},
}

// alarmState finds a rule on alarms that doesn't ask for the alarm's state: the
// message that all is well again would set it off, too. To ask what the state is
// not is no such question: an alarm of the other form has none.
func (l *linter) alarmState(r *lintRule) {
	if !slices.Contains(r.On, OnEvent) {
		return
	}
	text := r.text()
	if form, only := r.asksWhatItIsNot(); only {
		l.warn(r, "when", LintAlarmState, "the rule asks which state an alarm is not in: an alarm of another form has no such state, so that the message that it is over sets the rule off, too",
			"write instead: "+form.rings)
		return
	}
	if slices.ContainsFunc(alarmForms, func(form alarmForm) bool { return strings.Contains(text, form.state) }) {
		return
	}
	if form, ok := r.asksForAlarms(text); ok {
		l.warn(r, "when", LintAlarmState, "the rule judges on alarms and doesn't ask for their state: the message that an alarm is over sets it off, too",
			"add: "+form.rings)
	}
}

// asksWhatItIsNot says whether all that the rule asks of a state is what it is
// not, and of which form.
func (r *lintRule) asksWhatItIsNot() (alarmForm, bool) {
	var asked alarmForm
	for _, form := range alarmForms {
		for _, c := range r.only {
			if c.Subject != form.state {
				continue
			}
			if !c.Allows("") {
				return alarmForm{}, false
			}
			asked = form
		}
	}
	return asked, asked.state != ""
}

// asksForAlarms says which form of alarms the rule is about, by the fields that
// it names; by the kind alone, alarms on thresholds.
func (r *lintRule) asksForAlarms(text string) (alarmForm, bool) {
	for _, form := range alarmForms {
		if slices.ContainsFunc(form.fields, func(field string) bool { return strings.Contains(text, "event.data."+field) }) {
			return form, true
		}
	}
	return alarmForms[1], slices.ContainsFunc(r.only, func(c limited) bool {
		return c.Subject == "event.kind" && c.condition.key == "when" && c.Allows("alarm")
	})
}

// text is the rule's conditions, a line each.
func (r *lintRule) text() string {
	var b strings.Builder
	for _, c := range r.given() {
		b.WriteString(c.String() + "\n")
	}
	return b.String()
}
