package hostile

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// account is what the wire answers by where no script does. Its flows and
// executions are the raw JSON that they are told by.
type account struct {
	flows   []string
	rows    []string        // of ListExecutions, and of DescribeExecution too
	stopped map[string]bool // flow/execution
}

// object is what the account itself reads of its raw JSON.
type object struct{ Name, FlowName, Status, StartedTime string }

func read(raw string) (o object) {
	if err := json.Unmarshal([]byte(raw), &o); err != nil {
		panic(fmt.Sprintf("%v: %s", err, raw)) // a mistake of the scenario's
	}
	return o
}

// flow is a flow's JSON; more is appended as it is.
func flow(name string, more ...string) string {
	return flowWithout(name, append(more, `"Environment":{"Variables":[]}`)...)
}

// flowWithout has no Environment unless more says so.
func flowWithout(name string, more ...string) string {
	fields := append([]string{fmt.Sprintf(`"Name":%s,"Id":%s,"Type":"FDL","Definition":"version: v1","ExecutionMode":"Standard","CreatedTime":"2024-01-01T00:00:00Z"`, quote(name), quote("id-"+name))}, more...)
	return "{" + strings.Join(fields, ",") + "}"
}

// env is an Environment of one variable.
func env(name, value string) string {
	return fmt.Sprintf(`"Environment":{"Variables":[{"Name":%s,"Value":%s,"Description":""}]}`, quote(name), quote(value))
}

// ago is a StartedTime in milliseconds.
func ago(d time.Duration) string {
	return at(time.Now().Add(-d), `"StartedTime":"2006-01-02T15:04:05.000Z"`)
}

func at(t time.Time, layout string) string { return t.UTC().Format(layout) }

// row is a running execution's JSON.
func row(flow, name string, more ...string) string {
	return "{" + strings.Join(append([]string{fmt.Sprintf(`"Name":%s,"FlowName":%s,"Status":"Running"`, quote(name), quote(flow))}, more...), ",") + "}"
}

// rowIn is one whose status is something else.
func rowIn(status, flow, name string, more ...string) string {
	return strings.Replace(row(flow, name, more...), `"Running"`, quote(status), 1)
}

// input is an Input, which is a text.
func input(text string) string { return fmt.Sprintf(`"Input":%s`, quote(text)) }

func quote(text string) string {
	quoted, _ := json.Marshal(text) // a text's can't fail
	return string(quoted)
}

func (a *account) answer(c call) *answer {
	switch c.operation {
	case "ListFlows":
		return page("Flows", "", a.flows...)
	case "DescribeFlow":
		return only(a.flows, func(o object) bool { return o.Name == c.Get("Name") }, "FlowNotExists")
	case "ListExecutions":
		return page("Executions", "", a.list(c)...)
	case "DescribeExecution":
		return a.describe(c)
	case "StopExecution":
		a.stopped[c.Get("FlowName")+"/"+c.Get("ExecutionName")] = true
		return say("%s", row(c.Get("FlowName"), c.Get("ExecutionName")))
	case "GetExecutionHistory":
		return page("Events", "")
	}
	return refuse(400, "ActionNotSupported", "The requested API operation is incorrect. Please check.")
}

func only(all []string, is func(object) bool, code string) *answer {
	for _, raw := range all {
		if is(read(raw)) {
			return say("%s", raw)
		}
	}
	return refuse(404, code, "It does not exist.")
}

// list is what still runs of a flow, in the status that is asked for: one that
// nobody has heard of comes with any.
func (a *account) list(c call) []string {
	var rows []string
	for _, raw := range a.rows {
		o := read(raw)
		heardOf := o.Status == "Running" || o.Status == "Starting"
		switch {
		case o.FlowName != c.Get("FlowName") || a.stopped[o.FlowName+"/"+o.Name]:
		case heardOf && c.Get("Status") != "" && c.Get("Status") != o.Status:
		case !startedWithin(o, c.Get("StartedTimeBegin"), c.Get("StartedTimeEnd")):
		default:
			rows = append(rows, raw)
		}
	}
	return rows
}

func startedWithin(o object, begin, end string) bool {
	started, err := time.Parse(time.RFC3339, o.StartedTime)
	if err != nil {
		return true
	}
	if bound, err := time.Parse(time.RFC3339, begin); err == nil && started.Before(bound) {
		return false
	}
	bound, err := time.Parse(time.RFC3339, end)
	return err != nil || !started.After(bound)
}

func (a *account) describe(c call) *answer {
	flow, name := c.Get("FlowName"), c.Get("ExecutionName")
	is := func(o object) bool { return o.FlowName == flow && o.Name == name }
	if a.stopped[flow+"/"+name] {
		for _, raw := range a.rows {
			if is(read(raw)) {
				return ended(flow, name, "Stopped", read(raw).StartedTime)
			}
		}
	}
	return only(a.rows, is, "ExecutionNotExists")
}

// ended is DescribeExecution's answer about what has ended.
func ended(flow, name, status, started string) *answer {
	return say("%s", rowIn(status, flow, name, `"StartedTime":`+quote(started), at(time.Now(), `"StoppedTime":"2006-01-02T15:04:05Z"`)))
}
