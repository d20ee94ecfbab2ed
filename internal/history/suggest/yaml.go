package suggest

import (
	"fmt"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// Policy is the rules as a policy in mode plan, each with what it is based on. It is
// "" where there is none.
func (r *Result) Policy() string {
	if len(r.Rules) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("# yaml-language-server: $schema=./policy.schema.json\n")
	comment(&b, "", "Suggested by flowreaper suggest, of executions that started from %s to %s: at most %s of good runs are to be stopped; margin %v.",
		day(r.From), day(r.To), plain.Percent(r.FalseStops), r.Margin)
	for _, n := range r.Notes {
		comment(&b, "", "Note: %s.", n.Message)
	}
	b.WriteString("version: 1\npolicy: suggested\nmode: plan                       # reports only; enforce stops\nrules:\n")
	for _, rule := range r.Rules {
		for _, g := range rule.groups {
			g.explain(&b)
		}
		fmt.Fprintf(&b, "  - name: %q\n    flows: %s\n    maxRuntime: %s\n", rule.Name, list(rule.Flows), rule.MaxRuntime)
	}
	for _, g := range r.Groups {
		if g.Refused != nil {
			comment(&b, "", "No rule for %s: %s.", g.Name, g.Refused.Message)
		}
	}
	return b.String()
}

// explain says what a limit is based on.
func (g *Group) explain(b *strings.Builder) {
	comment(b, "  ", "%s: %s, p50 %s, p95 %s, p99 %s, longest %s; limit %s.", g.Name, plain.Count(g.Sample.Succeeded, "good run"),
		g.P50, g.P95, g.P99, rough(g.LongestSeconds), g.Limit.Duration)
	comment(b, "  ", "Stops %s of good runs, at 95%% confidence; of these here %d, and %s that did not end well: %.1f hours saved.",
		g.Limit.FalseStops, g.Limit.StoppedGood, plain.Count(g.Limit.StoppedOthers, "execution"), g.Limit.HoursSaved)
	for _, n := range g.Notes {
		comment(b, "  ", "Note: %s.", n.Message)
	}
}

// Tests are the tests of [Result.Policy] in a file of that name: each flow may run as
// long as its good runs do, and no longer than its limit.
func (r *Result) Tests(policy string) string {
	if len(r.Rules) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("# yaml-language-server: $schema=./policytest.schema.json\n")
	fmt.Fprintf(&b, "version: 1\npolicy: %s\nnow: %s\ncases:\n", quoted(policy), r.To.UTC().Truncate(time.Second).Format(time.RFC3339))
	for _, rule := range r.Rules {
		fmt.Fprintf(&b, "  - name: \"%s: good runs go on, longer ones are stopped\"\n    flows:\n", rule.Name)
		for _, g := range rule.groups {
			for _, flow := range namesOf(g) {
				fmt.Fprintf(&b, "      - name: %q\n        executions:\n", flow)
				fmt.Fprintf(&b, "          - {name: as-good-runs, startedAgo: %s}\n", g.asGood())
				fmt.Fprintf(&b, "          - {name: longer, startedAgo: %s1ms, want: {decision: stop, rule: %q}}\n", rule.MaxRuntime, rule.Name)
			}
		}
	}
	return b.String()
}

// asGood is a length that must be let be: the longest good run's, or, where the limit
// stops that one, as long as 95% of them.
func (g *Group) asGood() string {
	longest := g.LongestSeconds
	if longest > g.Limit.Seconds {
		longest = g.P95.Seconds
	}
	return limitText(time.Duration(longest * float64(time.Second)))
}

const unknown = "?"

// String is a length as people say it, and ? where it isn't known.
func (l *Length) String() string {
	if l == nil {
		return unknown
	}
	return rough(l.Seconds)
}

func rough(seconds float64) string { return text(int64(seconds * 1000)) }

// comment writes a line that holds whatever names hold, and is none but a comment.
func comment(b *strings.Builder, indent, format string, args ...any) {
	b.WriteString(indent + "# " + plain.Text(fmt.Sprintf(format, args...)) + "\n")
}

// list is a list of names, in lines of a hundred characters or so.
func list(names []string) string {
	var b strings.Builder
	line := len("    flows: [")
	b.WriteString("[")
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		if line += len(name) + len(`"", `); i > 0 && line > 100 {
			b.WriteString("\n      ")
			line = len(name)
		}
		b.WriteString(quoted(name))
	}
	return strings.ReplaceAll(b.String(), ", \n", ",\n") + "]"
}

// quoted is a name as YAML and JSON read it, so that "off" stays a text.
func quoted(name string) string { return fmt.Sprintf("%q", plain.Text(name)) }

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
