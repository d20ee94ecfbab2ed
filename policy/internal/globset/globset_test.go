package globset

import (
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// list reads "etl-* !etl-backfill"; "" is the list that names everything.
func list(text string) List {
	var l List
	for _, word := range strings.Fields(text) {
		pattern, exclude := strings.CutPrefix(word, "!")
		l = append(l, Glob{pattern, exclude})
	}
	return l
}

// names says what a list names, by its definition.
func (l List) names(name string) bool {
	named := len(l) == 0 || l[0].Exclude
	for _, g := range l {
		if ok, _ := path.Match(g.Pattern, name); ok {
			named = !g.Exclude
		}
	}
	return named
}

func TestFind(t *testing.T) {
	for _, test := range []struct{ named, unnamed, want string }{ // want: a name, or - for none
		{"etl-*", "*", "-"},
		{"*", "etl-*", "x"},
		{"", "etl-*", "x"},
		{"etl-*", "", "-"},
		{"etl-nightly", "etl-*", "-"},
		{"etl-*", "etl-nightly", "etl-"},
		{"etl-*", "etl-* !etl-backfill", "etl-backfill"},
		{"etl-* !etl-backfill", "etl-*", "-"},
		{"!payroll-*", "!*-march", "xmarch"},
		{"a?c", "a*", "-"},
		{"a*", "a?c", "a"},
		{"etl-* !etl-* !*", "zzz", "-"},
		{"* !*", "zzz", "-"},
		{"*-nightly", "etl-*", "-nightly"},
		{"a*b*c", "*a*c*", "-"},
		{"??", "a? b?", "yx"},
	} {
		name, found := Find([]List{list(test.named)}, []List{list(test.unnamed)})
		if !found {
			name = "-"
		}
		ok := name == test.want
		if found && test.want != "-" { // any witness will do
			ok = list(test.named).names(name) && !list(test.unnamed).names(name)
		}
		if !ok {
			t.Errorf("in %q and not in %q: %s, want %s", test.named, test.unnamed, name, test.want)
		}
	}
}

// TestEmpty: with nothing to keep out it says whether a list names anything.
func TestEmpty(t *testing.T) {
	if name, found := Find([]List{list("etl-* !etl-*")}, nil); found {
		t.Errorf("%q", name)
	}
	if name, found := Find([]List{list("a*"), list("*b")}, nil); name != "ab" || !found {
		t.Errorf("%q, %v", name, found)
	}
}

// TestFindAgainstNames: what is found is a witness, and where nothing is found
// no name is.
func TestFindAgainstNames(t *testing.T) {
	pattern := rapid.StringMatching(`[ab*?]{1,4}`)
	lists := rapid.Custom(func(t *rapid.T) List {
		var l List
		for range rapid.IntRange(1, 3).Draw(t, "patterns") {
			l = append(l, Glob{pattern.Draw(t, "pattern"), rapid.Bool().Draw(t, "exclude")})
		}
		return l
	})
	rapid.Check(t, func(t *rapid.T) {
		in, out := lists.Draw(t, "in"), lists.Draw(t, "out")
		name, found := Find([]List{in}, []List{out})
		if found && (!in.names(name) || out.names(name)) {
			t.Fatalf("%q is no witness", name)
		}
		other := rapid.StringMatching(`[abc]{1,6}`).Draw(t, "name")
		if !found && in.names(other) && !out.names(other) {
			t.Fatalf("%q was not found", other)
		}
	})
}

// TestFindGivesUp: lists that would take for ever are not decided.
func TestFindGivesUp(t *testing.T) {
	var in, out List
	for range 12 {
		in = append(in, Glob{"*a" + strings.Repeat("?", 15), false})
		out = append(out, Glob{"*b" + strings.Repeat("?", 14), false})
	}
	out = append(out, Glob{"*", false})
	if name, found := Find([]List{in}, []List{out}); !found || name != "" {
		t.Errorf("%q, %v", name, found)
	}
}
