package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// What a base says binds those that extend it: protect only grows, limits only tighten, a
// mode only softens. What it doesn't say it leaves to them.

// checkExtends refuses what would let more be stopped than the bases allow.
func (d *decoder) checkExtends(bases *whole, f map[string]*yamltree.Node) {
	d.checkMode(bases.sections["mode"], f["mode"], "mode")
	d.checkLimits(bases, f["limits"])
	d.checkRules(bases, f["rules"])
	d.checkProtect(bases, f)
}

// checkMode refuses enforce over plan.
func (d *decoder) checkMode(was, n *yamltree.Node, key string) {
	if was != nil && n != nil && was.Text == string(ModePlan) && n.Text == string(ModeEnforce) {
		d.fail(n.Position, "%s only softens: enforce is harder than the plan at %s: leave it out, or correct it there", key, d.place(was.Position))
	}
}

// checkLimits refuses limits that are looser than the bases'. Those that limits doesn't
// give have their defaults, which hold, too.
func (d *decoder) checkLimits(bases *whole, n *yamltree.Node) {
	was := bases.sections["limits"]
	if was == nil || n == nil || was.Kind != yamltree.Mapping || n.Kind != yamltree.Mapping {
		return
	}
	quiet := newDecoder("", nil)
	base, own := quiet.limits(was), quiet.limits((&whole{}).entries("limits", was, n))
	if len(quiet.errors) > 0 {
		return // it will be said
	}
	for _, limit := range []struct {
		key    string
		looser bool
		is     string
	}{
		{"maxStops", own.MaxStops > base.MaxStops, fmt.Sprint(base.MaxStops)},
		{"per", own.Per < base.Per, duration.Format(base.Per)},
		{"maxShare", own.MaxShare > base.MaxShare, fmt.Sprintf("%g%%", base.MaxShare*100)},
		{"floor", own.Floor > base.Floor, fmt.Sprint(base.Floor)},
		{"over", own.Over != base.Over && own.Over == Trickle, string(base.Over)},
	} {
		if limit.looser {
			d.fail(n.Value(limit.key).Position, "limits only tighten: %s %s is looser than the %s of the limits at %s: leave it out, or correct it there",
				limit.key, n.Value(limit.key).Text, limit.is, d.place(was.Position))
		}
	}
}

// checkRules refuses rules that are harder than those in whose place they stand, and
// rules without limits where the bases have some.
func (d *decoder) checkRules(bases *whole, n *yamltree.Node) {
	if n == nil {
		return
	}
	old := map[string]*yamltree.Node{}
	if was := bases.sections["rules"]; was != nil {
		for _, item := range was.Items {
			old[item.Value("name").Text] = item
		}
	}
	for _, item := range n.Items {
		was, replaced := old[item.Value("name").Text]
		if replaced && was.Value("mode").Text == string(ModePlan) && item.Value("mode").Text != string(ModePlan) {
			d.fail(item.Position, "mode only softens: the rule at %s, in whose place this stands, is in plan: write mode: plan here, too, or correct it there", d.place(was.Position))
		}
		if item.Value("limits").Text != "none" || replaced && was.Value("limits").Text == "none" {
			continue
		}
		switch limits := bases.sections["limits"]; {
		case replaced:
			d.fail(item.Value("limits").Position, "limits only tighten: the rule at %s, in whose place this stands, keeps them: leave limits: none out, or write it there", d.place(was.Position))
		case limits != nil:
			d.fail(item.Value("limits").Position, "limits only tighten: those at %s hold for every rule: leave limits: none out, or put the rule there", d.place(limits.Position))
		}
	}
}

// checkProtect refuses what could take out of the bases' protect what is in it.
func (d *decoder) checkProtect(bases *whole, f map[string]*yamltree.Node) {
	for _, was := range bases.protects {
		if flows := was.Value("flows"); f["protect"] != nil && !flows.IsEmpty() {
			for _, item := range asList(f["protect"].Value("flows")) {
				if strings.HasPrefix(item.Text, "!") {
					d.fail(item.Position, "protect only grows: %s could take out what is protected at %s: name what shall be protected, too", quote(item.Text), d.place(flows.Position))
				}
			}
		}
		d.checkRead(bases.sections["vars"], f["vars"], was, "vars.")
		d.checkRead(bases.sections["calendars"], f["calendars"], was, "the calendar ")
		if prices := bases.sections["pricing"]; prices != nil && f["pricing"] != nil && mentions(was, "cost") && !same(prices, f["pricing"]) {
			d.fail(f["pricing"].Position, "protect only grows: the protect at %s reads the cost, and these prices could have it let go: leave them as they are at %s", d.place(was.Position), d.place(prices.Position))
		}
	}
}

// checkRead refuses other values for what a base's protect reads.
func (d *decoder) checkRead(was, n, protect *yamltree.Node, what string) {
	if was == nil || n == nil {
		return
	}
	for _, entry := range n.Entries {
		name := entry.Key.Text
		if old := was.Value(name); !old.IsEmpty() && !d.alike(old, entry.Value) && mentions(protect, name) {
			d.fail(entry.Key.Position, "protect only grows: the protect at %s reads %s%s, and another one could have it let go: give this another name, or leave it as it is at %s",
				d.place(protect.Position), what, name, d.place(old.Position))
		}
	}
}

// mentions says whether a name stands in a text of a node, as a word: rather once too
// often. A name with a - is one of a calendar; in vars.limit-duration("1h") it is a minus.
func mentions(n *yamltree.Node, name string) bool {
	return inTexts(n, regexp.MustCompile(`(^|[^A-Za-z0-9_])`+regexp.QuoteMeta(name)+`([^A-Za-z0-9_]|$)`))
}

func inTexts(n *yamltree.Node, word *regexp.Regexp) bool {
	return n.Kind == yamltree.Scalar && word.MatchString(n.Text) ||
		slices.ContainsFunc(n.Entries, func(e yamltree.Entry) bool { return inTexts(e.Value, word) }) ||
		slices.ContainsFunc(n.Items, func(item *yamltree.Node) bool { return inTexts(item, word) })
}

// alike says whether two nodes say the same where they stand: a file's name is another
// file's in another folder.
func (d *decoder) alike(a, b *yamltree.Node) bool {
	return same(a, b) && (a.Value("file").IsEmpty() || d.folder(a.Line) == d.folder(b.Line))
}

// same says whether two nodes say the same.
func same(a, b *yamltree.Node) bool {
	var one, other printer
	one.node(a, 0)
	other.node(b, 0)
	return one.String() == other.String()
}
