package cloudflow

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRawSendsWhatItIsTold(t *testing.T) {
	const body = `{"RequestId":"r-1","Name":"f"}`
	for _, test := range []struct {
		call        RawCall
		method      string
		query, form map[string]string
	}{
		{RawCall{Operation: "DescribeFlow", Params: map[string]string{"Name": "f", "FlowVersion": ""}},
			"GET", map[string]string{"Name": "f"}, map[string]string{}},
		{RawCall{Operation: "CreateFlow", Method: "POST", Params: map[string]string{"Name": "f", "Type": "FDL"}},
			"POST", map[string]string{}, map[string]string{"Name": "f", "Type": "FDL"}},
	} {
		server, sent := record(t, body)
		got, err := Raw(t.Context(), once(t, server), test.call)
		if err != nil || string(got) != body {
			t.Errorf("%s: answer %s, error %v", test.call.Operation, got, err)
		}
		if sent.method != test.method || sent.query.Get("Action") != test.call.Operation {
			t.Errorf("%s was sent as %s %s", test.call.Operation, sent.method, sent.query.Get("Action"))
		}
		if diff := cmp.Diff(test.query, own(sent.query)) + cmp.Diff(test.form, own(sent.form)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.call.Operation, diff)
		}
	}
}

func TestRawFailsAsEveryCallDoes(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"a list", `[]`, "ListFlows: the answer is a list, not an object"},
		{"torn", `{"Flows":[`, "ListFlows: the answer is torn, or not JSON: "},
		{"more behind it", `{} {}`, "ListFlows: more follows the end of the answer"},
	} {
		server, _ := record(t, test.body)
		_, err := Raw(t.Context(), once(t, server), RawCall{Operation: "ListFlows"})
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %s", test.name, err, test.want)
		}
	}
}
