package policy

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// A policy may extend a base, a file beside it, which may extend another. Their sections
// come together before they are read: every node keeps its place, whose line counts
// through all files, one behind the other.

// source is a file of a policy.
type source struct {
	file  string // as errors name it
	name  string // relative to the policy's folder; "" of the policy's own
	ahead int    // the lines of those before it
}

// maxBases is how deep bases lie.
const maxBases = 3

// sourceOf is the file of a line.
func (d *decoder) sourceOf(line int) source {
	of := d.sources[0]
	for _, s := range d.sources {
		if s.ahead < line {
			of = s
		}
	}
	return of
}

// place is where a node stands, for the errors of others: base.yaml:3:7.
func (d *decoder) place(at yamltree.Position) string {
	s := d.sourceOf(at.Line)
	return fmt.Sprintf("%s:%d:%d", s.file, at.Line-s.ahead, at.Column)
}

// line says which line of the file it is, and of which file if that is a base.
func (d *decoder) line(number int) string {
	s := d.sourceOf(number)
	if s.name == "" {
		return fmt.Sprint("line ", number)
	}
	return fmt.Sprintf("line %d of %s", number-s.ahead, s.name)
}

// sections are the keys of a file.
func (d *decoder) sections(root *yamltree.Node) map[string]*yamltree.Node {
	if root == nil {
		at := yamltree.Position{Line: d.sources[len(d.sources)-1].ahead + 1, Column: 1}
		d.fail(at, "the policy is empty: it needs at least version: 1 and rules")
		return nil
	}
	switch {
	case root.Value("cases").Kind == yamltree.Sequence:
		d.fail(root.Position, "this is a file of policy tests, and no policy: 'flowreaper test FILE' runs it")
		return nil
	case root.Value("places").Kind == yamltree.Sequence:
		d.fail(root.Position, "this is a fleet's file, and no policy: give it with --fleet, or to the function as FLOWREAPER_FLEET")
		return nil
	}
	f := d.fields(root, "a policy", "version", "policy", "extends", "mode", "vars", "calendars", "protect", "limits", "pricing", "notify", "rules")
	if f != nil {
		d.version(root, f)
	}
	return f
}

// levels are the sections of a file and of its bases, the farthest first; nil where one
// could not be read.
func (d *decoder) levels(root *yamltree.Node) []map[string]*yamltree.Node {
	f := d.sections(root)
	all := []map[string]*yamltree.Node{f}
	for f != nil && f["extends"] != nil {
		n := f["extends"]
		if len(all) > maxBases {
			d.fail(n.Position, "extends goes no deeper than %d bases: put two of them together", maxBases)
			return nil
		}
		base, ok := d.base(n)
		if !ok {
			return nil
		}
		f = d.sections(base)
		all = append(all, f)
	}
	if f == nil || !lacks(f, "extends") {
		return nil
	}
	slices.Reverse(all)
	return all
}

// base reads the file that extends names.
func (d *decoder) base(n *yamltree.Node) (root *yamltree.Node, ok bool) {
	if n.Kind == yamltree.Sequence {
		d.fail(n.Position, "extends must be one file beside the policy, such as base.yaml, but is a list: a base may extend another")
		return nil, false
	}
	names := []string{filepath.Base(d.sources[0].file)}
	for _, s := range d.sources[1:] {
		names = append(names, s.name)
	}
	if name := path.Join(d.folder(n.Line), n.Text); n.Kind == yamltree.Scalar && slices.Contains(names, name) {
		d.fail(n.Position, "extends goes round: %s → %s; take one of them out", strings.Join(names, " → "), name)
		return nil, false
	}
	file, ok := d.namedFile(n, "extends", "base.yaml")
	if !ok {
		return nil, false
	}
	ahead := len(d.lines)
	d.sources = append(d.sources, source{d.beside(file.Name), file.Name, ahead})
	d.lines = append(d.lines, linesOf(file.Text)...)
	root, problems := yamltree.ParseBehind(ahead, file.Text)
	for _, p := range problems {
		d.fail(p.Position, "%s", p.Message)
	}
	return root, len(problems) == 0
}

// folder is where the names in a line's file begin, relative to the policy's folder.
func (d *decoder) folder(line int) string { return path.Dir(d.sourceOf(line).name) }

// whole is a policy and its bases come together.
type whole struct {
	sections map[string]*yamltree.Node
	protects []*yamltree.Node // each holds
	replaced []successor
}

// successor is a rule, a channel, or a calendar, in the place of one that a base has.
type successor struct {
	what, name string
	by, was    *yamltree.Node
}

// extended brings the files together, from the farthest base on.
func (d *decoder) extended(root *yamltree.Node) *whole {
	levels := d.levels(root)
	if levels == nil {
		return nil
	}
	w := &whole{sections: map[string]*yamltree.Node{}}
	for _, level := range levels {
		d.checkExtends(w, level)
		for _, key := range slices.Sorted(maps.Keys(level)) {
			w.add(key, level[key])
		}
	}
	return w
}

func (w *whole) add(key string, n *yamltree.Node) {
	was := w.sections[key]
	switch {
	case n == nil || key == "extends":
		if was == nil {
			w.sections[key] = n
		}
		return
	case key == "protect":
		w.protects = append(w.protects, n)
	case was == nil || was.Kind != n.Kind:
	case key == "vars", key == "calendars", key == "limits":
		n = w.entries(key, was, n)
	case key == "rules", key == "notify":
		n = w.items(key, was, n)
	}
	w.sections[key] = n
}

// entries are those of two mappings; the nearer's stand in the place of the other's.
func (w *whole) entries(key string, was, n *yamltree.Node) *yamltree.Node {
	both := &yamltree.Node{Position: n.Position, Kind: yamltree.Mapping, Entries: slices.Clone(was.Entries)}
	for _, entry := range n.Entries {
		i := slices.IndexFunc(was.Entries, func(e yamltree.Entry) bool { return e.Key.Text == entry.Key.Text })
		if i < 0 || both.Entries[i].Key != was.Entries[i].Key { // given twice in one file
			both.Entries = append(both.Entries, entry)
			continue
		}
		if key == "calendars" {
			w.replaced = append(w.replaced, successor{"calendar", entry.Key.Text, entry.Key, was.Entries[i].Key})
		}
		both.Entries[i] = entry
	}
	return both
}

// items are those of two lists, the base's first; one of the same name stands in its place.
func (w *whole) items(key string, was, n *yamltree.Node) *yamltree.Node {
	both := &yamltree.Node{Position: n.Position, Kind: yamltree.Sequence, Items: slices.Clone(was.Items)}
	what := map[string]string{"rules": "rule", "notify": "channel"}[key]
	for _, item := range n.Items {
		name := item.Value("name").Text
		i := slices.IndexFunc(was.Items, func(old *yamltree.Node) bool { return name != "" && old.Value("name").Text == name })
		if i < 0 || both.Items[i] != was.Items[i] {
			both.Items = append(both.Items, item)
			continue
		}
		w.replaced = append(w.replaced, successor{what, name, item, was.Items[i]})
		both.Items[i] = item
	}
	return both
}

// protect is what all of the files protect, as one file would: what is protected by one is
// protected.
func (w *whole) protect() *yamltree.Node {
	if len(w.protects) < 2 {
		return w.sections["protect"]
	}
	all := map[string]*yamltree.Node{}
	for _, n := range w.protects {
		for _, entry := range n.Entries {
			key, was := entry.Key.Text, all[entry.Key.Text]
			next := *entry.Value
			switch {
			case was == nil:
			case key == "when":
				next.Text = "(" + was.Text + "\n) or (" + next.Text + "\n)"
			default:
				next = yamltree.Node{Position: next.Position, Kind: yamltree.Sequence, Items: append(asList(was), asList(&next)...)}
			}
			all[key] = &next
		}
	}
	both := &yamltree.Node{Position: w.sections["protect"].Position, Kind: yamltree.Mapping}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		both.Entries = append(both.Entries, yamltree.Entry{Key: &yamltree.Node{Position: all[key].Position, Text: key}, Value: all[key]})
	}
	return both
}

// asList are the items of a list; one alone is a list of one.
func asList(n *yamltree.Node) []*yamltree.Node {
	if n.Kind == yamltree.Sequence {
		return slices.Clone(n.Items)
	}
	one := *n
	return []*yamltree.Node{&one}
}

// note says what stands in the place of a base's.
func (r successor) note(d *decoder) string {
	return fmt.Sprintf("the %s %s stands in the place of the one at %s", r.what, r.name, d.place(r.was.Position))
}

// lost are the conditions of a base's rule that the one in its place doesn't have: nothing
// is taken over from the one to the other.
func (r successor) lost() (keys []string) {
	if r.what != "rule" {
		return nil
	}
	for _, key := range slices.Concat(conditionKeys, []string{"countBy", "warnBefore"}) {
		if !r.was.Value(key).IsEmpty() && r.by.Value(key).IsEmpty() {
			keys = append(keys, key)
		}
	}
	return keys
}

// readProtection reads what the files protect: what is wrong is said of each, in its place.
func (d *decoder) readProtection(w *whole) *protection {
	before := len(d.errors)
	p := d.protection(nil)
	for _, n := range w.protects {
		p = d.protection(n)
	}
	if len(w.protects) > 1 && len(d.errors) == before {
		p = d.protection(w.protect())
	}
	return p
}
