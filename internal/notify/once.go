package notify

import (
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// mostWaiting bounds what waits to be told: as much as a report has.
const mostWaiting = 1000

// toldOnce is as what decisions are told once, and not hourly.
var toldOnce = map[result.Outcome]policy.News{result.Stopped: policy.NewsStopped, result.Planned: policy.NewsPlanned}

// once is what one channel has been told, and is yet to be told, of what was stopped, or
// would have been by plans. Sweeps report each once, so what could not be told waits; but an
// event in force reports plans in every sweep, so those that were told are known.
type once struct {
	waiting []result.Decision
	known   map[string]bool // plans
}

// untold are the decisions of a report, and those that wait, of which the channel hears and
// has not been told. They wait until keep says that they were; the latest, where there are
// too many.
func (o *once) untold(decisions []result.Decision, hears func(result.Decision) bool) []result.Decision {
	all := o.waiting
	among := map[string]bool{}
	for _, d := range all {
		among[onceKey(d)] = true
	}
	for _, d := range decisions {
		key := onceKey(d)
		if again := d.Outcome == result.Planned && (o.known[key] || among[key]); hears(d) && !again {
			all, among[key] = append(all, d), true
		}
	}
	o.waiting = all[max(0, len(all)-mostWaiting):]
	return o.waiting[:len(o.waiting):len(o.waiting)]
}

// keep notes that decisions were told. Beyond the bound some plans may be told once more.
func (o *once) keep(told []result.Decision) {
	if o.known == nil || len(o.known)+len(told) > mostTold {
		o.known = map[string]bool{}
	}
	was := map[string]bool{}
	for _, d := range told {
		key := onceKey(d)
		was[key] = true
		if d.Outcome == result.Planned {
			o.known[key] = true
		}
	}
	o.waiting = only(o.waiting, func(d result.Decision) bool { return !was[onceKey(d)] })
}

// onceKey tells an execution from a later one of its name, and from itself under another rule.
func onceKey(d result.Decision) string {
	return strings.Join([]string{d.Flow, d.Execution, d.StartedTime.UTC().Format(time.RFC3339Nano), d.Rule, string(d.Outcome)}, "\x00")
}
