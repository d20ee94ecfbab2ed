package notify_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

const secret = "SEC0123456789abcdef"

// The URL's token has to be escaped, as has the signature.
const token = "tok+en/0123=="

// receiver is a channel's far end: it keeps what arrives and answers as its
// kind does.
type receiver struct {
	*httptest.Server
	kind    policy.ChannelKind
	status  int
	answer  string
	refuses string // a text in a body, unless ""

	mu   sync.Mutex
	came []arrival
}

type arrival struct {
	request *http.Request
	body    []byte
}

func newReceiver(t testing.TB, kind policy.ChannelKind) *receiver {
	r := &receiver{kind: kind, status: http.StatusOK, answer: `{"errcode":0,"errmsg":"ok"}`}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.came = append(r.came, arrival{request, body})
	if r.status >= 300 && r.status < 400 {
		w.Header().Set("Location", r.URL+"/elsewhere")
	}
	if r.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "30")
	}
	if r.refuses != "" && bytes.Contains(body, []byte(r.refuses)) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(r.status)
	io.WriteString(w, r.answer)
}

// at counts what came to a path.
func (r *receiver) at(path string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, a := range r.came {
		if a.request.URL.Path == path {
			n++
		}
	}
	return n
}

func (r *receiver) only(t testing.TB) arrival {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.came) != 1 {
		t.Fatalf("%d messages came, want one", len(r.came))
	}
	return r.came[0]
}

type dingTalkBody struct {
	MsgType  string
	Markdown struct{ Title, Text string }
	At       map[string]any
}

func (r *receiver) dingTalk(t testing.TB) dingTalkBody {
	t.Helper()
	var got dingTalkBody
	dec := json.NewDecoder(bytes.NewReader(r.only(t).body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

func (r *receiver) text(t testing.TB) string {
	t.Helper()
	if r.kind == policy.DingTalk {
		return r.dingTalk(t).Markdown.Text
	}
	var m notify.Message
	if err := json.Unmarshal(r.only(t).body, &m); err != nil {
		t.Fatal(err)
	}
	return m.Text
}

// recorder is a transport that keeps the body, and answers as DingTalk does where nothing
// else is said.
type recorder struct {
	body   []byte
	answer string
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.body, _ = io.ReadAll(request.Body)
	if r.answer == "" {
		r.answer = `{"errcode":0}`
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(r.answer)), Request: request}, nil
}

func newNotifier(t testing.TB, config []policy.Channel, o notify.Options) *notify.Notifier {
	t.Helper()
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	n, err := notify.For(&policy.Policy{Notify: config}, o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// send sends one report to a channel at the receiver and wants no error.
func send(t testing.TB, r *receiver, channel policy.Channel, report *result.Report) {
	t.Helper()
	channel.Name, channel.URL = "channel", r.URL
	n := newNotifier(t, []policy.Channel{channel}, notify.Options{})
	if errs := n.Send(t.Context(), report); errs != nil {
		t.Fatal(errs)
	}
}

// As DingTalk's page "Customize robot security settings" checks it.
func TestDingTalkSignature(t *testing.T) {
	server := newReceiver(t, policy.DingTalk)
	now := time.UnixMilli(1785632400421)
	env := map[string]string{
		"ROBOT":  server.URL + "/robot/send?access_token=tok%2Ben%2F0123%3D%3D",
		"SECRET": secret + "\n", // as a file's content ends up in a variable
	}
	n := newNotifier(t,
		[]policy.Channel{{Name: "robot", Kind: policy.DingTalk, URLEnv: "ROBOT", SecretEnv: "SECRET"}},
		notify.Options{Getenv: func(k string) string { return env[k] }, Now: func() time.Time { return now }})
	if errs := n.Send(t.Context(), aReport()); errs != nil {
		t.Fatal(errs)
	}
	request := server.only(t).request
	query := request.URL.Query()
	if query.Get("timestamp") != "1785632400421" || query.Get("access_token") != token || request.URL.Path != "/robot/send" {
		t.Errorf("asked for %s", request.URL)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s\n%s", query.Get("timestamp"), secret)
	if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); query.Get("sign") != want {
		t.Errorf("sign is %q, want %q", query.Get("sign"), want)
	}
	if request.Method != http.MethodPost || request.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%s %v", request.Method, request.Header)
	}
	got := server.dingTalk(t)
	if got.MsgType != "markdown" || got.Markdown.Title == "" || got.At["isAtAll"] != false || len(got.At) != 1 {
		t.Errorf("message %+v", got)
	}
}

// The signature of one message, computed with another tool:
// printf '1785632400421\nSEC0123456789abcdef' | openssl dgst -sha256 -hmac SEC0123456789abcdef -binary | base64
func TestDingTalkSignatureVector(t *testing.T) {
	server := newReceiver(t, policy.DingTalk)
	n := newNotifier(t,
		[]policy.Channel{{Name: "robot", Kind: policy.DingTalk, URL: server.URL, SecretEnv: "SECRET"}},
		notify.Options{Getenv: func(string) string { return secret }, Now: func() time.Time { return time.UnixMilli(1785632400421) }})
	if errs := n.Send(t.Context(), aReport()); errs != nil {
		t.Fatal(errs)
	}
	if got := server.only(t).request.URL.RawQuery; got != "timestamp=1785632400421&sign=WKrLWKTwaPZhc8fJobRpfbeUqTCZudyYyltciXfueCg%3D" {
		t.Errorf("the query is %s", got)
	}
}

func TestWebhook(t *testing.T) {
	server := newReceiver(t, policy.Webhook)
	server.status, server.answer = http.StatusNoContent, ""
	now := time.Unix(1785632400, 0)
	n := newNotifier(t,
		[]policy.Channel{{Name: "hook", Kind: policy.Webhook, URL: server.URL + "/hook?a=b", SecretEnv: "SECRET", Template: "{{.Title}}"}},
		notify.Options{Getenv: func(string) string { return secret }, Now: func() time.Time { return now }})
	if errs := n.Send(t.Context(), aReport()); errs != nil {
		t.Fatal(errs)
	}
	came := server.only(t)
	timestamp := came.request.Header.Get("X-Flowreaper-Timestamp")
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s", timestamp, came.body)
	if got, want := came.request.Header.Get("X-Flowreaper-Signature"), "v1="+hex.EncodeToString(mac.Sum(nil)); got != want || timestamp != "1785632400" {
		t.Errorf("signature %s at %s, want %s", got, timestamp, want)
	}
	if got := came.request.URL.String(); got != "/hook?a=b" {
		t.Errorf("asked for %s", got)
	}
	var got notify.Message
	if err := json.Unmarshal(came.body, &got); err != nil {
		t.Fatal(err)
	}
	title := "flowreaper, 2 stopped, 2 failed, 130 withheld, 1 undecided, errors (policy production-guardrails)"
	want := notify.Message{
		Version: 1, Title: title, Text: title, Policy: "production-guardrails", Mode: "enforce", Trigger: "alarm etl bill",
		RunID: "4f7c2d", Time: finished, Omitted: 12,
		Place: result.Place{Account: "1968132000123456", Region: "cn-hangzhou", Endpoint: "https://cn-hangzhou.fnf.aliyuncs.com", Flowreaper: "v1.2.3"},
		Stopped: notify.List{Count: 2, Items: []notify.Item{
			{Flow: "etl_nightly", Execution: "run-1", Rule: "etl-max-runtime", Outcome: "stopped", Detail: `age 3h2m > 2h and flow.name "etl_nightly" matches "^etl"`,
				Cause: "nightly ETL ends within 2h", StartedTime: finished.Add(-3*time.Hour - 2*time.Minute), Age: "3h2m"},
			{Flow: "etl_nightly", Execution: "run-2", Rule: "etl-max-runtime", Outcome: "stopped", Detail: "age 3h1m > 2h"},
		}},
		Failed: notify.List{Count: 2, Items: []notify.Item{
			{Flow: "orders", Execution: "run-4", Rule: "day", Outcome: "failed", Detail: "AccessDenied: The resources doesn't belong to you.",
				Cause: "a day is enough", StartedTime: finished.Add(-25 * time.Hour), Age: "1d1h"},
			{Flow: "orders", Execution: "run-5", Rule: "day", Outcome: "still_running", Detail: "age 26h > 1d"},
		}},
		Withheld: notify.List{Count: 1, Items: []notify.Item{
			{Flow: "batch", Execution: "run-7", Rule: "day", Outcome: "withheld", Detail: "age 27h > 1d", StartedTime: finished.Add(-27 * time.Hour), Age: "1d3h"},
		}},
		Limit:     &notify.Limit{Name: "maxStops", Condemned: 130, Recent: 12, Max: 100, Allowed: 88, Window: "1h"},
		Undecided: notify.List{Count: 1, Items: []notify.Item{{Flow: "orders", Execution: "run-8", Rule: "priority", Detail: "execution.input is not JSON"}}},
		Errors:    []result.ErrorNote{{Code: "InternalServerError", Message: "An internal error has occurred. Please retry.", Count: 3}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What goes wrong is said without the URL and the secret, whatever the far
// end answers.
func TestSendErrors(t *testing.T) {
	tests := []struct {
		name   string
		kind   policy.ChannelKind
		status int
		answer string
		want   string
	}{
		{"refused", policy.Webhook, 403, "", "the answer is HTTP 403"},
		{"a fault", policy.DingTalk, 500, "", "the answer is HTTP 500"},
		{"a redirect", policy.Webhook, 302, "", "the answer is a redirect (HTTP 302), which is not followed; give the URL it leads to"},
		{"a redirect that keeps the body", policy.DingTalk, 307, "", "the answer is a redirect (HTTP 307), which is not followed; give the URL it leads to"},
		{"too often, and for how long", policy.Webhook, 429, "", "the answer is HTTP 429; it takes messages again after 30 s"},
		{"a code behind a fault", policy.Feishu, 400, `{"code":9499,"msg":"Bad Request","data":{}}`,
			"Feishu answered code 9499: Bad Request; the body is more than 20 KB, or not what this robot takes: shorten the channel's template, and copy the URL from the group's settings"},
		{"not Feishu", policy.Feishu, 200, `{"errcode":0}`, "the answer is not Feishu's: no code in it; check the URL"},
		{"not WeCom", policy.WeCom, 200, `{"code":0}`, "the answer is not WeCom's: no errcode in it; check the URL"},
		{"not Slack", policy.SlackHook, 200, "<html>", "the answer is not Slack's: no ok in it; check the URL"},
		{"not Slack's fault", policy.SlackHook, 502, "Bad Gateway", "the answer is HTTP 502"},
		{"a word that isn't known", policy.SlackHook, 500, "rollup_error", "Slack answered HTTP 500 rollup_error"},
		{"not DingTalk", policy.DingTalk, 200, "<html>", "the answer is not DingTalk's: no errcode in it; check the URL"},
		{"no errcode", policy.DingTalk, 200, `{"errmsg":"ok"}`, "the answer is not DingTalk's: no errcode in it; check the URL"},
		{"an errcode", policy.DingTalk, 200, `{"errcode":460101,"errmsg":"message too long, exceed 20000 bytes"}`,
			"DingTalk answered errcode 460101: message too long, exceed 20000 bytes; shorten the channel's template"},
		{"the token", policy.DingTalk, 200, `{"errcode":300001,"errmsg":"token is not exist"}`,
			"DingTalk answered errcode 300001: token is not exist; the robot is gone, or has another URL now: copy the URL from the group's settings"},
		{"a token that isn't known", policy.DingTalk, 200, `{"errcode":300005,"errmsg":"token is not exist"}`,
			"DingTalk answered errcode 300005: token is not exist; the robot is gone, or has another URL now: copy the URL from the group's settings"},
		{"the signature", policy.DingTalk, 200, `{"errcode":310000,"errmsg":"sign not match"}`,
			"DingTalk answered errcode 310000: sign not match; secretEnv must name the variable that holds the robot's secret, which its security settings show"},
		{"too many", policy.DingTalk, 200, `{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`,
			"DingTalk answered errcode 130101: send too fast, exceed 20 times per minute; a robot sends at most 20 messages a minute, and none for ten minutes after more"},
		{"an answer that repeats secrets", policy.DingTalk, 200, `{"errcode":1,"errmsg":"` + token + ` ` + secret + ` tok%2Ben%2F0123%3D%3D\n/robot/send"}`,
			"DingTalk answered errcode 1: [redacted] [redacted] [redacted] [redacted]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := newReceiver(t, test.kind)
			server.status, server.answer = test.status, test.answer
			env := map[string]string{"ROBOT": server.URL + "/robot/send?access_token=tok%2Ben%2F0123%3D%3D", "SECRET": secret}
			n := newNotifier(t,
				[]policy.Channel{{Name: "robot", Kind: test.kind, URLEnv: "ROBOT", SecretEnv: "SECRET"}},
				notify.Options{Getenv: func(k string) string { return env[k] }})
			wantError(t, n.Send(t.Context(), aReport()), `notify: channel "robot": `+test.want)
			if server.at("/elsewhere") != 0 {
				t.Error("the redirect was followed")
			}
		})
	}
}

func wantError(t *testing.T, errs []*notify.Error, want string) {
	t.Helper()
	if len(errs) != 1 {
		t.Fatalf("%d errors %v, want one", len(errs), errs)
	}
	if diff := cmp.Diff(want, errs[0].Error()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// An answer is redacted before it is cut: no part of the token or the secret is left
// at the cut, or where the far end has cut it, or escaped.
func TestSendErrorsShowNoPartOfASecret(t *testing.T) {
	const (
		token  = "f3a91c7e5b2d4860f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988"
		secret = "SECa1b2c3d4e5f60718293a4b5c6d7e8f90"
		hook   = "T0aB1cD2eF3gH4iJ5kL6"
	)
	env := map[string]string{"ROBOT": "https://example.com/hooks/" + hook + "?access_token=" + token, "SECRET": secret}
	for _, hidden := range []string{token, secret, hook} {
		for before := 250; before < 310; before++ {
			answer := fmt.Sprintf(`{"errcode":1,"errmsg":"%s%s"}`, strings.Repeat("- ", before)[:before], hidden[3:])
			n := newNotifier(t, []policy.Channel{{Name: "robot", Kind: policy.DingTalk, URLEnv: "ROBOT", SecretEnv: "SECRET"}},
				notify.Options{Getenv: func(k string) string { return env[k] }, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(answer))}, nil
				})})
			errs := n.Send(t.Context(), aReport())
			if len(errs) != 1 {
				t.Fatalf("%d errors", len(errs))
			}
			for i := range len(hidden) - 4 {
				if strings.Contains(errs[0].Text, hidden[i:i+5]) {
					t.Fatalf("%s is in %s", hidden[i:i+5], errs[0].Text)
				}
			}
		}
	}
}

// No connection at all, and transports that put the URL into their errors.
func TestSendErrorsOfTheNetwork(t *testing.T) {
	const url = "https://example.com/robot/send?access_token=0123456789"
	failing := func(text string) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("%s", text) })
	}
	tests := []struct{ name, text, want string }{
		{"refused", "dial tcp 192.0.2.1:443: connect: connection refused", "dial tcp 192.0.2.1:443: connect: connection refused"},
		{"with the URL", "cannot reach " + url, "cannot reach [redacted]"},
		{"with the token", "no 0123456789 there", "no [redacted] there"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := newNotifier(t, []policy.Channel{{Name: "robot", Kind: policy.DingTalk, URLEnv: "ROBOT"}},
				notify.Options{Getenv: func(string) string { return url }, Transport: failing(test.text)})
			wantError(t, n.Send(t.Context(), aReport()), `notify: channel "robot": `+test.want)
		})
	}
	t.Run("a panic", func(t *testing.T) {
		n := newNotifier(t, []policy.Channel{{Name: "robot", Kind: policy.DingTalk, URLEnv: "ROBOT"}},
			notify.Options{Getenv: func(string) string { return url }, Transport: roundTrip(func(r *http.Request) (*http.Response, error) { panic(r.URL) })})
		wantError(t, n.Send(t.Context(), aReport()), `notify: channel "robot": a panic; this is a bug in flowreaper`)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A variable that isn't set, or that holds no URL, fails its channel alone.
func TestSendErrorsOfTheEnvironment(t *testing.T) {
	tests := []struct{ name, url, secret, want string }{
		{"no URL", "", secret, "the environment variable ROBOT is not set; put the channel's URL there"},
		{"no secret", "https://example.com/", " ", "the environment variable SECRET is not set; put the channel's secret there"},
		{"not a URL", "oapi.dingtalk.com/robot/send?access_token=0123", secret, "ROBOT: not a URL such as https://oapi.dingtalk.com/robot/…"},
		{"in quotes", `"https://oapi.dingtalk.com/robot/send?access_token=0123"`, secret, "ROBOT: in quotes, which are a part of it here: leave them out"},
		{"not TLS", "http://oapi.dingtalk.com/robot/send?access_token=0123", secret, "ROBOT: not https; plain http goes to a loopback address only"},
		{"a password", "https://u:p@example.com/", secret, "ROBOT: a URL with user or password in it; use a secret instead"},
		{"another kind's robot", "https://open.feishu.cn/open-apis/bot/v2/hook/0123", secret, "ROBOT: that of a feishu robot, and the channel's kind is dingtalk: say kind: feishu"},
		{"a control character", "https://example.com/\x7f0123", secret, "ROBOT: not a URL such as https://oapi.dingtalk.com/robot/…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := newReceiver(t, policy.Webhook)
			env := map[string]string{"ROBOT": test.url, "SECRET": test.secret}
			n := newNotifier(t, []policy.Channel{
				{Name: "robot", Kind: policy.DingTalk, URLEnv: "ROBOT", SecretEnv: "SECRET"},
				{Name: "audit", Kind: policy.Webhook, URL: server.URL},
			}, notify.Options{Getenv: func(k string) string { return env[k] }})
			want := `notify: channel "robot": ` + strings.Replace(test.want, "with user", "with a user", 1)
			wantError(t, n.Unusable(), want)
			wantError(t, n.Send(t.Context(), aReport()), want)
			if server.at("/") != 1 {
				t.Error("the other channel wasn't told")
			}
		})
	}
}

// A channel that never answers costs the timeout and no more, even one that
// doesn't heed its context; and the others are told meanwhile.
func TestSendIsBounded(t *testing.T) {
	for _, heeds := range []bool{true, false} {
		t.Run("heeds its context: "+strconv.FormatBool(heeds), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				told := false
				transport := roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == "up.example.com" {
						told = true
						return (&recorder{}).RoundTrip(r)
					}
					select {
					case <-release:
					case <-map[bool]<-chan struct{}{true: r.Context().Done()}[heeds]:
					}
					return nil, context.Cause(r.Context())
				})
				n := newNotifier(t, []policy.Channel{
					{Name: "down", Kind: policy.Webhook, URL: "https://down.example.com/"},
					{Name: "up", Kind: policy.Webhook, URL: "https://up.example.com/"},
				}, notify.Options{Transport: transport, Timeout: 3 * time.Second})
				begun := time.Now()
				errs := n.Send(t.Context(), aReport())
				if took := time.Since(begun); took != 3*time.Second {
					t.Errorf("it took %v", took)
				}
				wantError(t, errs, `notify: channel "down": no answer within 3s`)
				if !told {
					t.Error("the channel that is up wasn't told")
				}
				close(release)
				synctest.Wait()
			})
		})
	}
}

// The function's own deadline, or an interrupt, ends it before the timeout.
func TestSendEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		n := newNotifier(t, []policy.Channel{{Name: "down", Kind: policy.Webhook, URL: "https://down.example.com/"}}, notify.Options{Transport: transport})
		time.AfterFunc(time.Second, cancel)
		begun := time.Now()
		errs := n.Send(ctx, aReport())
		if took := time.Since(begun); took != time.Second {
			t.Errorf("it took %v", took)
		}
		wantError(t, errs, `notify: channel "down": given up: the sweep was interrupted`)
	})
}
