package officialsdk

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/fnf"

	"github.com/flowreaper/flowreaper/internal/emulator"
)

func TestTemporaryCredentials(t *testing.T) {
	for _, test := range []struct {
		name, configured, sent string
		refused                bool
	}{
		{name: "the token that is configured", configured: "token+/=~*", sent: "token+/=~*"},
		{name: "any token where none is configured", sent: "any"},
		{name: "another token", configured: "token", sent: "other", refused: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, plain, temporary(test.configured))
			w.Client = w.clientWithToken(t, test.sent)
			err := stop("flow", "exec")(t, w)
			if !test.refused && err != nil {
				t.Fatal(err)
			}
			if test.refused {
				if got := problemOf(t, err); got.Code != "InvalidSecurityToken.MismatchWithAccessKey" {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

// Characters that the encodings of signature and query treat differently.
func TestSignedText(t *testing.T) {
	w := newWorld(t, plain, emulator.Options{})
	request := fnf.CreateStopExecutionRequest()
	request.FlowName, request.ExecutionName = "flow", "exec"
	request.Cause = "超时 ~*+ %2A&=/?#\"'\n🛑"
	if _, err := w.StopExecution(request); err != nil {
		t.Fatal(err)
	}
	if got := w.emulator.Stats().Stops[0].Cause; got != request.Cause {
		t.Errorf("the cause arrived as %q, want %q", got, request.Cause)
	}
}

func TestWhatTheSDKSends(t *testing.T) {
	w := newWorld(t, plain, emulator.Options{})
	var query, form url.Values
	var header http.Header
	w.SetTransport(tamper(func(r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		query, header = r.URL.Query(), canonical(r.Header)
		form, _ = url.ParseQuery(string(body))
	}))

	if err := stop("flow", "exec")(t, w); err != nil {
		t.Fatal(err)
	}
	if form.Encode() != "ExecutionName=exec&FlowName=flow" {
		t.Errorf("the form is %s", form.Encode())
	}
	for name, want := range map[string]string{
		"Action": "StopExecution", "Version": "2019-03-15", "Format": "JSON", "RegionId": "cn-hangzhou",
		"SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureType": "",
	} {
		if !query.Has(name) || query.Get(name) != want {
			t.Errorf("%s is sent as %q (%t), want %q", name, query.Get(name), query.Has(name), want)
		}
	}
	if header.Get("Authorization") != "" || header.Get("x-acs-action") != "StopExecution" {
		t.Errorf("the headers are %v", header)
	}

	if _, err := w.ListFlows(fnf.CreateListFlowsRequest()); err != nil {
		t.Fatal(err)
	}
	if len(form) != 0 || header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("a GET comes with the form %s and the Content-Type %s", form.Encode(), header.Get("Content-Type"))
	}
}

// canonical spells headers as they are read; the SDK sets x-acs-action as such.
func canonical(sent http.Header) http.Header {
	read := http.Header{}
	for name, values := range sent {
		read[http.CanonicalHeaderKey(name)] = values
	}
	return read
}

func apiTime(t *testing.T, field, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse("2006-01-02T15:04:05.000Z", text)
	if err != nil {
		t.Errorf("%s: %v", field, err)
	}
	return parsed
}

func rawField(t *testing.T, body, name string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(body), &fields); err != nil {
		t.Fatal(err)
	}
	text, _ := fields[name].(string)
	return text
}
