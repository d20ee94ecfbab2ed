package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// Trigger is what a rule judges on.
type Trigger string

const (
	OnTimer  Trigger = "timer"
	OnEvent  Trigger = "event" // an event of kind cloudevent, alarm or custom
	OnManual Trigger = "manual"
)

// kinds are the kinds of event that a trigger stands for.
func (t Trigger) kinds() []string {
	if t == OnEvent {
		return []string{"cloudevent", "alarm", "custom"}
	}
	return []string{string(t)}
}

// triggers reads on; without it a rule judges on timers and by hand.
func (d *decoder) triggers(n *yamltree.Node) []Trigger {
	if n == nil {
		return []Trigger{OnTimer, OnManual}
	}
	return words(d, n, "on", OnTimer, OnEvent, OnManual)
}

// onText is the condition that on means.
func onText(triggers []Trigger) string {
	var kinds []string
	for _, t := range triggers {
		for _, kind := range t.kinds() {
			kinds = append(kinds, quote(kind))
		}
	}
	return "event.kind in [" + strings.Join(kinds, ", ") + "]"
}

// emergency reads what only rules on events may have: limits: none, and for.
func (d *decoder) emergency(r *Rule, f map[string]*yamltree.Node) {
	onEvent := slices.Contains(r.On, OnEvent)
	if n := f["limits"]; n != nil {
		before := len(d.errors)
		choice(d, n, "limits of a rule", "none")
		r.NoLimits = true
		if len(d.errors) == before && (!onEvent || len(r.On) > 1) {
			d.fail(n.Position, "only a rule with on: [event], and nothing else in it, may lift the limits")
		}
	}
	if onEvent {
		const usual = 30 * time.Minute
		r.For = d.duration(f["for"], "for", usual)
	} else if n := f["for"]; n != nil {
		d.fail(n.Position, "for is how long an event stays in force: it needs on: [event]")
	}
}
