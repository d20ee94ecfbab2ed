package deploy

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A document is a RAM policy. Action, Resource and Service may be one text or a
// list.
type document struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect    string
	Action    texts
	Resource  texts
	Principal *struct{ Service texts }
}

type texts []string

func (t *texts) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		*t = make(texts, 1)
		return json.Unmarshal(data, &(*t)[0])
	}
	return json.Unmarshal(data, (*[]string)(t))
}

func ram(t *testing.T, name string) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(readFile(t, filepath.Join(repository(t), "deploy", "ram", name)), &d); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

var logsAndFailures = []statement{
	{Effect: "Allow", Action: texts{"log:PostLogStoreLogs"}, Resource: texts{"acs:log:*:*:project/serverless-*/logstore/default-logs"}},
	{Effect: "Allow", Action: texts{"mns:SendMessage"}, Resource: texts{"acs:mns:*:*:/queues/flowreaper-failed/messages"}},
}

// reading is every CloudFlow operation that reads, of those that a sweep calls.
var reading = texts{"fnf:ListFlows", "fnf:DescribeFlow", "fnf:ListExecutions", "fnf:DescribeExecution", "fnf:GetExecutionHistory"}

// What planning may do is to read; enforcing adds the right to stop, and nothing
// else. CloudFlow's documentation knows no resource but * for them.
func TestRoles(t *testing.T) {
	want := func(actions texts) document {
		return document{Version: "1", Statement: slices.Concat(
			[]statement{{Effect: "Allow", Action: actions, Resource: texts{"*"}}}, logsAndFailures)}
	}
	for file, want := range map[string]document{
		"plan.json":    want(reading),
		"fleet.json":   {Version: "1", Statement: logsAndFailures}, // flowreaper ram-policy --fleet prints the rest
		"enforce.json": want(append(slices.Clone(reading), "fnf:StopExecution")),
		"trust.json": {Version: "1", Statement: []statement{{Effect: "Allow", Action: texts{"sts:AssumeRole"},
			Principal: &struct{ Service texts }{texts{"fc.aliyuncs.com"}}}}},
		"state.json": {Version: "1", Statement: []statement{{Effect: "Allow",
			Action:   texts{"oss:ListObjects", "oss:GetObject", "oss:PutObject", "oss:DeleteObject", "oss:ListParts", "oss:AbortMultipartUpload"},
			Resource: texts{"acs:oss:*:*:BUCKET", "acs:oss:*:*:BUCKET/*"}}}},
	} {
		if diff := cmp.Diff(want, ram(t, file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}
