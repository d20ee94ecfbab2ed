package policy

import "github.com/flowreaper/flowreaper/policy/internal/expression"

// The variables that conditions may read, by their place in the list below.
const (
	now = iota
	eventKind
	eventID
	eventType
	eventSource
	eventSubject
	eventTime
	eventData
	flowName
	flowID
	flowDescription
	flowExecutionMode
	flowRoleARN
	flowEnv
	flowCreatedTime
	flowLastModifiedTime
	flowResourceGroupID
	executionName
	executionStatus
	executionStartedTime
	executionAge
	executionInput
	executionEnv
)

// variables names and types them: the API's own terms, in lowerCamelCase.
var variables = []expression.Variable{
	now:                  {Name: "now", Type: expression.Moment},
	eventKind:            {Name: "event.kind", Type: expression.Text},
	eventID:              {Name: "event.id", Type: expression.Text},
	eventType:            {Name: "event.type", Type: expression.Text},
	eventSource:          {Name: "event.source", Type: expression.Text},
	eventSubject:         {Name: "event.subject", Type: expression.Text},
	eventTime:            {Name: "event.time", Type: expression.Moment},
	eventData:            {Name: "event.data", Type: expression.Object},
	flowName:             {Name: "flow.name", Type: expression.Text},
	flowID:               {Name: "flow.id", Type: expression.Text},
	flowDescription:      {Name: "flow.description", Type: expression.Text},
	flowExecutionMode:    {Name: "flow.executionMode", Type: expression.Text},
	flowRoleARN:          {Name: "flow.roleArn", Type: expression.Text},
	flowEnv:              {Name: "flow.env", Type: expression.Object},
	flowCreatedTime:      {Name: "flow.createdTime", Type: expression.Moment},
	flowLastModifiedTime: {Name: "flow.lastModifiedTime", Type: expression.Moment},
	flowResourceGroupID:  {Name: "flow.resourceGroupId", Type: expression.Text},
	executionName:        {Name: "execution.name", Type: expression.Text},
	executionStatus:      {Name: "execution.status", Type: expression.Text},
	executionStartedTime: {Name: "execution.startedTime", Type: expression.Moment},
	executionAge:         {Name: "execution.age", Type: expression.Length, Rough: true},
	executionInput:       {Name: "execution.input", Type: expression.Any},
	executionEnv:         {Name: "execution.env", Type: expression.Object},
}
