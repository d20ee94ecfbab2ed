package policy

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// Print prints a policy with all that it extends as one file, which judges alike. Comments
// are left out. The error is [ParseWith]'s.
func Print(file string, text []byte, read func(name string) ([]byte, error)) (string, error) {
	if _, err := ParseWith(file, text, read); err != nil {
		return "", err
	}
	d := newDecoder(file, text)
	d.read = read
	root, _ := yamltree.Parse(text) // it was read before, as a policy
	w := d.extended(root)
	w.sections["protect"] = w.protect()
	p := printer{decoder: d}
	for _, key := range []string{"version", "policy", "mode", "vars", "calendars", "protect", "limits", "pricing", "notify", "rules"} {
		if n := w.sections[key]; n != nil {
			p.entry(key, n, 0)
		}
	}
	return p.String(), nil
}

// printer prints nodes as YAML.
type printer struct {
	strings.Builder
	decoder *decoder // nil: names of files are printed as they stand
}

func (p *printer) entry(key string, n *yamltree.Node, indent int) {
	name := key
	if key != "on" { // which old readers of YAML take for true, and this one for a key
		name = scalarText(&yamltree.Node{Text: key}, indent)
	}
	p.WriteString(name + ":")
	if key == "file" && p.decoder != nil { // of a calendar: relative to the base that names it
		n = &yamltree.Node{Text: path.Join(p.decoder.folder(n.Line), n.Text)}
	}
	p.node(n, indent)
}

// node prints what stands behind a key, or a dash.
func (p *printer) node(n *yamltree.Node, indent int) {
	margin := "\n" + strings.Repeat("  ", indent+1)
	switch {
	case n.Kind == yamltree.Scalar:
		p.WriteString(" " + scalarText(n, indent) + "\n")
	case n.Kind == yamltree.Mapping && len(n.Entries) == 0:
		p.WriteString(" {}\n")
	case n.Kind == yamltree.Mapping:
		dash := strings.HasSuffix(p.String(), "-") // the first stands behind it
		for i, entry := range n.Entries {
			if dash && i == 0 {
				p.WriteString(" ")
			} else {
				p.margin(margin)
			}
			p.entry(entry.Key.Text, entry.Value, indent+1)
		}
	case len(n.Items) == 0:
		p.WriteString(" []\n")
	default:
		for _, item := range n.Items {
			p.margin(margin)
			p.WriteString("-")
			p.node(item, indent+1)
		}
	}
}

// margin begins a line, unless one has been begun.
func (p *printer) margin(margin string) {
	if strings.HasSuffix(p.String(), "\n") {
		margin = margin[1:]
	}
	p.WriteString(margin)
}

// plainText needs no quotes: words and conditions of them, durations and shares.
var plainText = pattern.Of(`^([A-Za-z_]([A-Za-z0-9_ ./()<>=+-]*[A-Za-z0-9_./()-])?|([0-9]+(ms|s|m|h|d|w))+|[0-9.]+%)$`)

// wordsOfYAML mean something else without quotes, to some reader or other.
var wordsOfYAML = []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"}

func scalarText(n *yamltree.Node, indent int) string {
	switch text := n.Text; {
	case n.Type == yamltree.Null:
		return "null"
	case n.Type != yamltree.Text:
		return text
	case plainText().MatchString(text) && !slices.Contains(wordsOfYAML, strings.ToLower(text)):
		return text
	case isBlock(text):
		margin := "\n" + strings.Repeat("  ", indent+1)
		mark := "|-"
		if strings.HasSuffix(text, "\n") {
			mark = "|"
		}
		return mark + margin + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", margin)
	default:
		return strconv.Quote(text)
	}
}

// isBlock says whether a text of several lines can stand below a |.
func isBlock(text string) bool {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	odd := func(line string) bool {
		return line == "" || line[0] == ' ' || line[0] == '\t' || strings.HasSuffix(line, " ") || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) })
	}
	return len(lines) > 1 && !slices.ContainsFunc(lines, odd)
}
