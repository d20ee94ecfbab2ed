package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// rules reads the rules.
func (d *decoder) rules(n *yamltree.Node, p *Policy) []*Rule {
	var rules []*Rule
	for _, item := range d.items(n, "rules must be a list of rules, each beginning with - name:") {
		rules = append(rules, d.rule(item, p))
	}
	return rules
}

var ruleName = pattern.Of(`^[a-z0-9][a-z0-9-]*$`)

const maxRuleName = 63

var ruleKeys = []string{
	"name", "description", "flows", "warnBefore", "maxRuntime", "endBy", "when", "window", "on", "mode", "maxCost", "maxConcurrent",
	"countBy", "stopFirst", "mapChildren", "error", "cause", "limits", "for", "notify",
}

// conditionKeys are the keys of which a rule must have one.
var conditionKeys = []string{"flows", "maxRuntime", "endBy", "when", "window", "on", "maxCost", "maxConcurrent"}

// rule reads one rule.
func (d *decoder) rule(n *yamltree.Node, p *Policy) *Rule {
	f := d.fields(n, "a rule", ruleKeys...)
	if f == nil {
		return nil
	}
	r := &Rule{Name: d.named(n, f, "rule"), Mode: p.Mode, place: *d.errorAt(n.Position, "")}
	r.Description, _ = d.text(f["description"], "description")
	if f["mode"] != nil {
		r.Mode = p.Mode.Softer(d.mode(f["mode"]))
	}
	if lacks(f, conditionKeys...) {
		d.fail(n.Position, "the rule has no condition and would stop everything: give maxRuntime or when; if that is what you want, write when: true")
	}
	r.On = d.triggers(f["on"])
	d.emergency(r, f)
	r.flows = d.globs(f["flows"], "flows")
	d.warnBefore(r, f["warnBefore"])
	d.conjuncts(r, f, p)
	r.Error = d.errorText(f["error"], r.Name)
	r.cause = d.cause(f["cause"])
	r.Notify = d.notified(f["notify"], p.Notify)
	d.mayWarn(r, f["warnBefore"], p.Notify)
	return r
}

// named reads the name of an entry, what it may be: a rule, a channel. No other of
// its kind may have it.
func (d *decoder) named(entry *yamltree.Node, f map[string]*yamltree.Node, what string) string {
	if lacks(f, "name") {
		d.fail(entry.Position, "the %s has no name: begin it with - name:", what)
	}
	n := f["name"]
	name, ok := d.scalar(n, "name", "a text")
	if ok && (!ruleName().MatchString(name) || len(name) > maxRuleName) {
		d.fail(n.Position, "name must be 1 to 63 lower-case letters, digits and -, and begin with a letter or digit, but is %s", n.Describe())
	}
	if line, twice := d.names[what+" "+name]; twice {
		d.fail(entry.Position, "the name %s is given to two %ss; first in %s", name, what, d.line(line))
	}
	if name != "" {
		d.names[what+" "+name] = entry.Line
	}
	return name
}

// conjuncts collects the conditions of a rule: all of them must hold.
func (d *decoder) conjuncts(r *Rule, f map[string]*yamltree.Node, p *Policy) {
	var given []conjunct
	if r.flows != nil {
		given = append(given, r.flows)
	}
	given = append(given, d.maxRuntime(f["maxRuntime"])...)
	given = append(given, d.endBy(f["endBy"])...)
	given = append(given, d.maxCost(f["maxCost"], p.Pricing)...)
	for _, e := range d.condition(f["when"], "when") {
		given = append(given, newCondition("when", e))
		if e.Reads().Has(executionCost) && p.Pricing == nil {
			d.fail(f["when"].Position, "when reads execution.cost, which needs pricing")
		}
	}
	given = append(given, d.windows(f["window"])...)
	r.conjuncts = append(d.always(r, given), given...)
	if c := d.concurrency(r, f); c != nil {
		r.conjuncts = append(r.conjuncts, c)
	}
	r.ordered, r.stays = cheapestFirst(r.conjuncts), stay(r.conjuncts, true)
	r.identify()
}

// always are the conditions that a rule has without saying so. It judges on
// what its on says, and only executions that run: one that has ended is never
// condemned, and one that is Starting only by a rule on events, or one that asks
// for the status.
func (d *decoder) always(r *Rule, given []conjunct) []conjunct {
	status := `execution.status == "Running"`
	asks := func(c conjunct) bool { return c.reads().Has(executionStatus) }
	if slices.Contains(r.On, OnEvent) || slices.ContainsFunc(given, asks) {
		status = `execution.status in ["Running", "Starting"]`
	}
	var all []conjunct
	for _, text := range []string{onText(r.On), status} {
		if d.implied[text] == nil {
			d.implied[text] = d.sugar("", text)
		}
		all = append(all, d.implied[text]...)
	}
	return all
}

// sugar compiles conditions that a key of the file, or none, means.
func (d *decoder) sugar(key, text string) []conjunct {
	var all []conjunct
	conditions, problems := d.language.Conditions(text)
	if len(problems) > 0 {
		panic("flowreaper: " + text + ": " + problems[0].Message)
	}
	for _, e := range conditions {
		all = append(all, newCondition(key, e))
	}
	return all
}

// maxCost is sugar for execution.cost > limit; what is unpriced it never stops.
func (d *decoder) maxCost(n *yamltree.Node, pricing *Pricing) []conjunct {
	if n == nil {
		return nil
	}
	limit := d.price(n, "maxCost")
	if pricing == nil {
		d.fail(n.Position, "maxCost needs pricing: without prices there is no cost")
	}
	text := strconv.FormatFloat(limit, 'f', -1, 64)
	return slices.Concat(d.sugar("", "execution.cost != nil"), d.sugar("maxCost", "execution.cost > "+text))
}

// maxRuntime is sugar for execution.age > limit.
func (d *decoder) maxRuntime(n *yamltree.Node) []conjunct {
	text, ok := d.scalar(n, "maxRuntime", "a duration such as 2h30m, or vars.NAME")
	if !ok {
		return nil
	}
	limit := text
	if name := strings.Trim(text, "${} "); !strings.HasPrefix(text, "vars.") && d.isVar(name) {
		d.fail(n.Position, "maxRuntime: %s is a var: write vars.%s", text, strings.TrimPrefix(name, "vars."))
		return nil
	}
	if !strings.HasPrefix(text, "vars.") {
		if d.duration(n, "maxRuntime", 0) == 0 {
			return nil
		}
		limit = `duration("` + text + `")`
	} else if !d.isDuration(n, text) {
		return nil
	}
	return d.sugar("maxRuntime", "execution.age > "+limit)
}

// isVar says whether a text names a var, with or without vars. before it.
func (d *decoder) isVar(name string) bool {
	name = strings.TrimPrefix(name, "vars.")
	if !plainName().MatchString(name) {
		return false
	}
	_, problems := d.language.Compile("vars." + name)
	return len(problems) == 0
}

// isDuration says whether a text names a var that is a duration.
func (d *decoder) isDuration(n *yamltree.Node, text string) bool {
	e, problems := d.language.Compile(text)
	if len(problems) > 0 {
		d.problems(n, "maxRuntime", problems)
		return false
	}
	value, _ := e.Constant()
	if length, ok := asDuration(value); !ok || length <= 0 {
		because := ""
		if _, list := value.([]any); !list && !ok {
			_, err := duration.Parse(expression.Format(value))
			because = ": " + err.Error()
		}
		d.fail(n.Position, "maxRuntime: %s must be a duration longer than 0s, but is %s%s", text, expression.Format(value), because)
		return false
	}
	return true
}

// maxError is how many characters StopExecution takes as Error.
const maxError = 128

// errorText reads what StopExecution is given as Error.
func (d *decoder) errorText(n *yamltree.Node, rule string) string {
	if n == nil {
		return "FlowReaper." + rule
	}
	text, ok := d.text(n, "error")
	if !ok {
		return ""
	}
	if !isLine(text, maxError) {
		d.fail(n.Position, "error must be 1 to %d characters in one line", maxError)
	}
	return text
}

// cause compiles the cause's template; nil where there is none.
func (d *decoder) cause(n *yamltree.Node) *expression.Template {
	text, ok := d.text(n, "cause")
	if !ok {
		return nil
	}
	if strings.TrimSpace(text) == "" {
		d.fail(n.Position, "cause is empty: leave the key out, and the explanation is the cause")
		return nil
	}
	template, problems := d.language.Template(text)
	d.problems(n, "cause", problems)
	return template
}
