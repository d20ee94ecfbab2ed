package cloudflow

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// testCredentials hold what escaping changes, so that a redaction that only
// knows the plain form fails.
var testCredentials = Credentials{
	AccessKeyID:     "LTAI-test",
	AccessKeySecret: "s3cret/+=~*",
	SecurityToken:   "t0ken/+ab==",
}

// serve is an HTTPClient that answers in memory.
type serve func(*http.Request) (*http.Response, error)

func (s serve) Call(r *http.Request, _ *http.Transport) (*http.Response, error) { return s(r) }

// answer is an answer of a server whose clock is ours.
func answer(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}
}

// script answers with one step after the other, and with the last for ever.
func script(steps ...func() (*http.Response, error)) serve {
	return func(*http.Request) (*http.Response, error) {
		step := steps[0]
		if len(steps) > 1 {
			steps = steps[1:]
		}
		return step()
	}
}

func says(status int, body string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return answer(status, body), nil }
}

func fails(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

// once is a client that tries once, unlimited; change changes its options.
func once(t *testing.T, http HTTPClient, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{
		Region: "cn-hangzhou", Credentials: testCredentials, HTTPClient: http,
		Quota: Unlimited(), Retry: RetryPolicy{MaxAttempts: 1},
	}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const running = `{"RequestId":"r-1","Name":"run-1","FlowName":"f","Status":"Running"}`

func TestNewRefuses(t *testing.T) {
	good := Options{Region: "cn-hangzhou", Credentials: Credentials{AccessKeyID: "id", AccessKeySecret: "secret"}}
	for _, test := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"no endpoint", func(o *Options) { o.Region = "" }, `neither an endpoint nor a region is set: give a region such as cn-hangzhou, or an endpoint`},
		{"no key", func(o *Options) { o.Credentials.AccessKeyID = "" }, `the credentials have no AccessKey id: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or give the function a role`},
		{"no secret", func(o *Options) { o.Credentials.AccessKeySecret = "" }, `the credentials have an AccessKey id but no secret: set ALIBABA_CLOUD_ACCESS_KEY_SECRET too`},
		{"line break in the secret", func(o *Options) { o.Credentials.AccessKeySecret = "secret\n" }, `the credentials contain white space, perhaps a line break copied along: set them again without it`},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := good
			test.change(&o)
			if _, err := New(o); err == nil || err.Error() != test.want {
				t.Errorf("New: %v\nwant: %s", err, test.want)
			}
		})
	}
	if _, err := New(good); err != nil {
		t.Errorf("the good options were refused: %v", err)
	}
}

func TestCredentialsShowNoSecret(t *testing.T) {
	c := once(t, script(says(200, running)))
	marshalled, err := json.Marshal(Options{Credentials: testCredentials})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "credentials", testCredentials, "options", Options{Credentials: testCredentials})
	shown := []string{string(marshalled), log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		shown = append(shown, fmt.Sprintf(verb, testCredentials), fmt.Sprintf(verb, Options{Credentials: testCredentials}), fmt.Sprintf(verb, c))
	}
	for _, text := range shown {
		assertNoSecret(t, text)
	}
}

// assertNoSecret fails when a text shows the secret or the token, in whatever
// escaping.
func assertNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, part := range []string{"s3cret", "t0ken"} {
		if strings.Contains(text, part) {
			t.Errorf("a secret is shown: %s", text)
		}
	}
}

func TestOwnConnectionsAreKeptAndClosed(t *testing.T) {
	defer goleak.VerifyNone(t)
	addresses := make(map[string]bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		addresses[r.RemoteAddr] = true
		io.WriteString(w, running)
	}))
	defer server.Close()
	c := once(t, nil, func(o *Options) { o.Endpoint = server.URL })
	defer c.Close()
	for range 5 {
		if _, err := c.DescribeExecution(t.Context(), "f", "run-1", 0); err != nil {
			t.Fatal(err)
		}
	}
	if len(addresses) != 1 {
		t.Errorf("5 calls used %d connections, want 1", len(addresses))
	}
}

func TestProxyIsNeverUsedForLoopback(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	for _, url := range []string{"http://127.0.0.1:1/", "http://127.9.9.9/", "http://[::1]:1/", "http://localhost:1/"} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if proxy, err := NewHTTPClient().transport.Proxy(r); proxy != nil || err != nil {
			t.Errorf("%s: proxy %v, %v", url, proxy, err)
		}
	}
}

// The SDK reads proxies from the environment by itself, and would add a
// proxy's password to the headers of a request.
func TestSDKLooksAtNoProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://user:pa55@127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "://bad")
	for _, endpoint := range []string{"http://127.0.0.1:8790", "https://cn-hangzhou.fnf.aliyuncs.com"} {
		c := once(t, serve(func(r *http.Request) (*http.Response, error) {
			if got := r.Header.Get("Proxy-Authorization"); got != "" {
				t.Errorf("%s: the proxy's password was sent along: %s", endpoint, got)
			}
			return answer(200, running), nil
		}), func(o *Options) { o.Endpoint = endpoint })
		if _, err := c.DescribeExecution(t.Context(), "f", "run-1", 0); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}
