package notify

import (
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
)

// mostPlanned bounds what waits to be told: as much as a report has.
const mostPlanned = 1000

// planned is what one channel has been told, and is yet to be told, of what plans
// would have stopped. Sweeps on timers report each once, so what could not be told
// waits; an event in force reports it in every sweep, so what was told is known.
type planned struct {
	waiting []result.Decision
	known   map[string]bool
}

// untold are the plans of a report, and those that wait, of which the channel hears and
// has not been told. They wait until keep says that they were.
func (p *planned) untold(decisions []result.Decision, hears func(rule string) bool) []result.Decision {
	all := p.waiting
	among := map[string]bool{}
	for _, d := range all {
		among[planKey(d)] = true
	}
	for _, d := range decisions {
		if key := planKey(d); d.Outcome == result.Planned && hears(d.Rule) && !p.known[key] && !among[key] && len(all) < mostPlanned {
			all, among[key] = append(all, d), true
		}
	}
	p.waiting = all
	return all[:len(all):len(all)]
}

// keep notes that plans were told. Beyond the bound some may be told once more.
func (p *planned) keep(plans []result.Decision) {
	if p.known == nil || len(p.known)+len(plans) > mostTold {
		p.known = map[string]bool{}
	}
	for _, d := range plans {
		p.known[planKey(d)] = true
	}
	p.waiting = only(p.waiting, func(d result.Decision) bool { return !p.known[planKey(d)] })
}

// planKey tells an execution from a later one of its name, and from itself under another rule.
func planKey(d result.Decision) string {
	return strings.Join([]string{d.Flow, d.Execution, d.StartedTime.UTC().Format(time.RFC3339Nano), d.Rule}, "\x00")
}
