package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

var update = flag.Bool("update", false, "write the golden messages anew")

var finished = time.Date(2026, 8, 2, 1, 0, 0, 0, time.UTC)

// aReport has something of everything.
func aReport() *result.Report {
	return &result.Report{
		RunID:      "4f7c2d",
		Place:      result.Place{Account: "1968132000123456", Region: "cn-hangzhou", Endpoint: "https://cn-hangzhou.fnf.aliyuncs.com", Flowreaper: "v1.2.3"},
		Trigger:    result.Trigger{Kind: "alarm", Name: "etl bill"},
		Policy:     result.PolicyRef{Name: "production-guardrails"},
		Mode:       "enforce",
		FinishedAt: finished,
		Decisions: []result.Decision{
			{Flow: "etl_nightly", Execution: "run-1", Rule: "etl-max-runtime", Outcome: result.Stopped, Reason: `age 3h2m > 2h and flow.name "etl_nightly" matches "^etl"`,
				StartedTime: finished.Add(-3*time.Hour - 2*time.Minute), AgeSeconds: 10920, Cause: "nightly ETL ends within 2h [flowreaper/1 policy=p@12345678 rule=etl-max-runtime run=4f7c2d]"},
			{Flow: "etl_nightly", Execution: "run-2", Rule: "etl-max-runtime", Outcome: result.Stopped, Reason: "age 3h1m > 2h"},
			{Flow: "etl_nightly", Execution: "run-3", Rule: "etl-max-runtime", Outcome: result.AlreadyCompleted, Reason: "age 3h > 2h"},
			{Flow: "orders", Execution: "run-4", Rule: "day", Outcome: result.Failed, Reason: "age 25h > 1d", Message: "AccessDenied: The resources doesn't belong to you.",
				StartedTime: finished.Add(-25 * time.Hour), AgeSeconds: 90000, Cause: "a day is enough [flowreaper/1 policy=p@12345678 rule=day run=4f7c2d]"},
			{Flow: "orders", Execution: "run-5", Rule: "day", Outcome: result.StillRunning, RequestID: "q", Reason: "age 26h > 1d"},
			{Flow: "payroll", Execution: "run-6", Rule: "day", Outcome: result.ProtectedOutcome},
			{Flow: "web", Execution: "run-9", Rule: "half-a-day", Outcome: result.Planned, Reason: "age 13h > 12h"},
			{Flow: "batch", Execution: "run-7", Rule: "day", Outcome: result.WithheldOutcome, Reason: "age 27h > 1d",
				StartedTime: finished.Add(-27 * time.Hour), AgeSeconds: 97200, Cause: "age 27h > 1d [flowreaper/1 policy=p@12345678 rule=day run=4f7c2d]"},
		},
		DecisionsOmitted: 12,
		Withheld:         &result.Withheld{Limit: "maxStops", Condemned: 130, Recent: 12, Max: 100, Allowed: 88, Window: "1h"},
		Undecided:        []result.Undecided{{Flow: "orders", Execution: "run-8", Rule: "priority", Error: "execution.input is not JSON"}},
		Errors: []result.ErrorNote{
			{Code: "InternalServerError", Message: "An internal error has occurred. Please retry.", Count: 3},
			{Code: "Withheld", Message: "130 condemned and 12 stops tried in the last 1h, but maxStops allows 100: nothing is stopped", Count: 1},
		},
	}
}

// stops is a report of n stops.
func stops(n int) *result.Report {
	r := &result.Report{Complete: true, Policy: result.PolicyRef{Name: "p"}, Mode: "enforce", FinishedAt: finished}
	for i := range n {
		r.Decisions = append(r.Decisions, result.Decision{
			Flow: strings.Repeat("f", 128), Execution: fmt.Sprintf("run-%d", i), Rule: "r", Outcome: result.Stopped, Reason: strings.Repeat("停", 400),
		})
	}
	return r
}

func TestGoldenMessages(t *testing.T) {
	for _, language := range []policy.Language{policy.English, policy.Chinese} {
		t.Run(string(language), func(t *testing.T) {
			server := newReceiver(t, "dingtalk")
			everything := []policy.News{policy.NewsStopped, policy.NewsWithheld, policy.NewsFailed, policy.NewsUndecided, policy.NewsPlanned}
			zone := map[policy.Language]string{policy.Chinese: "Asia/Shanghai"}[language]
			send(t, server, policy.Channel{Kind: policy.DingTalk, Language: language, On: everything, TimeZone: zone}, aReport())
			got := server.dingTalk(t)
			text := got.Markdown.Title + "\n\n" + got.Markdown.Text + "\n"
			golden := filepath.Join("testdata", string(language)+".golden.md")
			if *update {
				if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), text); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestWhatTrickles: both are said, what was stopped and what waits.
func TestWhatTrickles(t *testing.T) {
	for language, want := range map[policy.Language][]string{
		policy.English: {", 1 withheld", "the limit maxStops allows 88 more, so the most overdue were stopped, as many as that, and the others wait, until it allows more. Are the rules right? Look at the plan"},
		policy.Chinese: {"，暂缓停止 1 个", "限制 maxStops 还允许 88 次，因此只停止了其中超时最久的，数量以此为限，其余的等到限制再次允许时停止。规则是否正确？请先核对计划"},
	} {
		r := aReport()
		r.Withheld.Trickle = true
		server := newReceiver(t, policy.DingTalk)
		send(t, server, policy.Channel{Kind: policy.DingTalk, Language: language}, r)
		for _, text := range want {
			if got := server.text(t); !strings.Contains(got, text) {
				t.Errorf("no %q in\n%s", text, got)
			}
		}
	}
}

// TestWhatIsLeft is told beside stops, and not where none are on their way.
func TestWhatIsLeft(t *testing.T) {
	left := func(r *result.Report) *result.Report {
		r.Estimate = &result.Estimate{StopsLeft: 9000, Seconds: 4560}
		return r
	}
	for want, r := range map[bool]*result.Report{true: left(stops(1)), false: left(aReport())} {
		server := newReceiver(t, policy.DingTalk)
		send(t, server, policy.Channel{Kind: policy.DingTalk}, r)
		if text := server.text(t); strings.Contains(text, "Still to be stopped: 9000, about 1h16m within the quota.") != want {
			t.Errorf("withheld: %t\n%s", !want, text)
		}
	}
}

func TestLongListsAreCut(t *testing.T) {
	tests := []struct {
		kind  policy.ChannelKind
		stops int
		limit int
		want  string // the last line of the list
	}{
		{policy.DingTalk, 20, 20_000, "- … and 10 more"}, // 20 of these don't fit
		{policy.DingTalk, 1000, 20_000, "- … and 990 more"},
		{policy.Webhook, 1000, 256 << 10, "- … and 900 more"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.kind, test.stops), func(t *testing.T) {
			server := newReceiver(t, test.kind)
			send(t, server, policy.Channel{Kind: test.kind}, stops(test.stops))
			body := server.only(t).body
			if len(body) > test.limit {
				t.Errorf("%d bytes, at most %d fit", len(body), test.limit)
			}
			text := server.text(t)
			if !strings.Contains(text, test.want+"\n") || !strings.Contains(text, fmt.Sprintf("**Stopped: %d**", test.stops)) {
				t.Errorf("no %q in\n%s", test.want, text)
			}
		})
	}
}

// A template of one's own is bounded too, and what can't be cut by naming
// fewer is cut at the end.
func TestTemplates(t *testing.T) {
	long := strings.Repeat("停", 30_000)
	tests := []struct{ name, template, want string }{
		{"counts", "{{.Policy}}: {{.Stopped.Count}}", "p: 3"},
		{"items", "{{range .Stopped.Items}}{{.Execution}} {{end}}", "run-0 run-1 run-2"},
		{"the language's own, for blank", " \n", ""},
		{"a title of one's own", `{{define "title"}}!{{end}}{{template "title" .}}`, "!"},
		{"too long", long, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := newReceiver(t, policy.DingTalk)
			send(t, server, policy.Channel{Kind: policy.DingTalk, Template: test.template}, stops(3))
			if text := server.text(t); test.want != "" && text != test.want {
				t.Errorf("got %q", text)
			}
			if n := len(server.only(t).body); n > 20_000 {
				t.Errorf("%d bytes", n)
			}
		})
	}
}

// A template that would write too much of all items names fewer.
func TestATemplateThatIsTooLongForAllNamesFewer(t *testing.T) {
	server := newReceiver(t, policy.Webhook)
	template := "{{range .Stopped.Items}}" + strings.Repeat("x", 3_000) + "{{end}} and {{.Stopped.More}} more"
	send(t, server, policy.Channel{Kind: policy.Webhook, Template: template}, stops(80))
	var got notify.Message
	if err := json.Unmarshal(server.only(t).body, &got); err != nil {
		t.Fatal(err)
	}
	if n := len(got.Stopped.Items); n != 25 || !strings.HasSuffix(got.Text, " and 55 more") {
		t.Errorf("%d are named: …%s", n, got.Text[max(0, len(got.Text)-20):])
	}
}

// anyTemplate is a body of a template, of what could hold a function.
func anyTemplate(t *rapid.T, depth int) string {
	leaves := []string{
		`{{$x = print $x $x}}`, `{{$x = printf "%999s%s" $x $x}}`, `{{$x = urlquery $x}}`, `{{$x = js $x | html}}`, `{{$x = slice $x 0 2}}`,
		`{{$x = $.Time.Format $x}}`, `{{$x}}`, `{{.}}`, `{{$}}`, `text`, `{{template "a" $}}`, `{{template "b" $}}`, `{{template "items" $.Stopped}}`,
	}
	opening := []string{
		`{{range $.Stopped.Items}}`, `{{range $.Errors}}`, `{{range $i, $e := $.Failed.Items}}`, `{{if $x}}`, `{{with print $x $x}}`, `{{range 1000000000}}`, `{{range $.Stopped.Count}}`,
	}
	var b strings.Builder
	for range rapid.IntRange(1, 3).Draw(t, "parts") {
		if depth == 0 || rapid.Bool().Draw(t, "leaf") {
			b.WriteString(rapid.SampledFrom(leaves).Draw(t, "leaf"))
			continue
		}
		b.WriteString(rapid.SampledFrom(opening[:rapid.SampledFrom([]int{5, 5, 5, len(opening)}).Draw(t, "of")]).Draw(t, "opening"))
		b.WriteString(anyTemplate(t, depth-1) + `{{end}}`)
	}
	return b.String()
}

// Whatever a template is made of, it is refused or ends: this test would not.
func TestNoTemplateHolds(t *testing.T) {
	report := aReport()
	report.Decisions = append(report.Decisions, stops(200).Decisions...)
	quiet := roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("told") })
	ran := 0
	rapid.Check(t, func(t *rapid.T) {
		source := ""
		for _, name := range []string{"a", "b"} {
			source += `{{define "` + name + `"}}{{$x := "11"}}` + anyTemplate(t, 1) + `{{end}}`
		}
		source += `{{$x := "11%<11>"}}` + anyTemplate(t, 3)
		n, err := notify.For(&policy.Policy{Notify: []policy.Channel{{Name: "c", Kind: policy.Webhook, URL: "https://example.com/", Template: source}}}, notify.Options{Transport: quiet})
		if err != nil {
			return
		}
		ran++
		n.Send(context.Background(), report)
	})
	if ran == 0 {
		t.Error("every template was refused")
	}
}

// Which channel hears of what.
func TestNews(t *testing.T) {
	only := func(change func(*result.Report)) *result.Report {
		r := &result.Report{Complete: true, Decisions: []result.Decision{
			{Rule: "r", Outcome: result.Planned}, {Rule: "r", Outcome: result.ProtectedOutcome},
			{Rule: "r", Outcome: result.AlreadyCompleted}, {Rule: "r", Outcome: result.Gone},
		}}
		change(r)
		return r
	}
	decision := func(o result.Outcome) *result.Report {
		return only(func(r *result.Report) {
			r.Decisions = append(r.Decisions, result.Decision{Flow: "f", Execution: "e", Rule: "r", Outcome: o, RequestID: "q"})
		})
	}
	limit := only(func(r *result.Report) { r.Withheld = &result.Withheld{Limit: "maxStops"} })
	undecided := only(func(r *result.Report) { r.Undecided = []result.Undecided{{Rule: "r"}} })
	failed := only(func(r *result.Report) { r.Errors = []result.ErrorNote{{Code: "c"}} })
	noPlan := decision(result.Stopped)
	noPlan.Decisions = noPlan.Decisions[1:]
	stale := decision(result.Stopped)
	stale.Answered = "stale"
	chosen := map[string][]string{"r": {"other"}}
	tests := []struct {
		name   string
		on     []policy.News
		routes map[string][]string
		report *result.Report
		want   bool
	}{
		{"nothing happened", nil, nil, only(func(*result.Report) {}), false},
		{"an incomplete sweep alone", nil, nil, only(func(r *result.Report) { r.Complete = false }), false},
		{"a stop", nil, nil, decision(result.Stopped), true},
		{"a stop, on: withheld", []policy.News{policy.NewsWithheld}, nil, decision(result.Stopped), false},
		{"a stop of a rule for another channel", nil, chosen, decision(result.Stopped), false},
		{"a stop of a rule for this one", nil, map[string][]string{"r": {"other", "channel"}}, decision(result.Stopped), true},
		{"a stop of a rule for none", nil, map[string][]string{"r": {}}, decision(result.Stopped), false},
		{"a stop of a rule that doesn't choose", nil, map[string][]string{"s": {"other"}}, decision(result.Stopped), true},
		{"a failed stop", []policy.News{policy.NewsFailed}, nil, decision(result.Failed), true},
		{"one that still runs", []policy.News{policy.NewsFailed}, nil, decision(result.StillRunning), true},
		{"a failed stop, on: stopped", []policy.News{policy.NewsStopped}, nil, decision(result.Failed), false},
		{"errors", []policy.News{policy.NewsFailed}, nil, failed, true},
		{"errors, on: stopped", []policy.News{policy.NewsStopped}, nil, failed, false},
		{"the limits", []policy.News{policy.NewsWithheld}, chosen, limit, true},
		{"the limits, on: stopped", []policy.News{policy.NewsStopped}, nil, limit, false},
		{"undecided", []policy.News{policy.NewsUndecided}, nil, undecided, true},
		{"undecided, a rule for another channel", nil, chosen, undecided, false},
		{"a plan", nil, nil, decision(result.Planned), false},
		{"a plan, on: planned", []policy.News{policy.NewsPlanned}, nil, decision(result.Planned), true},
		{"a plan of a rule for another channel", []policy.News{policy.NewsPlanned}, chosen, decision(result.Planned), false},
		{"a stop, and what is protected, on: planned", []policy.News{policy.NewsPlanned}, nil, noPlan, false},
		{"a sweep that didn't look", nil, nil, stale, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := newReceiver(t, policy.Webhook)
			channels := []policy.Channel{
				{Name: "channel", Kind: policy.Webhook, URL: server.URL, On: test.on},
				{Name: "other", Kind: policy.Webhook, URL: server.URL + "/other", On: []policy.News{}},
			}
			p := &policy.Policy{Notify: channels}
			for rule, to := range test.routes {
				p.Rules = append(p.Rules, &policy.Rule{Name: rule, Notify: to})
			}
			n, err := notify.For(p, notify.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if errs := n.Send(t.Context(), test.report); errs != nil {
				t.Fatal(errs)
			}
			if got := server.at("/") == 1; got != test.want {
				t.Errorf("told: %t, want %t", got, test.want)
			}
		})
	}
}

// Whatever a flow, an execution or an error calls itself, the message has the
// template's lines and formatting and no others.
func TestNothingIsForged(t *testing.T) {
	tests := []struct{ name, want string }{
		{"[click](https://evil.example)", "［click］(https：／／evil.example)"},
		{"![x](data:y)", "!［x］(data:y)"},
		{"<a href='x'>@all", "＜a href='x'＞＠all"},
		{"a\n\n# all is well\n- x", "a  ＃ all is well - x"},
		{"**b** _i_ snake_case `c` ~s~", "＊＊b＊＊ ＿i＿ snake_case ｀c｀ ～s～"},
		{`\[x\]`, "＼［x＼］"},
		{"&#64;all &lt;", "＆＃64;all ＆lt;"},
		{"a\u202egnp.exe\u200b\x00\u2028b\xff", "agnp.exe  b\ufffd"},
		{"| a | b |", "｜ a ｜ b ｜"},
		{"<at id=all></at><at user_id=\"all\">", "＜at id=all＞＜/at＞＜at user_id=\"all\"＞"},
		{"<!channel> <!here|x> <@U012AB3CD> <@all>", "＜!channel＞ ＜!here｜x＞ ＜＠U012AB3CD＞ ＜＠all＞"},
		{"@13800000000 <font color='info'>", "＠13800000000 ＜font color='info'＞"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for kind := range vendors {
				r := stops(1)
				r.Decisions[0].Flow, r.Decisions[0].Reason = test.name, "x"
				want := "- flow " + test.want + ", execution run-0, rule r: x\n"
				if text, _ := receive(t, kind, r); !strings.Contains(text, want) {
					t.Errorf("%s: no %q in\n%s", kind, want, text)
				}
			}
		})
	}
}

func TestNothingIsForgedByAnyText(t *testing.T) {
	for kind := range vendors {
		t.Run(string(kind), func(t *testing.T) {
			plain, _ := receive(t, kind, named("x"))
			rapid.Check(t, func(rt *rapid.T) {
				evil := rapid.StringOfN(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("[]()!#*_`<>@&|~\\\n\r\u2028:/-+="))), 0, 50, -1).Draw(rt, "name")
				got, at := receive(t, kind, named(evil))
				for _, mark := range []string{"\n", "[", "]", "#", "*", "`", "<", ">", "@", "|", "~", "\\", "&", "://"} {
					if strings.Count(got, mark) != strings.Count(plain, mark) {
						rt.Errorf("%q adds %q:\n%s", evil, mark, got)
					}
				}
				if !utf8.ValidString(got) {
					rt.Errorf("%q makes it invalid UTF-8", evil)
				}
				if at {
					rt.Errorf("%q mentions somebody", evil)
				}
			})
		})
	}
}

// named is a report in which everything that comes from elsewhere is name.
func named(name string) *result.Report {
	r := aReport()
	r.RunID, r.Trigger.Name, r.Policy.Name, r.Withheld.Window = name, "t"+name, name, "w"+name
	for i := range r.Decisions {
		d := &r.Decisions[i]
		d.Flow, d.Execution, d.Rule, d.Reason, d.Message, d.Cause = name, "e"+name, name, name, name, "c"+name
	}
	for i := range r.Undecided {
		r.Undecided[i] = result.Undecided{Flow: name, Execution: "e" + name, Rule: name, Error: name}
	}
	r.Errors[0].Code, r.Errors[0].Message = name, name
	return r
}

// receive returns what a robot shows of a message, and whether it mentions anybody by
// other means than its text.
func receive(t *testing.T, kind policy.ChannelKind, r *result.Report) (text string, at bool) {
	t.Helper()
	transport := &recorder{answer: `{"errcode":0,"code":0}`}
	if kind == policy.SlackHook {
		transport.answer = "ok"
	}
	n := newNotifier(t, []policy.Channel{{Name: "channel", Kind: kind, URL: "https://example.com/"}}, notify.Options{Transport: transport})
	if errs := n.Send(t.Context(), r); errs != nil {
		t.Fatal(errs)
	}
	var got said
	if err := json.Unmarshal(transport.body, &got); err != nil {
		t.Fatal(errors.Join(err, fmt.Errorf("%s", transport.body)))
	}
	return got.shown(), got.At.IsAtAll || len(got.At.AtMobiles)+len(got.At.AtUserIds) > 0
}
