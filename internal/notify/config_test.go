package notify_test

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/notify"
)

func TestConfigErrors(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"all that may stand there", `
- {name: oncall, kind: dingtalk, urlEnv: ONCALL_URL, secretEnv: ONCALL_SECRET, on: [stopped, withheld], language: zh}
- name: audit
  kind: webhook
  url: https://audit.example.com/flowreaper
  template: "{{.Policy}}: {{.Stopped.Count}} stopped{{range .Failed.Items}}, {{.Flow}}{{end}}"
- {name: here, kind: webhook, url: "http://127.0.0.1:8080/"}
- {name: here-too, kind: webhook, url: "http://[::1]/", language: en}
- {name: and-here, kind: dingtalk, url: "http://localhost/robot"}`, ""},
		{"nothing", `[{}]`, `notify[0].name: "" is not a name: 1 to 63 of a-z, 0-9 and -
notify[0].kind: "" is not a kind: webhook or dingtalk
notify[0].url: missing: give url, or urlEnv, the environment variable that holds it`},
		{"names", `
- {name: On Call, kind: webhook, url: "https://a.example/"}
- {name: a, kind: webhook, url: "https://a.example/"}
- {name: a, kind: webhook, url: "https://a.example/"}`, `notify[0].name: "On Call" is not a name: 1 to 63 of a-z, 0-9 and -
notify[2].name: "a" names two channels`},
		{"values", `[{name: a, kind: slack, url: "https://a.example/", on: [stopped, planned], language: de}]`,
			`notify[0].kind: "slack" is not a kind: webhook or dingtalk
notify[0].on: "planned" is not one of stopped, withheld, failed, undecided
notify[0].language: "de" is not a language: en or zh`},
		{"two URLs", `[{name: a, kind: webhook, url: "https://a.example/", urlEnv: A}]`, "notify[0].url: give url or urlEnv, not both"},
		{"not TLS", `[{name: a, kind: webhook, url: "http://a.example/"}]`, "notify[0].url: not https; plain http goes to a loopback address only"},
		{"nearly loopback", `[{name: a, kind: webhook, url: "http://127.0.0.1.example.com/"}]`, "notify[0].url: not https; plain http goes to a loopback address only"},
		{"another scheme", `[{name: a, kind: webhook, url: "file://localhost/etc/passwd"}]`, "notify[0].url: not https; plain http goes to a loopback address only"},
		{"no host", `[{name: a, kind: webhook, url: "https:///x"}]`, "notify[0].url: not a URL such as https://example.com/hook"},
		{"a password", `[{name: a, kind: webhook, url: "https://u:p@a.example/"}]`, "notify[0].url: a URL with a user or password in it; use a secret instead"},
		{"a token", `[{name: a, kind: dingtalk, url: "https://a.example/robot/send?access_token=0123"}]`,
			"notify[0].url: an access_token is a secret: put the URL into an environment variable and name that in urlEnv"},
		{"a URL for a variable", `[{name: a, kind: dingtalk, urlEnv: "https://a.example/?access_token=0123"}]`,
			"notify[0].urlEnv: not the name of an environment variable; a URL stands in url, or in the variable named here"},
		{"a secret for a variable", `[{name: a, kind: dingtalk, urlEnv: A, secretEnv: "SEC 01"}]`,
			"notify[0].secretEnv: not the name of an environment variable; the secret itself must not stand here"},
		{"a template that isn't one", `[{name: a, kind: webhook, url: "https://a.example/", template: "{{.Policy"}]`, "notify[0].template: template: text:1: unclosed action"},
		{"a field that isn't there", `[{name: a, kind: webhook, url: "https://a.example/", template: "{{.Policies}}"}]`,
			`notify[0].template: template: text:1:2: executing "text" at <.Policies>: can't evaluate field Policies in type *notify.Message`},
		{"a field that isn't there, in a list", `[{name: a, kind: webhook, url: "https://a.example/", template: "{{range .Stopped.Items}}{{.Name}}{{end}}"}]`,
			`notify[0].template: template: text:1:26: executing "text" at <.Name>: can't evaluate field Name in type notify.Item`},
		{"a function that reads", `[{name: a, kind: webhook, url: "https://a.example/", template: "{{env \"SECRET\"}}"}]`, `notify[0].template: template: text:1: function "env" not defined`},
		{"too much text", `[{name: a, kind: webhook, url: "https://a.example/", template: "{{range 100000}}xx{{end}}"}]`,
			`notify[0].template: the template writes more than 131072 bytes: too long`},
		{"without end", `[{name: a, kind: webhook, url: "https://a.example/", template: "{{template \"text\" .}}"}]`,
			`notify[0].template: template: text:1:11: executing "text" at <{{template "text" .}}>: exceeded maximum template depth (100000)`},
		{"too many", "[" + strings.Repeat(`{name: a, kind: webhook, url: "https://a.example/"},`, 2) + "]", `notify[1].name: "a" names two channels`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var config notify.Config
			if err := yaml.UnmarshalWithOptions([]byte(test.yaml), &config, yaml.Strict()); err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, problem := range config.Check() {
				lines = append(lines, problem.Error())
			}
			if diff := cmp.Diff(test.want, strings.Join(lines, "\n")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			_, err := notify.New(config, notify.Options{})
			if (err != nil) != (test.want != "") {
				t.Errorf("New: %v", err)
			}
		})
	}
}

func TestConfigOfManyChannels(t *testing.T) {
	var config notify.Config
	for i := range 21 {
		config = append(config, notify.Channel{Name: "a" + strings.Repeat("a", i), Kind: notify.Webhook, URL: "https://a.example/"})
	}
	problems := config.Check()
	if len(problems) != 1 || problems[0].Error() != "notify[20].name: more than 20 channels" {
		t.Errorf("%v", problems)
	}
}

func TestRoutesNameChannels(t *testing.T) {
	_, err := notify.New(notify.Config{{Name: "a", Kind: notify.Webhook, URL: "https://a.example/"}},
		notify.Options{Routes: map[string][]string{"etl": {"a", "oncal"}}})
	if err == nil || err.Error() != `rule etl: notify names no channel: "oncal"` {
		t.Errorf("%v", err)
	}
}
