package main

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
func (c *demoCloud) before(style report.Style) string {
	var rows [][]string
	for _, r := range c.shown() {
		e := r.execution
		rows = append(rows, []string{r.flow.Name, e.Name, e.Status, report.Age(c.server.Now().Sub(e.StartedTime).Round(time.Minute)), r.remark()})
	}
	return style.Table([]string{"flow", "execution", "status", "age", "of note"}, rows)
}

// after shows the same executions again, and what became of each.
func (c *demoCloud) after(style report.Style, swept *result.Report) string {
	var rows [][]string
	for _, r := range c.shown() {
		rows = append(rows, []string{r.flow.Name, r.execution.Name, r.execution.Status, r.became(swept)})
	}
	return style.Table([]string{"flow", "execution", "status", "flowreaper"}, rows)
}

// row is an execution with its flow.
type row struct {
	flow      cloud.Flow
	execution cloud.Execution
}

// shown is what is worth a row: flow by flow, the oldest execution first.
func (c *demoCloud) shown() []row {
	var rows []row
	for _, flow := range c.server.Flows() {
		for e := range c.server.Executions(flow.Name) {
			if e.StoppedTime.IsZero() || c.server.Now().Sub(e.StoppedTime) < lately {
				rows = append(rows, row{flow, e})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(strings.Compare(a.flow.Name, b.flow.Name), a.execution.StartedTime.Compare(b.execution.StartedTime))
	})
	return rows
}

// remark names what the demo's policy looks at beside the age.
func (r row) remark() string {
	var notes []string
	if input := r.execution.Input; input != "" && input != "{}" {
		notes = append(notes, "input "+input)
	}
	for name, value := range r.flow.Environment {
		notes = append(notes, "env "+name+"="+value)
	}
	if r.flow.Express() {
		notes = append(notes, "Express")
	}
	slices.Sort(notes)
	return strings.Join(notes, ", ")
}

// became is what the report says of one execution.
func (r row) became(swept *result.Report) string {
	for _, d := range swept.Decisions {
		if d.Flow == r.flow.Name && d.Execution == r.execution.Name {
			return string(d.Outcome)
		}
	}
	for _, n := range swept.NotCovered {
		if n.Flow == r.flow.Name {
			return "not covered"
		}
	}
	return "kept: no rule condemns it"
}
