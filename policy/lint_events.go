package policy

import (
	"fmt"
	"slices"
	"strings"
)

// emergency finds a rule that answers events alone and keeps the limits: more
// than they allow stops nothing at all.
func (l *linter) emergency(r *lintRule) {
	if r.NoLimits || len(r.On) == 0 || slices.ContainsFunc(r.On, func(t Trigger) bool { return t != OnEvent }) {
		return
	}
	limits := l.policy.Limits
	l.warn(r, "on", LintEmergency, fmt.Sprintf("the rule answers events alone and keeps the limits: where it condemns more than %d, or %g%% of what is live, it stops nothing",
		limits.MaxStops, limits.MaxShare*100), "if it is for emergencies, say limits: none")
}

// alarmFields are the fields of CloudMonitor's alarms, besides their state.
var alarmFields = []string{"alertName", "metricName", "metricProject", "curValue", "dimensions", "expression"}

const alarmState = "event.data.alertState"

// alarmState finds a rule on alarms that doesn't ask for the alarm's state: the
// message that all is well again would set it off, too.
func (l *linter) alarmState(r *lintRule) {
	if !slices.Contains(r.On, OnEvent) {
		return
	}
	asksForAlarms := slices.ContainsFunc(r.only, func(c limited) bool {
		return c.Subject == "event.kind" && c.condition.key == "when" && c.Allows("alarm")
	})
	for _, c := range r.given() {
		text := conditionText(c)
		if strings.Contains(text, alarmState) {
			return
		}
		asksForAlarms = asksForAlarms || slices.ContainsFunc(alarmFields, func(field string) bool {
			return strings.Contains(text, "event.data."+field)
		})
	}
	if asksForAlarms {
		l.warn(r, "when", LintAlarmState, "the rule judges on alarms and doesn't ask for their state: the message that an alarm is over sets it off, too",
			fmt.Sprintf(`add: %s in ["ALERT", "ALARM"]`, alarmState))
	}
}
