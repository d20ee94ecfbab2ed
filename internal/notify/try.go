package notify

import (
	"context"
	"fmt"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// Try sends each of these channels of a policy's a message which says that it is a trial, and
// mentions nobody; its errors are Send's. A channel's own template and body are filled in with
// an execution that isn't there: a robot is told that it was stopped, so that the template
// shows one, and a webhook, which may count what it hears, that it would be.
func Try(ctx context.Context, p *policy.Policy, channels []policy.Channel, o Options) ([]*Error, error) {
	n, err := For(p, o)
	if err != nil {
		return nil, err
	}
	n.config, n.routes, n.memories = nil, nil, nil
	for _, c := range channels {
		n.config, n.memories = append(n.config, onTrial(c)), append(n.memories, &memory{})
	}
	now := n.options.Now()
	report := &result.Report{
		Version: 1, RunID: "trial", Trigger: result.Trigger{Kind: "manual", Name: "trial"}, Policy: result.PolicyRef{Name: p.Name, Hash: p.Hash},
		Mode: policy.ModePlan, StartedAt: now, FinishedAt: now, Complete: true,
	}
	for _, outcome := range []result.Outcome{result.Stopped, result.Planned} {
		report.Decisions = append(report.Decisions, result.Decision{
			Flow: "trial", Execution: "trial", Rule: "trial", Verdict: policy.Stop, StartedTime: now, Reason: "a trial of this channel", Outcome: outcome,
		})
	}
	return n.Send(ctx, report), nil
}

// onTrial is a channel whose messages say that they are a trial, whatever it hears of.
func onTrial(c policy.Channel) policy.Channel {
	c.At, c.On = nil, []policy.News{policy.NewsStopped}
	if c.Kind == policy.Webhook {
		c.On = []policy.News{policy.NewsPlanned}
	}
	title, text := "flowreaper: a trial of the channel %s", "This is a trial by `flowreaper notify`, which stops nothing. What sweeps do is told here."
	if c.Language == policy.Chinese {
		title, text = "flowreaper：通知渠道 %s 的试发", "这是 `flowreaper notify` 的试发，它不停止任何执行。清扫做了什么，会在这里告知。"
	}
	if c.Template == "" {
		c.Template = "#### {{template \"title\" .}}\n\n" + text + "\n\n{{.Policy}}"
	}
	if !strings.Contains(c.Template, `define "title"`) {
		c.Template = `{{define "title"}}` + fmt.Sprintf(title, plain.Text(c.Name)) + "{{end}}" + c.Template
	}
	return c
}
