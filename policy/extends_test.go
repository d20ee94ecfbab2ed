package policy

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// beside are files beside a policy, by their names.
type beside map[string]string

func (b beside) read(name string) ([]byte, error) {
	text, ok := b[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

// extending reads a policy with its bases.
func extending(t *testing.T, text string, files beside) *Policy {
	t.Helper()
	p, err := ParseWith("place/policy.yaml", []byte(text), files.read)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const base = `version: 1
policy: everywhere
vars: {limit: 2h, owner: ops}
calendars: {holidays: {days: ["2027-01-01"]}}
protect: {flows: ["payroll-*", "!payroll-test"], when: 'flow.env.OWNER == vars.owner'}
limits: {maxStops: 20, over: withhold}
notify: [{name: security, kind: webhook, urlEnv: SECURITY_URL}]
rules:
  - {name: a, flows: ["etl-*"], maxRuntime: vars.limit}
  - {name: b, mode: plan, maxRuntime: 9h}
`

func TestExtends(t *testing.T) {
	p := extending(t, `version: 1
extends: shared/base.yaml
mode: enforce
vars: {limit: 3h, more: 5}
protect: {flows: [payroll-test-kept], when: vars.more == 6}
limits: {maxStops: 5, per: 2h}
notify: [{name: own, kind: webhook, urlEnv: OWN_URL}]
rules:
  - {name: c, maxRuntime: 24h, notify: [security, own]}
  - {name: a, flows: ["etl-*"], maxRuntime: vars.limit, when: execution.input.keep != true}
`, beside{"shared/base.yaml": base})
	var rules []string
	for _, r := range p.Rules {
		rules = append(rules, fmt.Sprint(r.Name, " ", r.Mode, " ", len(r.conjuncts)))
	}
	if diff := cmp.Diff([]string{"a enforce 5", "b plan 3", "c enforce 3"}, rules); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]bool{"payroll-a": true, "payroll-test": false, "payroll-test-kept": true, "etl-a": false} {
		f := with(flowNamed(name))
		if held, _, _ := p.protection.holds(&judgement{facts: *f}); held != want {
			t.Errorf("%s is protected: %t", name, held)
		}
	}
	f := facts()
	f.Flow.Env = map[string]string{"OWNER": "ops"}
	if v := p.Judge(f); v.Decision != Protected {
		t.Error("the base's protect does not hold")
	}
	if p.Name != "everywhere" || p.Mode != ModeEnforce || p.Limits.MaxStops != 5 || p.Limits.Floor != 10 || len(p.Notify) != 2 || p.Files()[0].Name != "shared/base.yaml" {
		t.Errorf("%+v", p)
	}
	if v := p.Judge(with(aged(150*1e9*60), flowNamed("etl-a"))); v.Decision != Keep { // 2h30m: the base's limit is 2h
		t.Errorf("judged by the base's limit: %v", v.Decision)
	}
}

// A condition, a list of flows or a window holds whatever the others say, comments and all.
func TestExtendsProtectOnlyGrows(t *testing.T) {
	files := beside{"base.yaml": "version: 1\nprotect: {window: {days: Mon}, when: 'flow.name == \"a\" // or what follows'}\nrules: [{name: r, maxRuntime: 1m}]\n"}
	p := extending(t, "version: 1\nextends: base.yaml\nprotect: {flows: [c], window: {days: Tue}, when: 'flow.name == \"b\" and true'}\n", files)
	monday := testNow.AddDate(0, 0, -2)
	for _, test := range []struct {
		flow string
		days int
		want bool
	}{{"a", 2, true}, {"b", 2, true}, {"c", 2, true}, {"d", 2, false}, {"d", 0, true}, {"d", 1, true}} {
		f := with(flowNamed(test.flow))
		f.Now = monday.AddDate(0, 0, test.days)
		f.Execution.StartedTime = f.Now.Add(-time.Hour)
		if v := p.Judge(f); (v.Decision == Protected) != test.want {
			t.Errorf("%+v: %s", test, v.Decision)
		}
	}
}

// The hash is over all that was read.
func TestExtendsHash(t *testing.T) {
	top := "version: 1\nextends: base.yaml\n"
	one := extending(t, top, beside{"base.yaml": base})
	other := extending(t, top, beside{"base.yaml": base + "# changed\n"})
	if one.Hash == other.Hash {
		t.Error("a change of the base changes no hash")
	}
	if again, err := ParseWith("policy.yaml", []byte(top), one.Files().Read); err != nil || again.Hash != one.Hash {
		t.Error(err)
	}
}

// Every mistake is said once, in the file that has it, with the line and the caret.
func TestExtendsMistakes(t *testing.T) {
	files := beside{
		"base.yaml": base, "self.yaml": "version: 1\nextends: self.yaml\n", "round.yaml": "version: 1\nextends: policy.yaml\n",
		"1.yaml": "version: 1\nextends: 2.yaml\n", "2.yaml": "version: 1\nextends: 3.yaml\n", "3.yaml": "version: 1\nextends: 4.yaml\n", "4.yaml": base,
		"old.yaml": "rules: [{name: a, maxRuntime: 1h}]\n", "text.md": "Read me first.\n", "empty.yaml": "", "no.yaml": "a: [\n",
		"wrong.yaml": "version: 1\nrules:\n  - name: a\n    maxRuntme: 1h\n", "when.yaml": "version: 1\nrules:\n  - name: a\n    when: |\n      flow.name == \"x\"\n      and flow.nam == 1\n",
		"plan.yaml":     "version: 1\nmode: plan\nrules: [{name: a, maxRuntime: 1h}]\n",
		"event.yaml":    "version: 1\nrules: [{name: a, on: [event]}]\n",
		"price.yaml":    "version: 1\npricing: {perMinute: [{price: 1}]}\nprotect: {when: execution.cost < 5}\nrules: [{name: a, maxRuntime: 1h}]\n",
		"window.yaml":   "version: 1\ncalendars: {close: {days: [\"2027-01-31\"]}}\nprotect: {window: {days: Mon, also: [close]}}\nrules: [{name: a, maxRuntime: 1h}]\n",
		"minus.yaml":    "version: 1\nvars: {limit: 3h}\nprotect: {when: 'execution.age < vars.limit-duration(\"1h\")'}\nrules: [{name: a, maxRuntime: 1h}]\n",
		"cost.yaml":     "version: 1\npricing: {perMinute: [{price: 1}]}\nprotect: {when: 5-execution.cost-1 > 0}\nrules: [{name: a, maxRuntime: 1h}]\n",
		"sub/hr.yaml":   "version: 1\ncalendars: {hr: {file: hr.ics}}\nprotect: {window: {days: Mon, also: [hr]}}\nrules: [{name: a, maxRuntime: 1h}]\n",
		"sub/same.yaml": "version: 1\nextends: hr.yaml\ncalendars: {hr: {file: hr.ics}}\n",
		"sub/hr.ics":    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nEND:VEVENT\nEND:VCALENDAR\n",
		"hr.ics":        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20370101\nEND:VEVENT\nEND:VCALENDAR\n",
		"body.yaml":     "version: 1\nnotify: [{name: a, kind: webhook, urlEnv: A, body: {b: 1, b: 2}}]\nrules: [{name: a, maxRuntime: 1h}]\n",
		"sub/base.yaml": "version: 1\nextends: near.yaml\n", "sub/near.yaml": "version: 2\nrules: [{name: a, maxRuntime: 1h}]\n",
	}
	const own = "extends: base.yaml\n"
	for _, test := range []struct{ text, want string }{
		{"extend: base.yaml\n", `place/policy.yaml:2:1: unknown key "extend"; did you mean "extends"?`},
		{"inherits: base.yaml\n", `place/policy.yaml:2:1: unknown key "inherits"; did you mean "extends"?`},
		{"extends: [base.yaml, 1.yaml]\n", `place/policy.yaml:2:10: extends must be one file beside the policy, such as base.yaml, but is a list: a base may extend another`},
		{"extends: {file: base.yaml}\n", `place/policy.yaml:2:10: extends must be a text, but is a mapping`},
		{"extends:\n", `place/policy.yaml:2:1: extends has no value: give one, or leave the key out`},
		{"extends: policy.yaml\n", `place/policy.yaml:2:10: extends goes round: policy.yaml → policy.yaml; take one of them out`},
		{"extends: self.yaml\n", `place/self.yaml:2:10: extends goes round: policy.yaml → self.yaml → self.yaml; take one of them out`},
		{"extends: round.yaml\n", `place/round.yaml:2:10: extends goes round: policy.yaml → round.yaml → policy.yaml; take one of them out`},
		{"extends: 1.yaml\n", `place/3.yaml:2:10: extends goes no deeper than 3 bases: put two of them together`},
		{"extends: bas.yaml\n", `place/policy.yaml:2:10: extends: there is no bas.yaml beside the policy: put it there, or correct the name`},
		{"extends: ../base.yaml\n", `place/policy.yaml:2:10: extends must be the name of a file beside the policy, such as base.yaml, but is the text "../base.yaml": what lies outside of the policy's folder isn't in the function's package: put the file in there, or the policy into a folder above both`},
		{"extends: /etc/base.yaml\n", `place/policy.yaml:2:10: extends must be the name of a file beside the policy, such as base.yaml, but is the text "/etc/base.yaml": put the file into the policy's folder, or into a folder there`},
		{"extends: https://a.b/base.yaml\n", `place/policy.yaml:2:10: extends must be the name of a file beside the policy, such as base.yaml, but is the text "https://a.b/base.yaml": download it, and give the file's name`},
		{"extends: sub/\n", `place/policy.yaml:2:10: extends must be the name of a file beside the policy, such as base.yaml, but is the text "sub/": that is no file`},
		{"extends: old.yaml\n", `place/old.yaml:1:1: version is missing: begin with version: 1`},
		{"extends: sub/base.yaml\n", `place/sub/near.yaml:1:10: version must be 1, but is the number 2: this flowreaper knows no other`},
		{"extends: text.md\n", `place/text.md:1:1: a policy must be a mapping with keys such as version and policy, but is the text "Read me first."`},
		{"extends: empty.yaml\n", `place/empty.yaml:1:1: the policy is empty: it needs at least version: 1 and rules`},
		{"extends: no.yaml\n", `place/no.yaml:1:4: sequence end token ']' not found`},
		{"extends: wrong.yaml\n", `place/wrong.yaml:4:5: unknown key "maxRuntme"; did you mean "maxRuntime"?`},
		{"extends: when.yaml\n", `place/when.yaml:6:16: when: flow has no field "nam"; did you mean "name"?`},
		{"extends: body.yaml\n", `place/body.yaml:2:59: the key b is given twice; first in line 2 of body.yaml`},
		{own + "rules: [{name: c, maxRuntime: 1h}, {name: c, maxRuntime: 2h}]\n", `place/policy.yaml:3:36: the name c is given to two rules; first in line 3`},
		{own + "rules: [{name: a, maxRuntime: 1h}, {name: a, maxRuntime: 2h}]\n", `place/policy.yaml:3:36: the name a is given to two rules; first in line 3`},
		{own + "vars: {x: 1, x: 2}\n", `place/policy.yaml:3:14: the name x is given twice in vars`},

		// what would let more be stopped
		{"extends: plan.yaml\nmode: enforce\n", `place/policy.yaml:3:7: mode only softens: enforce is harder than the plan at place/plan.yaml:2:7: leave it out, or correct it there`},
		{own + "limits: {maxStops: 100}\n", `place/policy.yaml:3:20: limits only tighten: maxStops 100 is looser than the 20 of the limits at place/base.yaml:6:9: leave it out, or correct it there`},
		{own + "limits: {maxShare: 100%}\n", `place/policy.yaml:3:20: limits only tighten: maxShare 100% is looser than the 50% of the limits at place/base.yaml:6:9: leave it out, or correct it there`},
		{own + "limits: {per: 1m, floor: 11, over: trickle}\n", `place/policy.yaml:3:15: limits only tighten: per 1m is looser than the 1h of the limits at place/base.yaml:6:9: leave it out, or correct it there
place/policy.yaml:3:26: limits only tighten: floor 11 is looser than the 10 of the limits at place/base.yaml:6:9: leave it out, or correct it there
place/policy.yaml:3:36: limits only tighten: over trickle is looser than the withhold of the limits at place/base.yaml:6:9: leave it out, or correct it there`},
		{own + "protect: {flows: [x, \"!payroll-*\"]}\n", `place/policy.yaml:3:22: protect only grows: "!payroll-*" could take out what is protected at place/base.yaml:5:18: name what shall be protected, too`},
		{own + "protect: {flows: \"!payroll-*\"}\n", `place/policy.yaml:3:18: protect only grows: "!payroll-*" could take out what is protected at place/base.yaml:5:18: name what shall be protected, too`},
		{own + "vars: {owner: nobody}\n", `place/policy.yaml:3:8: protect only grows: the protect at place/base.yaml:5:10 reads vars.owner, and another one could have it let go: give this another name, or leave it as it is at place/base.yaml:3:26`},
		{own + "rules: [{name: b, maxRuntime: 9h}]\n", `place/policy.yaml:3:9: mode only softens: the rule at place/base.yaml:10:5, in whose place this stands, is in plan: write mode: plan here, too, or correct it there`},
		{own + "rules: [{name: b, maxRuntime: 9h, mode: enforce}]\n", `place/policy.yaml:3:9: mode only softens: the rule at place/base.yaml:10:5, in whose place this stands, is in plan: write mode: plan here, too, or correct it there`},
		{own + "rules: [{name: c, on: [event], limits: none}]\n", `place/policy.yaml:3:40: limits only tighten: those at place/base.yaml:6:9 hold for every rule: leave limits: none out, or put the rule there`},
		{"extends: event.yaml\nrules: [{name: a, on: [event], limits: none}]\n", `place/policy.yaml:3:40: limits only tighten: the rule at place/event.yaml:2:9, in whose place this stands, keeps them: leave limits: none out, or write it there`},
		{"extends: price.yaml\npricing: {perMinute: [{price: 100}]}\n", `place/policy.yaml:3:10: protect only grows: the protect at place/price.yaml:3:10 reads the cost, and these prices could have it let go: leave them as they are at place/price.yaml:2:10`},

		{"extends: window.yaml\ncalendars: {close: {days: [\"2028-01-31\"]}}\n", `place/policy.yaml:3:13: protect only grows: the protect at place/window.yaml:3:10 reads the calendar close, and another one could have it let go: give this another name, or leave it as it is at place/window.yaml:2:20`},
		{"extends: minus.yaml\nvars: {limit: 1h}\n", `place/policy.yaml:3:8: protect only grows: the protect at place/minus.yaml:3:10 reads vars.limit, and another one could have it let go: give this another name, or leave it as it is at place/minus.yaml:2:15`},
		{"extends: cost.yaml\npricing: {perMinute: [{price: 100}]}\n", `place/policy.yaml:3:10: protect only grows: the protect at place/cost.yaml:3:10 reads the cost, and these prices could have it let go: leave them as they are at place/cost.yaml:2:10`},
		{"extends: sub/hr.yaml\ncalendars: {hr: {file: hr.ics}}\n", `place/policy.yaml:3:13: protect only grows: the protect at place/sub/hr.yaml:3:10 reads the calendar hr, and another one could have it let go: give this another name, or leave it as it is at place/sub/hr.yaml:2:17`},
		{own + "protect: {when: 'false) and (false'}\n", `place/policy.yaml:3:23: protect.when: unexpected token Bracket(")")`},

		// what doesn't
		{own + "vars: {owner: ops, limit: 9h}\n", ``},
		{own + "mode: enforce\nrules: [{name: b, maxRuntime: 9h, mode: plan}, {name: a, flows: [etl-one], maxRuntime: 9h}]\n", ``},
		{own + "calendars: {holidays: {days: [\"2027-02-01\"]}}\nlimits: {maxStops: 20, per: 1h, maxShare: 50%, floor: 10, over: withhold}\n", ``},
		{"extends: event.yaml\nrules: [{name: c, on: [event], limits: none}]\nlimits: {maxStops: 900}\n", ``},
		{"extends: 2.yaml\n", ``},
		{"extends: sub/same.yaml\n", ``},
	} {
		_, err := ParseWith("place/policy.yaml", []byte("version: 1\n"+test.text), files.read)
		got := ""
		if err != nil {
			for _, e := range err.(Errors) {
				got += fmt.Sprintf("%s:%d:%d: %s\n", e.File, e.Line, e.Column, e.Message)
			}
		}
		if got = strings.TrimSuffix(got, "\n"); got != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.text, got, test.want)
		}
	}
	_, err := ParseWith("policy.yaml", []byte("version: 1\nextends: when.yaml\n"), files.read)
	const want = "when.yaml:6:16: when: flow has no field \"nam\"; did you mean \"name\"?\n   6 |       and flow.nam == 1\n     |                ^"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestExtendsLint(t *testing.T) {
	files := beside{"base.yaml": base}
	findings, err := Lint("policy.yaml", []byte("version: 1\nextends: base.yaml\nrules:\n  - {name: a, flows: [etl-one], maxRuntime: 1h}\n  - {name: long, flows: [etl-one], maxRuntime: 5h}\n"), LintOptions{Read: files.read})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%s:%d:%d %s %s", f.File, f.Line, f.Column, f.Code, f.Message))
	}
	if diff := cmp.Diff([]string{
		`policy.yaml:4:5 replaces the rule a stands in the place of the one at base.yaml:9:5`,
		`policy.yaml:5:48 longer-inside its limit of 5h has no effect: the rule a (line 4) condemns the same executions after 1h`,
	}, got); diff != "" {
		t.Error(diff)
	}
}

// What stands last in one file allows nothing on the first line of the next.
func TestExtendsLintAllows(t *testing.T) {
	files := beside{"base.yaml": "{version: 1, limits: {over: trickle}, rules: [{name: a, maxRuntime: 1h}]}"}
	findings, err := Lint("policy.yaml", []byte("version: 1\nextends: base.yaml\n# lint: allow trickle"), LintOptions{Read: files.read})
	if err != nil || len(findings) != 1 || findings[0].Code != LintTrickle || findings[0].File != "base.yaml" {
		t.Errorf("%v, %v", findings, err)
	}
}

// TestExtendsTakesNothingOver: who writes a base's rule anew with one key of it alone, as
// other tools have it, hears what that rule no longer asks.
func TestExtendsTakesNothingOver(t *testing.T) {
	files := beside{"base.yaml": base}
	findings, err := Lint("policy.yaml", []byte("version: 1\nextends: base.yaml\nrules:\n  - {name: a, maxRuntime: 4h}\n"), LintOptions{Read: files.read})
	if err != nil {
		t.Fatal(err)
	}
	want := "policy.yaml:4:5 replaces warning the rule a stands in the place of the one at base.yaml:9:5, whole: what that one says with flows no longer holds → write it here, too; give it another name if both are meant"
	if len(findings) == 0 {
		t.Fatal("nothing is said of it")
	}
	f := findings[0]
	if got := fmt.Sprintf("%s:%d:%d %s %s %s → %s", f.File, f.Line, f.Column, f.Code, f.Severity, f.Message, f.Next); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestPropertyExtends: however a policy is spread over files, it judges as one; and so does
// what is printed.
func TestPropertyExtends(t *testing.T) {
	programs := programs{}
	rapid.Check(t, func(t *rapid.T) {
		n := &naive{model: drawPolicy(t, false), programs: programs}
		one, files := spread(t, n.model.yaml())
		for _, calendar := range n.model.files() {
			files[calendar.Name] = string(calendar.Text)
		}
		p, err := ParseWith("model.yaml", []byte(one), files.read)
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, one, files)
		}
		printed, err := Print("model.yaml", []byte(one), files.read)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := ParseWith("printed.yaml", []byte(printed), files.read)
		if err != nil {
			t.Fatalf("%v\n%s", err, printed)
		}
		if again, err := Print("printed.yaml", []byte(printed), files.read); err != nil || again != printed {
			t.Fatalf("%v\n%s", cmp.Diff(printed, again), printed)
		}
		w := drawWorld(t)
		n.rows, n.beside = w.executions, w.beside
		for _, e := range w.executions {
			f := w.facts(e)
			want := n.judge(f)
			for _, got := range []*Policy{p, whole} {
				if diff := cmp.Diff(want, answerOf(got.Judge(&f))); diff != "" {
					t.Fatalf("%s: %s\n%s\n%s\n%s", e.Name, diff, one, files, printed)
				}
			}
		}
	})
}

// spread takes some of a policy's sections, and its first rules, into a base or two.
func spread(t *rapid.T, text string) (one string, files beside) {
	head, rules, _ := strings.Cut(text, "rules:\n")
	var sections []string
	for _, line := range strings.SplitAfter(head, "\n") {
		if line == "" || strings.HasPrefix(line, "version:") {
			continue
		}
		if strings.HasPrefix(line, " ") {
			sections[len(sections)-1] += line
			continue
		}
		sections = append(sections, line)
	}
	each := strings.SplitAfter(rules, "\n  - name:")
	for i := range each {
		each[i] = strings.TrimSuffix(each[i], "  - name:")
		if i > 0 {
			each[i] = "  - name:" + each[i]
		}
	}
	if len(each) > 1 && strings.TrimSpace(each[0]) == "" {
		each = each[1:]
	}
	levels := rapid.IntRange(1, 4).Draw(t, "files")
	texts, ofRules := make([]string, levels), make([]string, levels)
	for _, section := range sections {
		texts[rapid.IntRange(0, levels-1).Draw(t, "section in")] += section
	}
	at := 0
	for _, rule := range each {
		at = rapid.IntRange(at, levels-1).Draw(t, "rule in")
		ofRules[at] += rule
	}
	files = beside{}
	for i := range levels { // 0 is the farthest
		all := "version: 1\n" + texts[i]
		if i > 0 {
			all += fmt.Sprintf("extends: base%d.yaml\n", i-1)
		}
		if ofRules[i] != "" {
			all += "rules:\n" + ofRules[i]
		}
		files[fmt.Sprintf("base%d.yaml", i)] = all
	}
	return files[fmt.Sprintf("base%d.yaml", levels-1)], files
}
