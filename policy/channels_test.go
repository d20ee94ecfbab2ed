package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// notifying is a policy with these channels, the first in line 4, and a rule
// with these lines.
func notifying(channels string, rule ...string) string {
	return "version: 1\nmode: enforce\nnotify:\n" + channels + "rules:\n  - name: r\n    maxRuntime: 2h\n    " + strings.Join(rule, "\n    ") + "\n"
}

func TestChannels(t *testing.T) {
	p := mustParse(t, notifying(`
  - name: oncall
    kind: dingtalk
    urlEnv: ONCALL_URL
    secretEnv: ONCALL_SECRET
    on: [stopped, withheld]
    language: zh
    timeZone: Asia/Shanghai
  - name: audit
    kind: webhook
    url: https://audit.example.com/flowreaper
    template: "{{.Policy}}: {{.Stopped.Count}} stopped"
  - {name: here, kind: webhook, url: "http://127.0.0.1:8080/"}
  - {name: here-too, kind: webhook, url: "http://[::1]/", on: failed}
  - {name: and-here, kind: dingtalk, url: "http://localhost/robot"}
  - {name: fei, kind: feishu, urlEnv: FEISHU_URL, secretEnv: FEISHU_SECRET}
  - {name: we, kind: wecom, urlEnv: WECOM_URL}
  - {name: slack, kind: slack, urlEnv: SLACK_URL}
`))
	want := []Channel{
		{Name: "oncall", Kind: DingTalk, URLEnv: "ONCALL_URL", SecretEnv: "ONCALL_SECRET", On: []News{NewsStopped, NewsWithheld}, Language: Chinese, TimeZone: "Asia/Shanghai"},
		{Name: "audit", Kind: Webhook, URL: "https://audit.example.com/flowreaper", Language: English, Template: "{{.Policy}}: {{.Stopped.Count}} stopped"},
		{Name: "here", Kind: Webhook, URL: "http://127.0.0.1:8080/", Language: English},
		{Name: "here-too", Kind: Webhook, URL: "http://[::1]/", Language: English, On: []News{NewsFailed}},
		{Name: "and-here", Kind: DingTalk, URL: "http://localhost/robot", Language: English},
		{Name: "fei", Kind: Feishu, URLEnv: "FEISHU_URL", SecretEnv: "FEISHU_SECRET", Language: English},
		{Name: "we", Kind: WeCom, URLEnv: "WECOM_URL", Language: English},
		{Name: "slack", Kind: SlackHook, URLEnv: "SLACK_URL", Language: English},
	}
	if diff := cmp.Diff(want, p.Notify, cmpopts.IgnoreUnexported(Channel{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRulesNameChannels(t *testing.T) {
	const channels = "  - {name: a, kind: webhook, urlEnv: A}\n  - {name: b, kind: webhook, urlEnv: B}\n"
	for line, want := range map[string][]string{"": nil, "notify: []": {}, "notify: b": {"b"}, "notify: [b, a]": {"b", "a"}} {
		if diff := cmp.Diff(want, mustParse(t, notifying(channels, line)).Rules[0].Notify); diff != "" {
			t.Errorf("%s\n%s", line, diff)
		}
	}
}

func TestChannelErrors(t *testing.T) {
	one := func(keys string) string { return notifying("  - {name: a, kind: webhook, " + keys + "}\n") }
	const (
		https    = "url is not https; plain http goes to a loopback address only"
		variable = "must be the name of an environment variable that holds %s, such as %s; a secret must not stand here"
	)
	tests := []struct {
		name, text string
		want       []string // line:column: message
	}{
		{"no list", strings.Replace(notifying("", ""), "notify:", "notify: oncall", 1), []string{
			`3:9: notify must be a list of channels, each beginning with - name:, but is the text "oncall"`}},
		{"an empty list", strings.Replace(notifying("", ""), "notify:", "notify: []", 1), []string{
			`3:9: notify must be a list of channels, each beginning with - name:, but is empty`}},
		{"nothing in one", notifying("  - {}\n"), []string{
			"4:5: the channel has no name: begin it with - name:", "4:5: kind is missing: give webhook, dingtalk, feishu, wecom or slack",
			"4:5: url is missing: give url, or urlEnv, the environment variable that holds it"}},
		{"a text for one", notifying("  - oncall\n"), []string{
			`4:5: a channel must be a mapping with keys such as name and kind, but is the text "oncall"`}},
		{"an unknown key", one("urlenv: A"), []string{
			`4:30: unknown key "urlenv"; did you mean "urlEnv"?`}},
		{"a name", notifying("  - {name: On Call, kind: webhook, urlEnv: A}\n"), []string{
			`4:12: name must be 1 to 63 lower-case letters, digits and -, and begin with a letter or digit, but is the text "On Call"`}},
		{"a name twice", notifying("  - {name: a, kind: webhook, urlEnv: A}\n  - {name: a, kind: webhook, urlEnv: B}\n"), []string{
			"5:5: the name a is given to two channels; first in line 4"}},
		{"values", notifying("  - name: a\n    kind: pager\n    urlEnv: A\n    on: [stopped, plan]\n    language: de\n    timeZone: CST\n    template: \" \"\n"), []string{
			`5:11: kind must be webhook, dingtalk, feishu, wecom or slack, but is the text "pager"`,
			`7:19: on must be stopped, withheld, failed, undecided, warned or planned, but is the text "plan"; did you mean "planned"?`,
			`8:15: language must be en or zh, but is the text "de"`,
			`9:15: timeZone must be a name such as Asia/Shanghai or UTC, but is the text "CST": write "Asia/Shanghai"`,
			"10:15: template is empty: leave the key out, and the message is flowreaper's own"}},
		{"another's name for a kind", notifying("  - {name: a, kind: lark, urlEnv: A}\n  - {name: b, kind: WeChat, urlEnv: A}\n  - {name: c, kind: 企业微信, urlEnv: A}\n  - {name: d, kind: DingTalk, urlEnv: A}\n  - {name: e, kind: slak, urlEnv: A}\n"), []string{
			`4:21: kind must be webhook, dingtalk, feishu, wecom or slack, but is the text "lark"; did you mean "feishu"?`,
			`5:21: kind must be webhook, dingtalk, feishu, wecom or slack, but is the text "WeChat"; did you mean "wecom"?`,
			`6:21: kind must be webhook, dingtalk, feishu, wecom or slack, but is the text "企业微信"; did you mean "wecom"?`,
			`7:21: kind must be webhook, dingtalk, feishu, wecom or slack, but is the text "DingTalk"; did you mean "dingtalk"?`,
			`8:21: kind must be webhook, dingtalk, feishu, wecom or slack, but is the text "slak"; did you mean "slack"?`}},
		{"a secret of what signs nothing", notifying("  - {name: a, kind: wecom, urlEnv: A, secretEnv: B}\n  - {name: b, kind: slack, urlEnv: A, secretEnv: B}\n"), []string{
			"4:50: a wecom channel signs nothing, its URL is the secret: leave secretEnv out",
			"5:50: a slack channel signs nothing, its URL is the secret: leave secretEnv out"}},
		{"a robot's URL for a webhook", one(`url: "https://open.larksuite.com/open-apis/bot/v2/hook/hunter2"`), []string{
			"4:35: url is that of a feishu robot, and the channel's kind is webhook: say kind: feishu"}},
		{"a robot's URL for another's", notifying("  - {name: a, kind: dingtalk, url: \"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hunter2\"}\n"), []string{
			"4:36: url is that of a wecom robot, and the channel's kind is dingtalk: say kind: wecom"}},
		{"a robot's URL", notifying("  - {name: a, kind: slack, url: \"https://hooks.slack.com/services/T0/B0/hunter2\"}\n"), []string{
			"4:33: a robot's URL is a secret: put it into an environment variable and name that in urlEnv"}},
		{"what is no robot's", one(`url: "https://hooks.slack.com/triggers/T0"`), nil},
		{"two URLs", one(`url: "https://a.example/", urlEnv: A`), []string{"4:35: give url or urlEnv, not both"}},
		{"not TLS", one(`url: "http://a.example/"`), []string{"4:35: " + https}},
		{"nearly loopback", one(`url: "http://127.0.0.1.example.com/"`), []string{"4:35: " + https}},
		{"another scheme", one(`url: "file://localhost/etc/passwd"`), []string{"4:35: " + https}},
		{"no host", one(`url: "https:///x"`), []string{"4:35: url is not a URL such as https://example.com/hook"}},
		{"other tools' keys", one(`webhook: A, mention: [all]`), []string{`4:30: unknown key "webhook"; did you mean "urlEnv"?`, `4:42: unknown key "mention"; did you mean "at"?`}},
		{"other words", one(`urlEnv: A, on: [warn, fail], language: cn`), []string{
			`4:46: on must be stopped, withheld, failed, undecided, warned or planned, but is the text "warn"; did you mean "warned"?`,
			`4:52: on must be stopped, withheld, failed, undecided, warned or planned, but is the text "fail"; did you mean "failed"?`,
			`4:69: language must be en or zh, but is the text "cn"; did you mean "zh"?`}},
		{"a list for a URL", one(`url: [a]`), []string{"4:35: url must be a text, but is a list"}},
		{"a password", one(`url: "https://u:hunter2@a.example/"`), []string{"4:35: url is a URL with a user or password in it; use a secret instead"}},
		{"a token", one(`url: "https://a.example/send?access_token=hunter2"`), []string{
			"4:35: an access_token is a secret: put the URL into an environment variable and name that in urlEnv"}},
		{"a URL for a variable", one(`urlEnv: "https://a.example/?access_token=hunter2"`), []string{"4:38: urlEnv " + fmt.Sprintf(variable, "the URL", "ONCALL_URL")}},
		{"a secret for a variable", one(`urlEnv: A, secretEnv: "hunter2!"`), []string{"4:52: secretEnv " + fmt.Sprintf(variable, "the secret", "ONCALL_SECRET")}},
		{"a robot's secret for a variable", one(`urlEnv: A, secretEnv: SEC0123456789abcdefhunter2`), nil},
		{"a robot's secret", one(`urlEnv: A, secretEnv: SEC0123456789abcdef0123`), []string{"4:52: secretEnv " + fmt.Sprintf(variable, "the secret", "ONCALL_SECRET")}},
		{"a secret by a key of its own", one(`urlEnv: A, secret: hunter2`), []string{
			`4:41: unknown key "secret"; did you mean "secretEnv"?`}},
		{"a token by a key of its own", one(`token: hunter2`), []string{`4:30: unknown key "token"; did you mean "urlEnv"?`}},
		{"a token for a robot's URL", notifying("  - {name: a, kind: dingtalk, url: hunter2}\n"), []string{"4:36: url is not a URL such as https://oapi.dingtalk.com/robot/…"}},
		{"a secret of digits", one(`urlEnv: A, secretEnv: 12345678`), []string{"4:52: secretEnv " + fmt.Sprintf(variable, "the secret", "ONCALL_SECRET")}},
		{"a rule's unknown channel", notifying("  - {name: oncall, kind: webhook, urlEnv: A}\n", "notify: [oncal]"), []string{
			`8:14: there is no channel "oncal"; did you mean "oncall"?`}},
		{"a rule's word for no channel", notifying("  - {name: oncall, kind: webhook, urlEnv: A}\n", "notify: none"), []string{
			`8:13: there is no channel "none"; there are: oncall; for none write notify: []`}},
		{"a rule's channel where there is none", oneRule("maxRuntime: 2h", "notify: oncall"), []string{
			`7:13: notify names the channel "oncall", but the policy has none: give it notify at the top`}},
		{"a rule's channel that is a number", notifying("  - {name: a, kind: webhook, urlEnv: A}\n", "notify: [5]"), []string{
			`8:14: each of notify must be a text, but is the number 5: quote it`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("p.yaml", []byte(test.text))
			var got []string
			for _, e := range problems(err) {
				got = append(got, fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the secret:\n%v", err)
			}
		})
	}
}

func problems(err error) Errors {
	var all Errors
	errors.As(err, &all)
	return all
}

// TestSecretsAreNotShown: neither by an error about something else on the line,
// nor where the file isn't YAML.
func TestSecretsAreNotShown(t *testing.T) {
	for _, text := range []string{
		"notify: [{name: a, kind: pager, url: \"https://h.example/hunter2\"}]",
		"notify: [{name: a, urlEnv: 'https://h.example/?access_token=hunter2', knd: webhook}]",
		"notify: [{name: a, \"secret\": hunter2}]",
		"notify: [{name: a, urlEnv: A, secretEnv: [hunter2]}]",
		"notify:\n  - name: a\n    kind: webhook\n    urlEnv:\n      https://h.example/robot/send?access_token=hunter2\n",
		"notify:\n  - name: a\n    url: https://h.example/hunter2: [\n",
		"notify:\n  - name: a\n    url: \"https://h.example/hunter2\n",
		"notify:\n  - name: a\n    password: hunter2\n",
		"notify:\n  - name: a\n    signingSecret: hunter2\n",
		"notify:\n  - name: a\n    signKey: hunter2\n",
		"notify:\n  - name: a\n    signature: hunter2\n",
		"notify:\n  - name: a\n    key: hunter2\n",
		"notify:\n  - name: a\n    url_env: https://h.example/hunter2\n",
		"notify:\n  - name: a\n    webhook: https://h.example/hunter2\n",
		"notify:\n  - name: a\n    address: https://hooks.slack.com/services/T/B/hunter2\n",
		"notify: [{name: a, kind: wecom, urlEnv: A, body: {x: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hunter2', x: 1}}]",
		"notify: [{name: a, to: 'https://open.feishu.cn/open-apis/bot/v2/hook/hunter2'}]",
	} {
		_, err := Parse("p.yaml", []byte("version: 1\n"+text+"\nrules: [{name: r, when: true}]\n"))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

func TestManyChannels(t *testing.T) {
	var channels strings.Builder
	for i := range maxChannels + 1 {
		fmt.Fprintf(&channels, "  - {name: a%d, kind: webhook, urlEnv: A}\n", i)
	}
	_, err := Parse("p.yaml", []byte(notifying(channels.String())))
	if all := problems(err); len(all) != 1 || all[0].Message != "notify has 21 channels; at most 20 are told" || all[0].Line != 24 {
		t.Errorf("%v", err)
	}
}

func TestTemplateError(t *testing.T) {
	p := mustParse(t, notifying("  - name: a\n    kind: webhook\n    urlEnv: A\n    template: x\n"))
	want := "policy.yaml:7:15: template: no such field\n   7 |     template: x\n     |               ^"
	if got := p.Notify[0].TemplateError(errors.New("no such field")).Error(); got != want {
		t.Errorf("%s", got)
	}
}
