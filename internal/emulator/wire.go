package emulator

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/cloud"
)

// apiTime writes a time as CloudFlow does; the zero time is "".
func apiTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// identified is what every answer begins with; a list's row has none.
type identified struct {
	RequestId string `json:",omitempty"`
}

func (i *identified) identify(id string) { i.RequestId = id }

type environmentAnswer struct {
	Variables []variableAnswer
}

type variableAnswer struct {
	Name        string
	Value       string
	Description string
}

func answerEnvironment(variables map[string]string) environmentAnswer {
	answer := environmentAnswer{Variables: []variableAnswer{}}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		answer.Variables = append(answer.Variables, variableAnswer{Name: name, Value: variables[name]})
	}
	return answer
}

type flowAnswer struct {
	identified
	Name             string
	Id               string
	Description      string
	Definition       string
	Type             string
	RoleArn          string
	ExecutionMode    string
	CreatedTime      string
	LastModifiedTime string
	ResourceGroupId  string
	Environment      environmentAnswer
}

func answerFlow(f cloud.Flow) *flowAnswer {
	return &flowAnswer{
		Name: f.Name, Id: f.ID, Description: f.Description, Definition: f.Definition, Type: "FDL",
		RoleArn: f.RoleARN, ExecutionMode: f.ExecutionMode,
		CreatedTime: apiTime(f.CreatedTime), LastModifiedTime: apiTime(f.ModifiedTime),
		ResourceGroupId: f.ResourceGroupID, Environment: answerEnvironment(f.Environment),
	}
}

type flowsAnswer struct {
	identified
	Flows     []*flowAnswer
	NextToken string `json:",omitempty"`
}

// executionAnswer leaves out, by nil, what MetadataOnly leaves out, and the
// role but for the operations that answer it.
type executionAnswer struct {
	identified
	Name           string
	FlowName       string
	Status         string
	StartedTime    string
	StoppedTime    string
	Input          *string `json:",omitempty"`
	Output         *string `json:",omitempty"`
	FlowDefinition *string `json:",omitempty"`
	RoleArn        *string `json:",omitempty"`
	Environment    environmentAnswer
}

func answerMetadata(e cloud.Execution) *executionAnswer {
	return &executionAnswer{
		Name: e.Name, FlowName: e.Flow.Name, Status: e.Status,
		StartedTime: apiTime(e.StartedTime), StoppedTime: apiTime(e.StoppedTime),
		Environment: answerEnvironment(e.Environment),
	}
}

func answerExecution(e cloud.Execution) *executionAnswer {
	answer := answerMetadata(e)
	answer.Input, answer.Output, answer.FlowDefinition = &e.Input, &e.Output, &e.Flow.Definition
	return answer
}

// answerStartedOrStopped is of StartExecution and StopExecution.
func answerStartedOrStopped(e cloud.Execution) *executionAnswer {
	answer := answerExecution(e)
	role := cmp.Or(e.Flow.RoleARN, "acs:ram::123456789012:role/emulator")
	answer.RoleArn = &role
	return answer
}

type executionsAnswer struct {
	identified
	Executions []*executionAnswer
	NextToken  string `json:",omitempty"`
}

type historyAnswer struct {
	identified
	Events    []eventAnswer
	NextToken string `json:",omitempty"`
}

type eventAnswer struct {
	EventId         int64
	ScheduleEventId int64
	Type            string
	StepName        string
	Time            string
	EventDetail     string
}

type regionsAnswer struct {
	identified
	Regions struct{ Region []regionAnswer }
}

type regionAnswer struct {
	RegionId       string
	RegionEndpoint string
	LocalName      string
}

type errorAnswer struct {
	RequestId string
	HostId    string
	Code      string
	Message   string
	Recommend string
}
