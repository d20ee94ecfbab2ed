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
	flowLive
	executionName
	executionStatus
	executionStartedTime
	executionAge
	executionInput
	executionEnv
	executionCost
	historyEvents
	historySteps
	historyCurrentStep
	historyLastEventTime
	historyIdle

	together // what is live in several flows: no condition can name it
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
	flowLive:             {Name: "flow.live", Type: expression.Int},
	executionName:        {Name: "execution.name", Type: expression.Text},
	executionStatus:      {Name: "execution.status", Type: expression.Text},
	executionStartedTime: {Name: "execution.startedTime", Type: expression.Moment},
	executionAge:         {Name: "execution.age", Type: expression.Length, Show: expression.Rough},
	executionInput:       {Name: "execution.input", Type: expression.Any},
	executionEnv:         {Name: "execution.env", Type: expression.Object},
	executionCost:        {Name: "execution.cost", Type: expression.Any}, // a number, or nil where nothing is priced
	historyEvents:        {Name: "history.events", Type: expression.Int},
	historySteps:         {Name: "history.steps", Type: expression.Int},
	historyCurrentStep:   {Name: "history.currentStep", Type: expression.Text},
	historyLastEventTime: {Name: "history.lastEventTime", Type: expression.Moment},
	historyIdle:          {Name: "history.idle", Type: expression.Length, Show: expression.Rough},
}

// flowFields are the API's names of a flow's fields.
var flowFields = map[int]string{
	flowID: "Id", flowDescription: "Description", flowExecutionMode: "ExecutionMode", flowRoleARN: "RoleArn", flowEnv: "Environment",
	flowCreatedTime: "CreatedTime", flowLastModifiedTime: "LastModifiedTime", flowResourceGroupID: "ResourceGroupId",
}

// The stages at which variables become known, each at more cost than the last.
var (
	eventStage = expression.SetOf(now, eventKind, eventID, eventType, eventSource, eventSubject, eventTime, eventData)
	flowFacts  = expression.SetOf(flowID, flowDescription, flowExecutionMode, flowRoleARN, flowEnv, flowCreatedTime, flowLastModifiedTime, flowResourceGroupID)
	flowStage  = eventStage | flowFacts | expression.SetOf(flowName)
	inputFacts = expression.SetOf(executionInput)
	liveFacts  = expression.SetOf(flowLive)
	// togetherFacts are what is live in several flows, each known by its own live facts.
	togetherFacts = expression.SetOf(together)
	// historyFacts are read with GetExecutionHistory; the cost is among them
	// where transitions are priced.
	historyFacts = expression.SetOf(historyEvents, historySteps, historyCurrentStep, historyLastEventTime, historyIdle)
)
