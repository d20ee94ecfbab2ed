package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/policy"
)

// vendor is a robot's far end: it takes and refuses messages as its kind's vendor
// documents it.
type vendor struct {
	*httptest.Server
	documented
	kind    policy.ChannelKind
	secret  string // asked for, if there is one
	keyword string // likewise

	mu     sync.Mutex
	texts  []string // of the messages that it took
	bodies []string // of those that came
}

// documented is a robot's path, with its token, and what it takes.
type documented struct {
	path string
	size int // of a body, or of WeCom's text, in bytes
	rate int // messages a minute
}

var vendors = map[policy.ChannelKind]documented{
	policy.DingTalk:  {path: "/robot/send?access_token=6f5e4d3c2b1a09f8e7d6", size: 20_000, rate: 20},
	policy.Feishu:    {path: "/open-apis/bot/v2/hook/0c1d2e3f-4a5b-6c7d-8e9f-0a1b2c3d4e5f", size: 20 << 10, rate: 100},
	policy.WeCom:     {path: "/cgi-bin/webhook/send?key=693a91f6-7b7c-4bc4-97a0-0ec2a1b2c3d4", size: 4096, rate: 20},
	policy.SlackHook: {path: "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", size: 40_000, rate: 60},
}

func newVendor(t testing.TB, kind policy.ChannelKind) *vendor {
	if vendors[kind].path == "" {
		t.Fatalf("vendors has no %s: write there what its vendor documents, and into formats how it is told", kind)
	}
	v := &vendor{kind: kind, documented: vendors[kind]}
	v.Server = httptest.NewServer(v)
	t.Cleanup(v.Close)
	return v
}

// said is a message as each of the robots takes it.
type said struct {
	MsgType  string
	Markdown struct{ Title, Text, Content string }
	Text     json.RawMessage
	At       struct {
		AtMobiles, AtUserIds []string
		IsAtAll              bool
	}

	Msg_Type        string
	Timestamp, Sign string
	Card            struct {
		Header   struct{ Title struct{ Content string } }
		Elements []struct{ Tag, Content string }
	}
}

// shown is the text that people see.
func (m said) shown() string {
	var text string
	_ = json.Unmarshal(m.Text, &text)
	text += m.Markdown.Text + m.Markdown.Content
	for _, e := range m.Card.Elements {
		text += m.Card.Header.Title.Content + "\n" + e.Content
	}
	return text
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	status, answer := v.answer(r, body)
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "30")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

func (v *vendor) answer(r *http.Request, body []byte) (int, string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.bodies = append(v.bodies, string(body))
	var m said
	if err := json.Unmarshal(body, &m); err != nil {
		return 400, "invalid_payload"
	}
	switch v.kind {
	case policy.DingTalk:
		return 200, v.dingTalk(r, body, m)
	case policy.Feishu:
		return 200, v.feishu(r, body, m)
	case policy.WeCom:
		return 200, v.weCom(r, m)
	case policy.SlackHook:
		return v.slack(r, m)
	}
	return 500, "this test knows no such vendor"
}

func (v *vendor) dingTalk(r *http.Request, body []byte, m said) string {
	q := r.URL.Query()
	mac := hmac.New(sha256.New, []byte(v.secret))
	fmt.Fprintf(mac, "%s\n%s", q.Get("timestamp"), v.secret)
	switch {
	case "/robot/send?access_token="+q.Get("access_token") != v.path:
		return `{"errcode":300001,"errmsg":"token is not exist"}`
	case v.secret != "" && q.Get("sign") != base64.StdEncoding.EncodeToString(mac.Sum(nil)):
		return `{"errcode":310000,"errmsg":"sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"}`
	case !strings.Contains(m.Markdown.Title+m.Markdown.Text, v.keyword):
		return `{"errcode":310000,"errmsg":"keywords not in content, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"}`
	case len(body) > v.size:
		return `{"errcode":460101,"errmsg":"message too long, exceed 20000 bytes"}`
	case len(v.texts) >= v.rate:
		return `{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`
	case m.MsgType != "markdown":
		return `{"errcode":40035,"errmsg":"缺少参数 json"}`
	}
	v.texts = append(v.texts, m.Markdown.Text)
	return `{"errcode":0,"errmsg":"ok"}`
}

func (v *vendor) feishu(r *http.Request, body []byte, m said) string {
	mac := hmac.New(sha256.New, []byte(m.Timestamp+"\n"+v.secret))
	seconds, _ := strconv.ParseInt(m.Timestamp, 10, 64)
	old := time.Since(time.Unix(seconds, 0)).Abs() > time.Hour
	switch {
	case r.URL.Path != v.path:
		return `{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}`
	case len(body) > v.size || m.Msg_Type != "interactive" || len(m.Card.Elements) != 1 || m.Card.Elements[0].Tag != "markdown":
		return `{"code":9499,"msg":"Bad Request","data":{}}`
	case v.secret != "" && (old || m.Sign != base64.StdEncoding.EncodeToString(mac.Sum(nil))):
		return `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`
	case !strings.Contains(m.shown(), v.keyword):
		return `{"code":19024,"msg":"Key Words Not Found"}`
	case len(v.texts) >= v.rate:
		return `{"code":11232,"msg":"frequency limited"}`
	}
	v.texts = append(v.texts, m.shown())
	return `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`
}

func (v *vendor) weCom(r *http.Request, m said) string {
	const hint = `, hint: [1755605200056773468916791], from ip: 192.0.2.7, more info at https://open.work.weixin.qq.com/devtool/query?e=0"}`
	var text struct{ Content string }
	switch {
	case "/cgi-bin/webhook/send?key="+r.URL.Query().Get("key") != v.path:
		return `{"errcode":93000,"errmsg":"invalid webhook url` + hint
	case m.MsgType == "text" && json.Unmarshal(m.Text, &text) == nil && len(text.Content) > v.size/2:
		return `{"errcode":40058,"errmsg":"text.content exceed max length 2048. invalid Request Parameter` + hint
	case m.MsgType != "markdown" && m.MsgType != "text":
		return `{"errcode":40008,"errmsg":"invalid message type` + hint
	case len(m.Markdown.Content) > v.size:
		return `{"errcode":40058,"errmsg":"markdown.content exceed max length 4096. invalid Request Parameter` + hint
	case len(v.texts) >= v.rate:
		return `{"errcode":45009,"errmsg":"api freq out of limit` + hint
	}
	v.texts = append(v.texts, m.Markdown.Content+text.Content)
	return `{"errcode":0,"errmsg":"ok"}`
}

func (v *vendor) slack(r *http.Request, m said) (int, string) {
	var text string
	switch err := json.Unmarshal(m.Text, &text); {
	case r.URL.Path == "/services/archived":
		return 410, "channel_is_archived"
	case r.URL.Path == "/services/forbidden":
		return 403, "action_prohibited"
	case r.URL.Path == "/services/none":
		return 404, "no_service"
	case r.URL.Path != v.path:
		return 403, "invalid_token"
	case err != nil || text == "" || len(text) > v.size:
		return 400, "invalid_payload"
	case len(v.texts) >= v.rate:
		return 429, "rate_limited"
	}
	v.texts = append(v.texts, text)
	return 200, "ok"
}

// at is a notifier of one channel of a vendor's.
func (v *vendor) at(t *testing.T, path, secret string, channel policy.Channel) *notify.Notifier {
	t.Helper()
	channel.Name, channel.Kind, channel.URLEnv = "robot", v.kind, "ROBOT"
	if secret != "" {
		channel.SecretEnv = "SECRET"
	}
	env := map[string]string{"ROBOT": v.URL + path, "SECRET": secret}
	return newNotifier(t, []policy.Channel{channel}, notify.Options{Getenv: func(k string) string { return env[k] }})
}

// TestRefusals: each that a vendor documents is met, and said with the next step.
func TestRefusals(t *testing.T) {
	const (
		gone   = "the robot is gone, or has another URL now: copy the URL from the group's settings"
		secret = "secretEnv must name the variable that holds the robot's secret, which its security settings show"
		asks   = "the robot asks for a keyword: make it flowreaper, which is in every message of flowreaper's own; a template must have it, too"
		hook   = "the webhook is gone, or has another URL now: copy the URL from the app's page Incoming Webhooks"
		doc    = ", more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]; "
		weCom  = ", hint: [1755605200056773468916791], from ip: 192.0.2.7, more info at https://open.work.weixin.qq.com/devtool/query?e=0; "
	)
	tests := []struct {
		name string
		kind policy.ChannelKind
		with func(*vendor)
		path string // "" is the right one
		want string
	}{
		{"the token", policy.DingTalk, nil, "/robot/send?access_token=00000000", "DingTalk answered errcode 300001: token is not exist; " + gone},
		{"the signature", policy.DingTalk, func(v *vendor) { v.secret = "another" }, "", "DingTalk answered errcode 310000: sign not match" + doc + secret},
		{"the keyword", policy.DingTalk, func(v *vendor) { v.keyword = "monitoring" }, "", "DingTalk answered errcode 310000: keywords not in content" + doc + asks},
		{"the size", policy.DingTalk, func(v *vendor) { v.size = 100 }, "", "DingTalk answered errcode 460101: message too long, exceed 20000 bytes; shorten the channel's template"},
		{"the rate", policy.DingTalk, func(v *vendor) { v.rate = 0 }, "",
			"DingTalk answered errcode 130101: send too fast, exceed 20 times per minute; a robot sends at most 20 messages a minute, and none for ten minutes after more"},

		{"the token", policy.Feishu, nil, "/open-apis/bot/v2/hook/0", "Feishu answered code 19001: param invalid: incoming webhook access token invalid; " + gone},
		{"the signature", policy.Feishu, func(v *vendor) { v.secret = "another" }, "",
			"Feishu answered code 19021: sign match fail or timestamp is not within one hour from current time; " + secret + "; the clock here may be off by an hour at most"},
		{"the keyword", policy.Feishu, func(v *vendor) { v.keyword = "monitoring" }, "", "Feishu answered code 19024: Key Words Not Found; " + asks},
		{"the size", policy.Feishu, func(v *vendor) { v.size = 100 }, "",
			"Feishu answered code 9499: Bad Request; the body is more than 20 KB, or not what this robot takes: shorten the channel's template, and copy the URL from the group's settings"},
		{"the rate", policy.Feishu, func(v *vendor) { v.rate = 0 }, "",
			"Feishu answered code 11232: frequency limited; a robot sends at most 100 messages a minute and 5 a second; Feishu refuses some, too, at the full and the half hour"},

		{"the key", policy.WeCom, nil, "/cgi-bin/webhook/send?key=0", "WeCom answered errcode 93000: invalid webhook url" + weCom + gone},
		{"the size", policy.WeCom, func(v *vendor) { v.size = 100 }, "",
			"WeCom answered errcode 40058: markdown.content exceed max length 4096. invalid Request Parameter" + weCom + "shorten the channel's template"},
		{"the rate", policy.WeCom, func(v *vendor) { v.rate = 0 }, "", "WeCom answered errcode 45009: api freq out of limit" + weCom + "a robot sends at most 20 messages a minute"},

		{"the token", policy.SlackHook, nil, "/services/T0/B0/0", "Slack answered HTTP 403 invalid_token; " + hook},
		{"a webhook that is gone", policy.SlackHook, nil, "/services/none", "Slack answered HTTP 404 no_service; " + hook},
		{"a channel that is archived", policy.SlackHook, nil, "/services/archived",
			"Slack answered HTTP 410 channel_is_archived; the webhook's channel is archived: restore it, or add a webhook to another one, and give its URL"},
		{"what the workspace forbids", policy.SlackHook, nil, "/services/forbidden", "Slack answered HTTP 403 action_prohibited; the workspace lets no webhook post there: ask its administrator"},
		{"the size", policy.SlackHook, func(v *vendor) { v.size = 100 }, "", "Slack answered HTTP 400 invalid_payload; shorten the channel's template"},
		{"the rate", policy.SlackHook, func(v *vendor) { v.rate = 0 }, "",
			"Slack answered HTTP 429 rate_limited; a webhook takes about one message a second; it takes messages again after 30 s"},
	}
	for _, test := range tests {
		t.Run(string(test.kind)+", "+test.name, func(t *testing.T) {
			v := newVendor(t, test.kind)
			if test.with != nil {
				test.with(v)
			}
			path, secret := v.path, ""
			if test.path != "" {
				path = test.path
			}
			if v.secret != "" { // which is another one
				secret = "SEC0123456789abcdef"
			}
			wantError(t, v.at(t, path, secret, policy.Channel{}).Send(t.Context(), aReport()), `notify: channel "robot": `+test.want)
		})
	}
}

// TestVendorsTake what they are sent at their strictest: signed, with the keyword, as often as
// they allow, of any size. Every kind that a policy may name has its vendor here, but for
// webhooks, which have none.
func TestVendorsTake(t *testing.T) {
	for _, kind := range policy.ChannelKinds() {
		if kind == policy.Webhook {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			v := newVendor(t, kind)
			v.keyword = "flowreaper"
			if kind.Signs() {
				v.secret = secret
			}
			for _, report := range []int{1, 20, 1000} {
				for _, template := range []string{"", strings.Repeat("停", 30_000) + " flowreaper"} {
					n := v.at(t, v.path, v.secret, policy.Channel{Language: policy.Chinese, Template: template})
					if errs := n.Send(t.Context(), stops(report)); errs != nil {
						t.Fatal(errs)
					}
				}
			}
			if len(v.texts) != 6 || !strings.Contains(v.texts[2], "run-0") || !strings.Contains(v.texts[0], "flowreaper") {
				t.Errorf("%d came: %q", len(v.texts), v.texts)
			}
		})
	}
}

// The signature of one message, computed with another tool:
// printf ” | openssl dgst -sha256 -hmac "$(printf '1785632400\nSEC0123456789abcdef')" -binary | base64
func TestFeishuSignatureVector(t *testing.T) {
	transport := &recorder{}
	n := newNotifier(t, []policy.Channel{{Name: "robot", Kind: policy.Feishu, URL: "https://example.com/", SecretEnv: "SECRET"}},
		notify.Options{Transport: transport, Getenv: func(string) string { return secret }, Now: func() time.Time { return time.Unix(1785632400, 0) }})
	n.Send(t.Context(), aReport())
	var m said
	if err := json.Unmarshal(transport.body, &m); err != nil || m.Timestamp != "1785632400" || m.Sign != "V5JHV8bfviy9+bLJGGV5tiw70iTPRPWA8tIDm1VAPJk=" {
		t.Errorf("%v: timestamp %s, sign %s", err, m.Timestamp, m.Sign)
	}
}
