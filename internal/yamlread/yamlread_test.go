package yamlread

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/yamltree"
)

type file struct {
	At     yamltree.Position `yaml:"-"`
	Name   string            `yaml:"name"`
	Count  int               `yaml:"count,omitempty"`
	Sure   bool              `yaml:"sure,omitempty"`
	Kind   string            `yaml:"kind,omitempty" jsonschema:"enum=timer,enum=alarm,enum=manual"`
	Kinds  []string          `yaml:"kinds,omitempty" jsonschema:"enum=timer"`
	Env    map[string]string `yaml:"env,omitempty"`
	Items  []item            `yaml:"items,omitempty"`
	One    *item             `yaml:"one,omitempty"`
	Itself itself            `yaml:"itself,omitempty"`
}

type item struct {
	At   yamltree.Position `yaml:"-"`
	Name string            `yaml:"name"`
}

type shared struct {
	Name string `yaml:"name"`
	Kind string `yaml:"kind,omitempty" jsonschema:"enum=timer"`
}

// What a struct embeds has its keys among the struct's own.
func TestEmbedded(t *testing.T) {
	var into struct {
		shared
		Count int `yaml:"count"`
	}
	root, _ := yamltree.Parse([]byte("name: a\ncount: 5\nkind: alarm\n"))
	problems := Read(root, &into)
	if into.Name != "a" || into.Count != 5 || len(problems) != 1 || problems[0].Message != `kind must be timer, but is the text "alarm"` {
		t.Errorf("%+v, %v", into, problems)
	}
}

// itself takes what is written, or nothing at all.
type itself struct{ text string }

func (i *itself) ReadNode(n *yamltree.Node) error {
	if n.Kind != yamltree.Scalar {
		return errors.New("is no scalar")
	}
	i.text = "<" + n.Text + ">"
	return nil
}

func read(t *testing.T, text string) (*file, string) {
	t.Helper()
	root, problems := yamltree.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var f file
	var all []string
	for _, p := range Read(root, &f) {
		all = append(all, fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message))
	}
	return &f, strings.Join(all, "\n")
}

func TestRead(t *testing.T) {
	got, problems := read(t, `name: a
count: 5
sure: true
kind: alarm
kinds: [timer]
env: {A: "1", B: x}
items:
  - name: b
  - {name: c}
one: {name: d}
itself: null
`)
	if problems != "" {
		t.Fatal(problems)
	}
	at := func(line, column int) yamltree.Position { return yamltree.Position{Line: line, Column: column} }
	want := &file{
		At: at(1, 1), Name: "a", Count: 5, Sure: true, Kind: "alarm", Kinds: []string{"timer"}, Env: map[string]string{"A": "1", "B": "x"},
		Items: []item{{at(8, 5), "b"}, {at(9, 5), "c"}}, One: &item{at(10, 6), "d"}, Itself: itself{"<null>"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(itself{})); diff != "" {
		t.Error(diff)
	}
}

func TestProblems(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a list", "[a]", `1:1: the file must be a mapping with the keys name, count, sure, kind, kinds, env, items, one, itself, but is a list`},
		{"all at once", "nam: a\ncount: -1\ncount: 2\nsure: 1\nkind: event\nkinds: [alarm]\nenv: {A: 1, A: b}\nitems: {}\none: [a]\nitself: {}\n", `1:1: unknown key "nam"; did you mean "name"?
2:8: count must be a whole number from 0 on, but is the number -1
3:1: the key count is given twice; first in line 2
4:7: sure must be true or false, but is the number 1
5:7: kind must be timer, alarm or manual, but is the text "event"
6:9: an entry of kinds must be timer, but is the text "alarm"
7:10: env.A must be a text, but is the number 1: quote it
7:13: the key A is given twice
8:8: items must be a list, but is a mapping
9:6: one must be a mapping with the keys name, but is a list
10:9: itself is no scalar`},
		{"no value", "name:\nitems: [{}]\n", `1:1: name has no value: give one
2:9: name is missing in an entry of items`},
		{"nothing near", "name: a\nzzz: 1\n", `2:1: unknown key "zzz"; there are: name, count, sure, kind, kinds, env, items, one, itself`},
		{"a text that is a mapping", "name: {a: b}\nenv: [a]\n", "1:7: name must be a text, but is a mapping\n2:6: env must be a mapping of names to texts, but is a list"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, got := read(t, test.text); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
