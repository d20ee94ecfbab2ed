package sweep

import (
	"fmt"
	"slices"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/policy"
)

// idsByName is what a listing of flows has told of them: the Id by the name, and "*"
// where it has told of several.
type idsByName map[string]string

const several = "*"

// rows are the flows of a page. Of several of one name, which only the name tells
// of to CloudFlow, no more is known than the name.
func (ids idsByName) rows(items []cloudflow.Flow) []*policy.Flow {
	for _, row := range items {
		if id, told := ids[row.Name]; told && id != row.ID {
			ids[row.Name] = several
		} else {
			ids[row.Name] = row.ID
		}
	}
	all := make([]*policy.Flow, len(items))
	for i, row := range items {
		if ids[row.Name] == several {
			row = cloudflow.Flow{Name: row.Name, Absent: cloudflow.FlowFields()}
		}
		all[i] = judge.AdaptFlow(row)
	}
	return all
}

// same are the names that several flows have.
func (ids idsByName) same() (names []string) {
	for name, id := range ids {
		if id == several {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// know takes in a listing of all flows. Half of one says nothing of the others.
func (f *flows) know(all rows) {
	for _, name := range all.same {
		f.Note("SameName", fmt.Sprintf("several flows are called %s: no more is taken for known of it than DescribeFlow tells", name))
	}
	if all.err != nil {
		return
	}
	f.names = make([]string, 0, len(all.flows))
	for _, flow := range all.flows {
		f.names = append(f.names, flow.Name)
	}
	slices.Sort(f.names)
}

// apart tells flows apart that have one Id, which are known by their names then:
// by the Id one would be forgotten for the other.
func (f *flows) apart(flow *policy.Flow) *policy.Flow {
	first, seen := f.memory.ids[flow.ID]
	switch {
	case flow.ID == "":
		return flow
	case !seen:
		f.memory.ids[flow.ID] = flow.Name
		return flow
	case first == flow.Name:
		return flow
	case first != "":
		f.memory.ids[flow.ID] = ""
		f.Note("SameId", fmt.Sprintf("the flows %s and %s have one Id, %s: each is known by its name", first, flow.Name, flow.ID))
	}
	named := *flow
	named.ID, named.Unknown = "", append(slices.Clone(flow.Unknown), "Id")
	return &named
}

// allApart is apart for a list of all flows, whatever earlier ones said.
func (f *flows) allApart(flows []*policy.Flow) []*policy.Flow {
	clear(f.memory.ids)
	for _, flow := range flows {
		f.apart(flow)
	}
	all := make([]*policy.Flow, len(flows))
	for i, flow := range flows {
		all[i] = f.apart(flow)
	}
	return all
}
