package trial_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/notify/trial"
)

const channels = `version: 1
policy: guardrails
mode: enforce
notify:
  - {name: plain, kind: dingtalk, urlEnv: PLAIN, on: [stopped], at: {stopped: [all]}}
  - {name: own, kind: slack, urlEnv: OWN, on: [failed], template: "{{range .Stopped.Items}}{{.Flow}}{{end}}"}
  - {name: titled, kind: slack, urlEnv: OWN, template: '{{define "title"}}mine{{end}}mine, {{.Stopped.Count}}'}
  - {name: chinese, kind: feishu, urlEnv: CHINESE, language: zh}
  - {name: counts, kind: webhook, urlEnv: COUNTS, body: {title: "${title}", stopped: "${stopped.count}", planned: "${planned.count}"}}
  - {name: unset, kind: webhook, urlEnv: UNSET}
rules:
  - {name: two-days, maxRuntime: 2d, notify: []}
`

// Each channel is told once that it is a trial, whatever it hears of and whatever rules choose,
// and nobody is mentioned; what counts stops is told of none.
func TestTrial(t *testing.T) {
	var telling sync.Mutex // all at once
	got := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		telling.Lock()
		got[r.URL.Path] += string(body)
		telling.Unlock()
		switch r.URL.Path {
		case "/dingtalk":
			_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
		case "/slack":
			_, _ = io.WriteString(w, "ok")
		case "/feishu":
			_, _ = io.WriteString(w, `{"code":19024,"msg":"Key Words Not Found"}`)
		}
	}))
	defer server.Close()
	env := map[string]string{"PLAIN": server.URL + "/dingtalk", "OWN": server.URL + "/slack", "CHINESE": server.URL + "/feishu", "COUNTS": server.URL + "/counts"}
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(channels), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		var out strings.Builder
		cmd := trial.Command(func(name string) string { return env[name] }, nil, &out)
		cmd.SetArgs(args)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}

	out, err := run("--policy", file, "--channel", "plain", "--channel", "own", "--channel", "chinese", "--channel", "counts", "--channel", "unset")
	if err == nil || err.Error() != "not told: 2 of 5 channels" {
		t.Error(err)
	}
	const want = `plain (dingtalk): took it; see whether it is there
own (slack): took it; see whether it is there
chinese (feishu): not told: Feishu answered code 19024: Key Words Not Found; the robot asks for a keyword: make it flowreaper, which is in every message of flowreaper's own; a template must have it, too
counts (webhook): took it; see whether it is there
unset (webhook): not told: the environment variable UNSET is not set; put the channel's URL there
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	const text = "#### flowreaper: a trial of the channel plain\\n\\nThis is a trial by `flowreaper notify`, which stops nothing. What sweeps do is told here.\\n\\nguardrails"
	told := map[string]string{
		"/dingtalk": `{"msgtype":"markdown","markdown":{"title":"flowreaper: a trial of the channel plain","text":"` + text + `"},"at":{"isAtAll":false}}`,
		"/slack":    `{"text":"trial","unfurl_links":false,"unfurl_media":false}`,
		"/counts":   `{"title":"flowreaper: a trial of the channel counts","stopped":"0","planned":"1"}`,
	}
	for path, want := range told {
		if diff := cmp.Diff(want, got[path]); diff != "" {
			t.Error(path, diff)
		}
	}
	if !strings.Contains(got["/feishu"], "flowreaper：通知渠道 chinese 的试发") {
		t.Error(got["/feishu"])
	}

	if out, err := run("--policy", file, "--channel", "titled"); err != nil || out != "titled (slack): took it; see whether it is there\n" || !strings.HasSuffix(got["/slack"], `{"text":"mine, 1","unfurl_links":false,"unfurl_media":false}`) {
		t.Error(out, err, got["/slack"])
	}
	for _, test := range []struct {
		want string
		args []string
	}{
		{"no policy is given: name its file with --policy", nil},
		{`there is no channel "plian"; did you mean "plain"?`, []string{"--policy", file, "--channel", "plian"}},
		{"the policy nowhere.yaml does not exist: check its name and folder", []string{"--policy", "nowhere.yaml"}},
	} {
		if _, err := run(test.args...); err == nil || err.Error() != test.want {
			t.Errorf("%v: %v, want %s", test.args, err, test.want)
		}
	}
}
