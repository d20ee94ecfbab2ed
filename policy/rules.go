package policy

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
	"github.com/flowreaper/flowreaper/policy/internal/yamltree"
)

// rules reads the rules.
func (d *decoder) rules(root, n *yamltree.Node, mode Mode) []*Rule {
	if n == nil {
		d.fail(root.Position, "rules is missing: a policy without rules stops nothing")
		return nil
	}
	if n.Kind != yamltree.Sequence || len(n.Items) == 0 {
		d.fail(n.Position, "rules must be a list of rules, each beginning with - name:, but is %s", describeList(n))
		return nil
	}
	var rules []*Rule
	lines := map[string]int{}
	for _, item := range n.Items {
		rule := d.rule(item, mode)
		if rule == nil {
			continue
		}
		if line, twice := lines[rule.Name]; twice && rule.Name != "" {
			d.fail(item.Position, "the name %s is given to two rules; first in line %d", rule.Name, line)
		}
		lines[rule.Name] = item.Line
		rules = append(rules, rule)
	}
	return rules
}

var ruleName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// rule reads one rule.
func (d *decoder) rule(n *yamltree.Node, mode Mode) *Rule {
	f := d.fields(n, "a rule", "name", "description", "flows", "maxRuntime", "when", "mode", "error", "cause")
	if f == nil {
		return nil
	}
	r := &Rule{Name: d.ruleName(n, f["name"]), Description: d.text(f["description"], "description"), Mode: mode}
	if f["mode"] != nil {
		r.Mode = mode.Softer(d.mode(f["mode"]))
	}
	if f["flows"] == nil && f["maxRuntime"] == nil && f["when"] == nil {
		d.fail(n.Position, "the rule has no condition and would stop everything: give maxRuntime, when or flows; if that is what you want, write when: true")
	}
	r.flows = d.globs(f["flows"], "flows")
	r.conjuncts = d.conjuncts(r, f)
	r.Error = d.errorText(f["error"], r.Name)
	r.cause = d.cause(f["cause"])
	return r
}

func (d *decoder) ruleName(rule, n *yamltree.Node) string {
	if n == nil {
		d.fail(rule.Position, "the rule has no name: begin it with - name:")
		return ""
	}
	name, ok := d.scalar(n, "name", "a text")
	if ok && !ruleName.MatchString(name) {
		d.fail(n.Position, "name must be 1 to 63 lower-case letters, digits and -, and begin with a letter or digit, but is %s", n.Describe())
	}
	return name
}

// conjuncts collects the conditions of a rule: all of them must hold.
func (d *decoder) conjuncts(r *Rule, f map[string]*yamltree.Node) []conjunct {
	var all []conjunct
	if r.flows != nil {
		all = append(all, r.flows)
	}
	all = append(all, d.maxRuntime(f["maxRuntime"])...)
	for _, e := range d.condition(f["when"], "when") {
		all = append(all, newCondition("when", e))
	}
	return append(d.implied(all), all...)
}

// implied are the conditions that a rule has without saying so. It judges on
// timers and by hand, and only executions that run: one that has ended is never
// condemned, and one that is Starting only where the rule asks for the status.
func (d *decoder) implied(given []conjunct) []conjunct {
	status := `execution.status == "Running"`
	for _, c := range given {
		if c.reads().Has(executionStatus) {
			status = `execution.status in ["Running", "Starting"]`
		}
	}
	var all []conjunct
	for _, text := range []string{`event.kind in ["timer", "manual"]`, status} {
		e, problems := d.language.Condition(text)
		if len(problems) > 0 {
			panic("flowreaper: " + text + ": " + problems[0].Message)
		}
		all = append(all, newCondition("", e))
	}
	return all
}

// maxRuntime is sugar for execution.age > limit.
func (d *decoder) maxRuntime(n *yamltree.Node) []conjunct {
	text, ok := d.scalar(n, "maxRuntime", "a duration such as 2h30m, or vars.NAME")
	if !ok {
		return nil
	}
	limit := text
	if !strings.HasPrefix(text, "vars.") {
		if d.duration(n, "maxRuntime", 0) == 0 {
			return nil
		}
		limit = `duration("` + text + `")`
	} else if !d.isDuration(n, text) {
		return nil
	}
	e, problems := d.language.Condition("execution.age > " + limit)
	if len(problems) > 0 {
		d.fail(n.Position, "maxRuntime: %s", problems[0].Message)
		return nil
	}
	return []conjunct{newCondition("maxRuntime", e)}
}

// isDuration says whether a text names a var that is a duration.
func (d *decoder) isDuration(n *yamltree.Node, text string) bool {
	e, problems := d.language.Compile(text)
	if len(problems) > 0 {
		d.problems(n, "maxRuntime", problems)
		return false
	}
	value, _ := expression.Constant(e.Node)
	if length, ok := asDuration(value); !ok || length <= 0 {
		d.fail(n.Position, "maxRuntime: %s must be a duration longer than 0s, but is %s", text, expression.Format(value))
		return false
	}
	return true
}

// errorText reads what StopExecution is given as Error: 1–128 characters.
func (d *decoder) errorText(n *yamltree.Node, rule string) string {
	if n == nil {
		return "FlowReaper." + rule
	}
	text := d.text(n, "error")
	const most = 128
	if strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > most || strings.ContainsFunc(text, unicode.IsControl) {
		d.fail(n.Position, "error must be 1 to %d characters in one line", most)
	}
	return text
}

// cause compiles the cause's template; nil where there is none.
func (d *decoder) cause(n *yamltree.Node) *expression.Template {
	if n == nil {
		return nil
	}
	text := d.text(n, "cause")
	if strings.TrimSpace(text) == "" {
		d.fail(n.Position, "cause is empty: leave the key out, and the explanation is the cause")
		return nil
	}
	template, problems := d.language.Template(text)
	d.problems(n, "cause", problems)
	return template
}
