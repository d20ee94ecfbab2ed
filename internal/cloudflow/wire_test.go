package cloudflow

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sent is what reached the wire: the query and the form, apart.
type sent struct {
	method      string
	query, form url.Values
	header      http.Header
	deadline    time.Duration
}

// record keeps what is sent and answers with body.
func record(t *testing.T, body string) (serve, *sent) {
	s := &sent{}
	return func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/" {
			t.Errorf("path %q", r.URL.Path)
		}
		s.method, s.query, s.header = r.Method, r.URL.Query(), r.Header
		if r.Body != nil {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			if s.form, err = url.ParseQuery(string(raw)); err != nil {
				t.Error(err)
			}
		}
		if deadline, ok := r.Context().Deadline(); ok {
			s.deadline = time.Until(deadline)
		}
		return answer(200, body), nil
	}, s
}

// own are an operation's own parameters: what is sent less what every request
// carries.
func own(values url.Values) map[string]string {
	common := []string{"AccessKeyId", "Action", "Format", "SecurityToken", "Signature", "SignatureMethod", "SignatureNonce", "SignatureVersion", "Timestamp", "Version"}
	result := make(map[string]string)
	for name, value := range values {
		if !slices.Contains(common, name) {
			result[name] = strings.Join(value, "|")
		}
	}
	return result
}

func TestParametersOnTheWire(t *testing.T) {
	begin := time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.FixedZone("", 8*3600))
	const listing = `{"Flows":[],"Executions":[],"Events":[]}`
	for _, test := range []struct {
		name, action, method string
		body                 string
		call                 func(*Client) error
		query, form          map[string]string
		timeout              time.Duration
	}{
		{"flows", "ListFlows", "GET", listing, func(c *Client) error { return firstError(c.ListFlows(t.Context())) },
			map[string]string{"Limit": "100"}, nil, 15 * time.Second},
		{"flow", "DescribeFlow", "GET", `{"Name":"fé *~+&="}`, func(c *Client) error { _, err := c.DescribeFlow(t.Context(), "fé *~+&="); return err },
			map[string]string{"Name": "fé *~+&="}, nil, 15 * time.Second},
		{"executions, the least", "ListExecutions", "GET", listing, func(c *Client) error {
			return firstError(c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f"}))
		}, map[string]string{"FlowName": "f", "Limit": "99"}, nil, 15 * time.Second},
		{"executions, everything", "ListExecutions", "GET", listing, func(c *Client) error {
			return firstError(c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f", Status: "Running",
				StartedTimeBegin: begin, StartedTimeEnd: begin.Add(time.Hour), NamePrefix: "run-", MetadataOnly: true}))
		}, map[string]string{"FlowName": "f", "Limit": "99", "Status": "Running", "StartedTimeBegin": "2026-01-01T19:04:05.678Z",
			"StartedTimeEnd": "2026-01-01T20:04:05.678Z", "ExecutionNamePrefix": "run-", "MetadataOnly": "true"}, nil, 15 * time.Second},
		{"execution", "DescribeExecution", "GET", running, func(c *Client) error { _, err := c.DescribeExecution(t.Context(), "f", "run-1", 0); return err },
			map[string]string{"FlowName": "f", "ExecutionName": "run-1"}, nil, 15 * time.Second},
		{"execution, waiting", "DescribeExecution", "GET", `{"Name":"run:1"}`, func(c *Client) error {
			_, err := c.DescribeExecution(t.Context(), "f", "run:1", 5900*time.Millisecond)
			return err
		}, map[string]string{"FlowName": "f", "ExecutionName": "run:1", "WaitTimeSeconds": "5"}, nil, 20 * time.Second},
		{"execution, waiting too long", "DescribeExecution", "GET", running, func(c *Client) error {
			_, err := c.DescribeExecution(t.Context(), "f", "run-1", time.Hour)
			return err
		}, map[string]string{"FlowName": "f", "ExecutionName": "run-1", "WaitTimeSeconds": "60"}, nil, 75 * time.Second},
		{"history", "GetExecutionHistory", "GET", listing, func(c *Client) error { return firstError(c.GetExecutionHistory(t.Context(), "f", "run-1")) },
			map[string]string{"FlowName": "f", "ExecutionName": "run-1", "Limit": "999"}, nil, 15 * time.Second},
		{"stop", "StopExecution", "POST", `{"Name":"exec","FlowName":"flow"}`, func(c *Client) error {
			_, err := c.StopExecution(t.Context(), Stop{"flow", "exec", "nill", "for test: é +&=*~"})
			return err
		}, map[string]string{}, map[string]string{"FlowName": "flow", "ExecutionName": "exec", "Error": "nill", "Cause": "for test: é +&=*~"}, 15 * time.Second},
		{"stop, the least", "StopExecution", "POST", running, func(c *Client) error {
			_, err := c.StopExecution(t.Context(), Stop{FlowName: "f", ExecutionName: "run-1"})
			return err
		}, map[string]string{}, map[string]string{"FlowName": "f", "ExecutionName": "run-1"}, 15 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			http, sent := record(t, test.body)
			if err := test.call(once(t, http)); err != nil {
				t.Fatal(err)
			}
			if sent.method != test.method || sent.query.Get("Action") != test.action || sent.query.Get("Version") != "2019-03-15" {
				t.Errorf("%s %v", sent.method, sent.query)
			}
			if diff := cmp.Diff(test.query, own(sent.query)); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.form, form(sent)); diff != "" {
				t.Errorf("form (-want +got):\n%s", diff)
			}
			if short := test.timeout - sent.deadline; short < 0 || short > 5*time.Second {
				t.Errorf("the attempt had %s, want %s", sent.deadline, test.timeout)
			}
			if want := signature(sent, testCredentials.AccessKeySecret); sent.query.Get("Signature") != want {
				t.Errorf("signature %q, want %q", sent.query.Get("Signature"), want)
			}
		})
	}
}

func form(s *sent) map[string]string {
	if s.form == nil {
		return nil
	}
	return own(s.form)
}

// firstError runs a listing to its end.
func firstError[T any](pages func(func(Page[T], error) bool)) error {
	for _, err := range pages {
		if err != nil {
			return err
		}
	}
	return nil
}

// signature is the RPC signature of the documentation, computed here without
// the SDK.
func signature(s *sent, secret string) string {
	parameters := make(map[string]string)
	for _, values := range []url.Values{s.query, s.form} {
		for name := range values {
			parameters[name] = values.Get(name)
		}
	}
	delete(parameters, "Signature")
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		pairs = append(pairs, percent(name)+"="+percent(parameters[name]))
	}
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	io.WriteString(mac, s.method+"&%2F&"+percent(strings.Join(pairs, "&")))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func percent(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// The check of the check: the example of Alibaba Cloud's RPC signature pages.
func TestSignatureOfTheDocumentation(t *testing.T) {
	query, err := url.ParseQuery("Timestamp=2016-02-23T12:46:24Z&Format=XML&AccessKeyId=testid&Action=DescribeRegions" +
		"&SignatureMethod=HMAC-SHA1&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&Version=2014-05-26&SignatureVersion=1.0")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := signature(&sent{method: "GET", query: query}, "testsecret"), "OLeaidS1JvxuMvnyHOwuJ+uX5qY="; got != want {
		t.Errorf("signature %q, want %q", got, want)
	}
}

func TestEveryRequestIsSignedAnew(t *testing.T) {
	http, sent := record(t, running)
	c := once(t, http)
	seen := make(map[string]bool)
	for range 3 {
		if _, err := c.DescribeExecution(t.Context(), "f", "run-1", 0); err != nil {
			t.Fatal(err)
		}
		seen[sent.query.Get("SignatureNonce")] = true
		if sent.query.Get("SecurityToken") != testCredentials.SecurityToken || sent.query.Get("AccessKeyId") != testCredentials.AccessKeyID {
			t.Errorf("credentials on the wire: %v", sent.query)
		}
		if agent := sent.header.Get("User-Agent"); !strings.HasSuffix(agent, " flowreaper") {
			t.Errorf("user agent %q", agent)
		}
	}
	if len(seen) != 3 {
		t.Errorf("3 requests had %d nonces", len(seen))
	}
}

func TestEmptyNamesAreNotSent(t *testing.T) {
	c := once(t, serve(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent: %s", r.URL)
		return answer(200, running), nil
	}))
	_, describeFlow := c.DescribeFlow(t.Context(), "")
	_, describe := c.DescribeExecution(t.Context(), "f", "", 0)
	_, stop := c.StopExecution(t.Context(), Stop{ExecutionName: "e"})
	for _, test := range []struct {
		err  error
		want string
	}{
		{describeFlow, "DescribeFlow: MissingRequiredParams: Name is empty; nothing was sent"},
		{firstError(c.ListExecutions(t.Context(), ExecutionQuery{})), "ListExecutions: MissingRequiredParams: FlowName is empty; nothing was sent"},
		{describe, "DescribeExecution: MissingRequiredParams: ExecutionName is empty; nothing was sent"},
		{firstError(c.GetExecutionHistory(t.Context(), "f", "")), "GetExecutionHistory: MissingRequiredParams: ExecutionName is empty; nothing was sent"},
		{stop, "StopExecution: MissingRequiredParams: FlowName is empty; nothing was sent"},
	} {
		if test.err == nil || test.err.Error() != test.want {
			t.Errorf("%v\nwant %s", test.err, test.want)
		}
	}
	if calls := c.Stats().Calls; len(calls) != 0 {
		t.Errorf("calls %v", calls)
	}
}
