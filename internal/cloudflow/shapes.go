package cloudflow

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// maxItems is above the most that any listing may ask for, 999. More would be
// small in the answer and large in memory.
const maxItems = 1000

// readListing reads one page of a listing. Without its list it is an error,
// never an empty page.
func readListing[T any](d *decoder, list string, item func(*decoder) (T, error)) (listing[T], error) {
	var page listing[T]
	found := false
	err := d.object(func(name []byte) error {
		switch string(name) {
		case "RequestId":
			return d.requestID(&page.RequestID)
		case "NextToken":
			return d.text(&page.next)
		case list:
			found = true
			return d.list(func() error {
				if len(page.Items) == maxItems {
					return &shapeError{fmt.Sprintf("the answer has more than %d %s", maxItems, list)}
				}
				read, err := item(d)
				page.Items = append(page.Items, read)
				return err
			})
		}
		return d.skip()
	})
	if err == nil && !found {
		err = &shapeError{"the answer has no " + list}
	}
	page.More = page.next != ""
	return page, err
}

// execution reads one execution, of a listing or alone.
func (d *decoder) execution() (Execution, error) {
	e := Execution{EnvironmentAbsent: true}
	err := d.object(func(name []byte) error {
		switch string(name) {
		case "Name":
			return d.text(&e.Name)
		case "FlowName":
			return d.shared(&e.FlowName, &d.lastFlow)
		case "Status":
			return d.shared(&e.Status, &d.lastStatus)
		case "StartedTime":
			return d.time(&e.StartedTime)
		case "StoppedTime":
			return d.time(&e.StoppedTime)
		case "Input":
			e.InputFetched = true
			return d.text(&e.Input)
		case "Environment":
			e.EnvironmentAbsent = d.isNull()
			return d.environment(&e.Environment, &e.EnvironmentDoubt)
		case "RequestId":
			return d.requestID(&e.RequestID)
		}
		return d.skip()
	})
	if err == nil && e.Name == "" {
		err = &shapeError{"an execution has no Name"}
	}
	return e, err
}

// executionOf reads one execution of a flow, with a name unless it is "". What
// is said of another flow's is an error, never said of this one: the two may
// have executions of the same name. Behind a colon the name may go on, as those
// of Express executions do.
func (d *decoder) executionOf(flow, name string) (Execution, error) {
	e, err := d.execution()
	switch {
	case err != nil:
	case e.FlowName != "" && e.FlowName != flow:
		err = &shapeError{fmt.Sprintf("an execution of flow %s came where those of %s were asked for", d.quote(e.FlowName), d.quote(flow))}
	case name != "" && !sameName(e.Name, name):
		err = &shapeError{fmt.Sprintf("execution %s came where %s was asked for", d.quote(e.Name), d.quote(name))}
	}
	return e, err
}

// sameName says whether two names may mean one execution. Behind a colon goes on
// what answers add to the name of an Express execution; nobody could confirm
// where they do and where they don't.
func sameName(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+":") || strings.HasPrefix(b, a+":")
}

// flowNamed reads the flow that was asked for, and no other: its environment may
// be what protects.
func (d *decoder) flowNamed(name string) (Flow, error) {
	f, err := d.flow()
	if err == nil && f.Name != name {
		err = &shapeError{fmt.Sprintf("flow %s came where %s was asked for", d.quote(f.Name), d.quote(name))}
	}
	return f, err
}

// flowFields are the fields of a flow that rules read, and its definition.
var flowFields = []string{
	"Id", "Description", "RoleArn", "ExecutionMode", "CreatedTime", "LastModifiedTime", "ResourceGroupId", "Environment", "Definition",
}

// FlowFields are the fields of a flow that a row of ListFlows can leave out.
func FlowFields() []string { return slices.Clone(flowFields) }

// absent are those that an answer left out, where seen are those that it has.
func absent(seen uint) []string {
	var names []string
	for i, name := range flowFields {
		if seen&(1<<i) == 0 {
			names = append(names, name)
		}
	}
	return names
}

// flow reads one flow, of a listing or alone.
func (d *decoder) flow() (Flow, error) {
	var f Flow
	var seen uint
	err := d.object(func(name []byte) error {
		if d.isNull() {
			return d.skip()
		}
		if i := slices.Index(flowFields, string(name)); i >= 0 {
			seen |= 1 << i
		}
		switch string(name) {
		case "Name":
			return d.text(&f.Name)
		case "Id":
			return d.text(&f.ID)
		case "Description":
			return d.text(&f.Description)
		case "RoleArn":
			return d.text(&f.RoleARN)
		case "ExecutionMode":
			return d.text(&f.ExecutionMode)
		case "CreatedTime":
			return d.time(&f.CreatedTime)
		case "LastModifiedTime":
			return d.time(&f.LastModifiedTime)
		case "ResourceGroupId":
			return d.text(&f.ResourceGroupID)
		case "Environment":
			return d.environment(&f.Environment, &f.EnvironmentDoubt)
		case "Definition":
			return d.definition(&f.DistributedMap)
		}
		return d.skip()
	})
	if err == nil && f.Name == "" {
		err = &shapeError{"a flow has no Name"}
	}
	f.Absent = absent(seen)
	return f, err
}

// distributed are the words that the documentation of a Map's distributed mode
// has, and of nothing else in a definition.
var distributed = [][]byte{[]byte("processorconfig"), []byte("itemreader"), []byte("itembatcher"), []byte("distributed")}

// definition finds out of a flow's definition whether it seems to have a Map in
// distributed mode, without keeping it. One that merely mentions the words
// counts too: what depends on it is then left undecided, and nothing is stopped.
func (d *decoder) definition(to *bool) error {
	text, err := d.json.ReadValue()
	if err != nil {
		return err
	}
	lower := bytes.ToLower(text)
	*to = slices.ContainsFunc(distributed, func(word []byte) bool { return bytes.Contains(lower, word) })
	return nil
}

// event reads one event of a history. Without a time it is an error: what is idle
// would be said to have been so for longer than it has.
func (d *decoder) event() (Event, error) {
	var e Event
	err := d.object(func(name []byte) error {
		switch string(name) {
		case "Type":
			return d.text(&e.Type)
		case "StepName":
			return d.text(&e.StepName)
		case "Time":
			return d.time(&e.Time)
		case "EventDetail":
			if e.Type == "" || slices.Contains(endings, e.Type) {
				return d.textOrJSON(&e.Detail)
			}
		}
		return d.skip()
	})
	if !slices.Contains(endings, e.Type) {
		e.Detail = ""
	}
	switch {
	case err != nil:
	case e.Time.IsZero(): // perhaps the last, since which it is idle
		err = &shapeError{"an event of a history has no Time"}
	case e.Type == "": // perhaps a step, which is counted
		err = &shapeError{"an event of a history has no Type"}
	}
	return e, err
}

// textOrJSON reads a text, or any other value as its JSON.
func (d *decoder) textOrJSON(into *string) error {
	if kind := d.json.PeekKind(); kind == '"' || kind == 'n' {
		return d.text(into)
	}
	raw, err := d.json.ReadValue()
	*into = string(raw)
	return err
}

// environment reads {"Variables":[{"Name":…,"Value":…}]} as a map; nil without
// variables. Of a variable that is given twice, or half, nobody can say what it
// is, and it may be what protects.
func (d *decoder) environment(into *map[string]string, doubt *string) error {
	if d.isNull() {
		return d.skip()
	}
	return d.object(func(name []byte) error {
		if string(name) != "Variables" {
			return d.skip()
		}
		return d.list(func() error { return d.variable(into, doubt) })
	})
}

func (d *decoder) variable(into *map[string]string, doubt *string) error {
	var key, value string
	var named, valued bool
	err := d.object(func(name []byte) error {
		switch string(name) {
		case "Name":
			named = !d.isNull()
			return d.text(&key)
		case "Value":
			valued = !d.isNull()
			return d.text(&value)
		}
		return d.skip()
	})
	_, twice := (*into)[key]
	switch {
	case !named:
		*doubt = "a variable has no name"
	case !valued:
		*doubt = fmt.Sprintf("the variable %.64q has no value", key)
	case twice:
		*doubt = fmt.Sprintf("the variable %.64q is given twice", key)
	}
	if *into == nil {
		*into = make(map[string]string)
	}
	(*into)[key] = value
	return err
}
