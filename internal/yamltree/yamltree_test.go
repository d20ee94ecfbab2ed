package yamltree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func problemTexts(problems []Problem) []string {
	var texts []string
	for _, p := range problems {
		texts = append(texts, fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message))
	}
	return texts
}

func TestProblems(t *testing.T) {
	deep := "a: " + strings.Repeat("[", 40)
	tests := []struct {
		name, text string
		want       []string
	}{
		{"unquoted ! in a list", "flows: [etl-*, !etl-backfill]\n",
			[]string{`1:16: a text that begins with ! must be quoted: "!etl-backfill" (unquoted, it is a YAML tag, which policies don't use)`}},
		{"unquoted ! and * in a block list", "flows:\n  - !x\n  - *-test\n", []string{
			`2:5: a text that begins with ! must be quoted: "!x" (unquoted, it is a YAML tag, which policies don't use)`,
			`3:5: a text that begins with * must be quoted: "*-test" (unquoted, it is a YAML alias, which policies don't use)`,
		}},
		{"anchor", "a: &x 1\n", []string{`1:4: a text that begins with & must be quoted: "&x" (unquoted, it is a YAML anchor, which policies don't use)`}},
		{"alias bomb", "a: &x [1]\nb: &y [*x, *x]\n<<: *y\n", []string{
			`1:4: a text that begins with & must be quoted: "&x" (unquoted, it is a YAML anchor, which policies don't use)`,
			`2:4: a text that begins with & must be quoted: "&y" (unquoted, it is a YAML anchor, which policies don't use)`,
			`2:8: a text that begins with * must be quoted: "*x" (unquoted, it is a YAML alias, which policies don't use)`,
			`2:12: a text that begins with * must be quoted: "*x" (unquoted, it is a YAML alias, which policies don't use)`,
			`3:1: the merge key << is not supported: write the keys out`,
			`3:5: a text that begins with * must be quoted: "*y" (unquoted, it is a YAML alias, which policies don't use)`,
		}},
		{"tab", "a:\n\tb: 1\n", []string{`2:1: a tab cannot indent YAML: use spaces`}},
		{"no blank behind a colon", "- name:r\n  max: 2h\n", []string{`1:3: unexpected key name: a blank stands behind the colon of a key, as in name: x`}},
		{"more than", "max: >2h\n", []string{`1:6: invalid header option: "2h": a text that begins with > or | must be quoted`}},
		{"colon in a text", "when: a ? b : c\n", []string{`1:7: mapping value is not allowed in this context: a text that holds ": " must be quoted`}},
		{"text after a quoted one", "when: \"a\" in b\n", []string{`1:11: more text follows where the value has ended: indent this line like those beside it, quote the whole text, or put it on the lines below a |`}},
		{"no YAML at all", "```yaml\na: **b\nc: [*d, *e]\n", []string{
			"1:1: '`' is a reserved character: quote the text",
			`2:4: a text that begins with * must be quoted: "**b" (unquoted, it is a YAML alias, which policies don't use)`,
			`3:5: a text that begins with * must be quoted: "*d" (unquoted, it is a YAML alias, which policies don't use)`,
			`3:9: a text that begins with * must be quoted: "*e" (unquoted, it is a YAML alias, which policies don't use)`,
		}},
		{"two documents", "a: 1\n---\nb: 2\n", []string{`3:1: a second document begins here: a file holds one policy`}},
		{"not UTF-8", "a: \xff\n", []string{`1:4: the file is not UTF-8 here`}},
		{"control character", "a: b\n\x00", []string{`2:1: the control character U+0000 is not allowed in YAML`}},
		{"control character of a terminal", "a: b\u009b2J\n", []string{`1:5: the control character U+009B is not allowed in YAML`}},
		{"brackets between braces", "protect: {when: flow.env[\"A\"] == \"off\"}\n", []string{
			`1:25: ',' or '}' must be specified: a text that holds [ ] { } or a comma must be quoted between braces, or stand on a line of its own`,
		}},
		{"a comma between braces", "protect: {when: hour(now, \"UTC\") > 8}\n", []string{
			`1:25: between braces a comma ends a text, and no key follows this one: quote the whole text, in single quotes if it holds double ones`,
		}},
		{"complex key", "? a\n: b\n", []string{`1:1: a key begins with ?, which is not supported`}},
		{"deep brackets", deep, []string{`1:36: the file is nested deeper than 32 levels`}},
		{"deep dashes", strings.Repeat("- ", 40), []string{`1:65: the file is nested deeper than 32 levels`}},
		{"deep indentation", deepBlocks(40), []string{`34:34: the file is nested deeper than 32 levels`}},
		{"too many keys", strings.Repeat("a: 1\n", 10_001), []string{`10001:2: the file has more than 10000 keys`}},
		{"too large", strings.Repeat("# a\n", 1<<18) + "#", []string{`1:1: the file has 1048577 bytes; at most 1048576 are read`}},
		{"unclosed quote", "a: \"b\nc: d\n", []string{`1:4: could not find end character of double-quoted text`}},
		{"reserved character", "a: @b\n", []string{`1:4: '@' is a reserved character: quote the text`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, problems := Parse([]byte(test.text))
			if diff := cmp.Diff(test.want, problemTexts(problems)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func deepBlocks(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%sa:\n", strings.Repeat(" ", i))
	}
	return b.String()
}

// A long file isn't a deep one, however many levels its lines go back at once.
func TestLongFilesAreNotDeep(t *testing.T) {
	rule := "  - name: a\n    when:\n      all:\n        - any:\n            - b: [\n      c,\n    d]\n"
	root, problems := Parse([]byte("rules:\n" + strings.Repeat(rule, 100)))
	if len(problems) > 0 {
		t.Fatal(problemTexts(problems))
	}
	if n := len(root.Entries[0].Value.Items); n != 100 {
		t.Errorf("%d items, want 100", n)
	}
}

func TestParse(t *testing.T) {
	root, problems := Parse([]byte("\ufeffversion: 1\non: [timer, 5]\nempty:\nyes: true\nx: {a: b}\n"))
	if len(problems) > 0 {
		t.Fatal(problemTexts(problems))
	}
	got := outline(root)
	want := "1:1{1:1 version=1:10 the number 1, 2:1 on=2:5[2:6 the text \"timer\" 2:13 the number 5], 3:1 empty=3:7 empty, " +
		"4:1 yes=4:6 true, 5:1 x=5:4{5:5 a=5:8 the text \"b\"}}"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func outline(n *Node) string {
	at := fmt.Sprintf("%d:%d", n.Line, n.Column)
	var parts []string
	switch n.Kind {
	case Mapping:
		for _, e := range n.Entries {
			parts = append(parts, fmt.Sprintf("%d:%d %s=%s", e.Key.Line, e.Key.Column, e.Key.Text, outline(e.Value)))
		}
		return at + "{" + strings.Join(parts, ", ") + "}"
	case Sequence:
		for _, item := range n.Items {
			parts = append(parts, outline(item))
		}
		return at + "[" + strings.Join(parts, " ") + "]"
	}
	return at + " " + n.Describe()
}

func TestEmpty(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "\n\n"} {
		if root, problems := Parse([]byte(text)); root != nil || problems != nil {
			t.Errorf("%q: %v, %v", text, root, problems)
		}
	}
}

// TestAt marks the place of X in scalars of every style.
func TestAt(t *testing.T) {
	tests := map[string]string{
		"plain":               "a: one X two\n",
		"plain over lines":    "a: one\n  two\n\n  three X\n",
		"wide characters":     "a: 中文 X\n",
		"single quoted":       "a: 'it''s X'\n",
		"single over lines":   "a: 'it''s\n   so X'\n",
		"double quoted":       `a: "a \"b\" \x41\u0042 X"` + "\n",
		"escaped blanks":      `a: "a\tb\n \t c X"` + "\n",
		"escaped line end":    "a: \"one \\\n    two X\"\n",
		"literal":             "a: |\n  one\n  two X\n",
		"literal, stripped":   "a: |-\n\n  one\n    two X\n",
		"literal, indented":   "a: |2\n    one\n  two X\n",
		"folded":              "a: >\n  one\n  two\n\n  three X\n",
		"folded, kept":        "a: >+\n  one\n    more\n  two X\n\n",
		"in a list, Windows":  "a:\r\n  - b\r\n  - |\r\n    one\r\n    X two\r\n",
		"nested flow mapping": "a: {b: [c, 'd X']}\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			root, problems := Parse([]byte(text))
			if len(problems) > 0 {
				t.Fatal(problemTexts(problems))
			}
			scalar := lastScalar(root)
			before, _, _ := strings.Cut(scalar.Text, "X")
			got := scalar.At(len([]rune(before)))
			if want := placeOf(text, 'X'); got != want {
				t.Errorf("X of %q is at %v, want %v", scalar.Text, got, want)
			}
		})
	}
}

func lastScalar(n *Node) *Node {
	switch n.Kind {
	case Mapping:
		return lastScalar(n.Entries[len(n.Entries)-1].Value)
	case Sequence:
		return lastScalar(n.Items[len(n.Items)-1])
	}
	return n
}

func placeOf(text string, r rune) Position {
	for i, line := range strings.Split(text, "\n") {
		if before, _, found := strings.Cut(line, string(r)); found {
			return Position{i + 1, len([]rune(before)) + 1}
		}
	}
	return Position{}
}

func TestAtTheEnd(t *testing.T) {
	root, _ := Parse([]byte("a: 'bc'\n"))
	if got, want := lastScalar(root).At(2), (Position{1, 7}); got != want {
		t.Errorf("the end is at %v, want %v", got, want)
	}
}

// FuzzParse looks for panics and places outside the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte("a: [b, 'c']\nd: |\n  e\n  f\n"))
	f.Add([]byte("a: \"\\x41\\\n b\"\n? c\n: !d\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if root, _ := Parse(text); root != nil {
			check(t, root)
		}
	})
}

func check(t *testing.T, n *Node) {
	for _, e := range n.Entries {
		check(t, e.Key)
		check(t, e.Value)
	}
	for _, item := range n.Items {
		check(t, item)
	}
	for _, offset := range []int{0, len(n.Text) / 2, len(n.Text)} {
		if at := n.At(offset); at.Line < 1 || at.Column < 1 || at.Line > len(n.source.lines)+1 {
			t.Errorf("character %d of %q is at %v", offset, n.Text, at)
		}
	}
}
