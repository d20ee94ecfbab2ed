package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

func warnings(n int) *result.Report {
	r := &result.Report{Version: 1, RunID: "run", Policy: result.PolicyRef{Name: "p"}, Complete: true, FinishedAt: time.Unix(1785632400, 0)}
	for i := range n {
		r.Warnings = append(r.Warnings, result.Warning{
			Flow: "etl", Execution: fmt.Sprintf("run-%04d", i), Rule: "two-hours", StopAt: time.Date(2026, 5, 4, 14, 32, 0, 0, time.UTC), Reason: "age 2h > 2h", RuleID: "id",
		})
	}
	return r
}

// TestWhatIsWarnedOf: only what a message names, and a channel took, counts as warned of.
func TestWhatIsWarnedOf(t *testing.T) {
	for _, test := range []struct {
		name    string
		channel policy.Channel
		n, want int
		says    string
	}{
		{"English", policy.Channel{Kind: policy.DingTalk}, 1, 1,
			"**Will be stopped, unless it ends before, or is protected: 1**\n\n- flow etl, execution run-0000, rule two-hours, at 2026-05-04 14:32 UTC: age 2h ＞ 2h"},
		{"Chinese", policy.Channel{Kind: policy.DingTalk, Language: policy.Chinese}, 1, 1,
			"**即将停止（除非在此之前结束或受到保护）：1 个**\n\n- 流程 etl，执行 run-0000，规则 two-hours，UTC 2026-05-04 14:32 停止：age 2h ＞ 2h"},
		{"more than a robot's message holds", policy.Channel{Kind: policy.DingTalk}, 100, 20, "- … and 80 more, which the next message names"},
		{"a template that names none", policy.Channel{Kind: policy.DingTalk, Template: "{{.Warned.Count}} will be stopped"}, 3, 0, "3 will be stopped"},
		{"a channel of other news", policy.Channel{Kind: policy.Webhook, On: []policy.News{policy.NewsStopped}}, 3, 0, ""},
		{"a webhook", policy.Channel{Kind: policy.Webhook, Template: "x"}, 3, 3, "x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := newReceiver(t, test.channel.Kind)
			test.channel.Name, test.channel.URL = "channel", server.URL
			var taken []result.Warning
			n := newNotifier(t, []policy.Channel{test.channel}, notify.Options{Warned: func(w []result.Warning) { taken = w }})
			if errs := n.Send(t.Context(), warnings(test.n)); errs != nil {
				t.Fatal(errs)
			}
			if len(taken) != test.want {
				t.Errorf("%d were taken, want %d", len(taken), test.want)
			}
			if test.says != "" && !strings.Contains(server.text(t), test.says) {
				t.Errorf("no %q in\n%s", test.says, server.text(t))
			}
		})
	}
}

// TestWhatNoChannelTook counts as not warned of, and is told again.
func TestWhatNoChannelTook(t *testing.T) {
	var taken []result.Warning
	down := policy.Channel{Name: "down", Kind: policy.Webhook, URL: "http://127.0.0.1:1/"}
	n := newNotifier(t, []policy.Channel{down}, notify.Options{Warned: func(w []result.Warning) { taken = w }})
	for range 2 {
		if errs := n.Send(t.Context(), warnings(1)); len(errs) != 1 || len(taken) > 0 {
			t.Errorf("errors %v, taken %v", errs, taken)
		}
	}
}
