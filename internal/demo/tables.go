package demo

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/cloud"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
)

// lately is how long ago an execution may have ended to be shown.
const lately = 5 * time.Minute

// before shows the account as it really is: what runs, and what ended lately.
func (c *madeUp) before(style report.Style) string {
	var rows [][]string
	for _, e := range c.shown() {
		rows = append(rows, []string{e.Flow.Name, e.Name, e.Status, report.Age(c.server.Now().Sub(e.StartedTime).Round(time.Minute)), remark(e)})
	}
	return style.Table([]string{"flow", "execution", "status", "age", "of note"}, rows)
}

// after shows the same executions again, and what became of each.
func (c *madeUp) after(style report.Style, swept *result.Report) string {
	var rows [][]string
	for _, e := range c.shown() {
		rows = append(rows, []string{e.Flow.Name, e.Name, e.Status, became(e, swept)})
	}
	return style.Table([]string{"flow", "execution", "status", "flowreaper"}, rows)
}

// shown is what is worth a row: flow by flow, the oldest execution first.
func (c *madeUp) shown() []cloud.Execution {
	var shown []cloud.Execution
	for _, flow := range c.server.Flows() {
		for e := range c.server.Executions(flow.Name) {
			if e.StoppedTime.IsZero() || c.server.Now().Sub(e.StoppedTime) < lately {
				shown = append(shown, e)
			}
		}
	}
	slices.SortStableFunc(shown, func(a, b cloud.Execution) int {
		return cmp.Or(strings.Compare(a.Flow.Name, b.Flow.Name), a.StartedTime.Compare(b.StartedTime))
	})
	return shown
}

// remark names what the demo's policy looks at beside the age.
func remark(e cloud.Execution) string {
	var notes []string
	if input := e.Input; input != "" && input != "{}" {
		notes = append(notes, "input "+input)
	}
	for name, value := range e.Flow.Environment {
		notes = append(notes, "env "+name+"="+value)
	}
	if e.Flow.Express() {
		notes = append(notes, "Express")
	}
	slices.Sort(notes)
	return strings.Join(notes, ", ")
}

// became is what the report says of one execution.
func became(e cloud.Execution, swept *result.Report) string {
	for _, d := range swept.Decisions {
		if d.Flow == e.Flow.Name && d.Execution == e.Name {
			return string(d.Outcome)
		}
	}
	for _, n := range swept.NotCovered {
		if n.Flow == e.Flow.Name {
			return "not covered"
		}
	}
	return "kept: no rule condemns it"
}
