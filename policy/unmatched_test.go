package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const slips = `
version: 1
vars: {fenced: [payroll-may, payrol-june]}
protect:
  flows: ["payroll-*", "payrol-*", "!payroll-tset"]
  when: flow.name in vars.fenced or not (flow.name startsWith "elt-") and flow.description != "x"
pricing: {currency: CNY, perMinute: [{price: 0.1}, {flows: ["etl-*", "repotr"], price: 0.2}]}
rules:
  - {name: a, flows: ["etl-*", "ETL-nightly", "!etl-bakcfill", "!etl-?", "web"], maxRuntime: 2h}
  - {name: b, maxRuntime: 2h, when: '"report" == flow.name or flow.name endsWith "-mya" or flow.name contains "roll" or flow.name matches "^zzz"'}
  - {name: c, maxRuntime: 2h, when: 'any(["report", "repor-"], flow.name startsWith #) or "a,b" contains flow.name'}
  - {name: d, flows: [nothing-like-it], on: [event], when: event.data.x == flow.name and flow.name == "etl-nightly" or flow.name == "etl-*" or flow.name == "etl-*"}
`

var account = []string{"payroll-may", "payroll-test", "etl-nightly", "etl-backfill", "report", "web"}

func TestUnmatched(t *testing.T) {
	p := mustParse(t, slips)
	var got []string
	for _, u := range p.Unmatched(account, 100) {
		got = append(got, u.String())
	}
	want := []string{
		"protect.flows[1] payrol-* names no flow here; did you mean payroll-*?",
		"protect.flows[2] !payroll-tset names no flow here; did you mean !payroll-test?",
		"protect.when payrol-june names no flow here",
		"protect.when elt-* names no flow here; did you mean etl-*?",
		"pricing.perMinute[1].flows[1] repotr names no flow here; did you mean report?",
		"rules.a.flows[1] ETL-nightly names no flow here; did you mean etl-nightly?",
		"rules.a.flows[2] !etl-bakcfill names no flow here; did you mean !etl-backfill?",
		"rules.a.flows[3] !etl-? names no flow here",
		"rules.b.when *-mya names no flow here; did you mean *-may?",
		"rules.c.when repor-* names no flow here; did you mean report*?",
		"rules.d.flows[0] nothing-like-it names no flow here",
		"rules.d.when etl-* names no flow here", // letter by letter: lint says more
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := p.Unmatched(account, 2); len(got) != 2 {
		t.Errorf("at most 2, but there are %d", len(got))
	}
	if got := p.Unmatched(nil, 100); len(got) != 21 || slices.ContainsFunc(got, func(u Unmatched) bool { return u.Near != "" }) {
		t.Errorf("of no flows: %d %+v", len(got), got)
	}
}

func TestUnmatchedOfABrake(t *testing.T) {
	b := brake(t, Brake{Flows: []string{"*", "!imprt-*"}}) // who pulled it knows its globs
	if diff := cmp.Diff([]Unmatched{{"protect.flows[0]", "payroll-*", ""}}, b.Unmatched([]string{"import-a"}, 10)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnmatchedGlobs(t *testing.T) {
	got, err := UnmatchedGlobs("--flow", []string{"etl-*", "!impotr-*"}, []string{"etl-a", "import-b"})
	if want := []Unmatched{{"--flow[1]", "!impotr-*", "!import-*"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := UnmatchedGlobs("--flow", []string{"a.b"}, nil); err == nil {
		t.Error("no error for what is no glob")
	}
}

// TestUnmatchedProperty: a glob is told if no name matches it, by a regular
// expression that says the same, and never otherwise.
func TestUnmatchedProperty(t *testing.T) {
	globs := rapid.SliceOfN(rapid.StringMatching(`!?[ab*?][ab*?-]{0,4}`), 1, 6)
	rapid.Check(t, func(rt *rapid.T) {
		list := globs.Draw(rt, "globs")
		names := rapid.SliceOfN(rapid.StringMatching(`[ab][ab-]{0,4}`), 0, 6).Draw(rt, "names")
		var want []string
		for i, text := range list {
			pattern := strings.NewReplacer("*", ".*", "?", ".").Replace(strings.TrimPrefix(text, "!"))
			if !slices.ContainsFunc(names, regexp.MustCompile("^"+pattern+"$").MatchString) {
				want = append(want, fmt.Sprintf("flows[%d] %s", i, text))
			}
		}
		found, err := UnmatchedGlobs("flows", list, names)
		if err != nil {
			rt.Fatal(err)
		}
		var got []string
		for _, u := range found {
			got = append(got, u.Where+" "+u.Glob)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("%q of %q (-want +got):\n%s", list, names, diff)
		}
	})
}

// TestNearNamesSomething: whatever is suggested is a glob that names a flow, and
// is not what was written.
func TestNearNamesSomething(t *testing.T) {
	names := rapid.SliceOfN(rapid.StringMatching(`[ab][ab_-]{0,12}`), 1, 8)
	rapid.Check(t, func(rt *rapid.T) {
		all, pattern := names.Draw(rt, "names"), rapid.StringMatching(`[abcA*?][abcA_*?-]{0,12}`).Draw(rt, "pattern")
		written := glob{pattern: pattern}
		if slices.ContainsFunc(all, written.matches) {
			return
		}
		near := nearGlob(pattern, all)
		if near == "" {
			return
		}
		if meant := (glob{pattern: near}); near == pattern || !isGlob(near) || !slices.ContainsFunc(all, meant.matches) {
			rt.Fatalf("%q for %q names none of %q", near, pattern, all)
		}
	})
}

// TestNearIsPlausible: what is suggested is what a hand may have slipped from, and
// no other flow whose name looks somewhat like it.
func TestNearIsPlausible(t *testing.T) {
	for _, c := range []struct{ glob, name, near string }{
		{"imprt-*", "report-weekly", ""},
		{"orders", "borders-eu", ""},
		{"report", "import", ""},
		{"web", "db", ""},
		{"web", "wbe", "wbe"},
		{"imprt-*", "import-a", "import-*"},
		{"IMPRT-*", "import-a", "import-*"},
		{"IMPORT_NIGHTLY", "import-nightly", "import-nightly"},
		{"payrol-novmber", "payroll-november", "payroll-november"},
	} {
		if near := nearGlob(c.glob, []string{c.name}); near != c.near {
			t.Errorf("%q among %q: %q, want %q", c.glob, c.name, near, c.near)
		}
	}
}

// TestNearUndoesASlip: one slip of the hand in a name of some length is undone.
func TestNearUndoesASlip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.StringMatching(`[a-m][a-m-]{7,20}`).Draw(rt, "name")
		at := rapid.IntRange(0, len(name)-1).Draw(rt, "at")
		slip := map[string]string{
			"missing": name[:at] + name[at+1:],
			"wrong":   name[:at] + "z" + name[at+1:],
			"twice":   name[:at+1] + name[at:],
			"swapped": name[:at/2] + name[at/2+1:at/2+2] + name[at/2:at/2+1] + name[at/2+2:],
			"case":    name[:at] + strings.ToUpper(name[at:at+1]) + name[at+1:],
		}[rapid.SampledFrom([]string{"missing", "wrong", "twice", "swapped", "case"}).Draw(rt, "slip")]
		if slip == name || !isGlob(slip) {
			return
		}
		if near := nearGlob(slip, []string{"zzzzzzzz", name, "yy"}); near != name {
			rt.Fatalf("%q for %q, want %q", near, slip, name)
		}
	})
}
