package policy

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Parse reads, checks and compiles a policy that names no other files. file is used in
// errors only. The error, if any, is of type [Errors] and holds everything that is wrong.
func Parse(file string, text []byte) (*Policy, error) { return ParseWith(file, text, nil) }

// ParseWith is Parse for a policy that may name files: read reads one, by a name that is
// relative to the policy's folder and never leads out of it. Its error is the policy's;
// one that is [fs.ErrNotExist] says that there is no such file.
func ParseWith(file string, text []byte, read func(name string) ([]byte, error)) (*Policy, error) {
	d := newDecoder(file, text)
	d.read = read
	root, problems := yamltree.Parse(text)
	for _, p := range problems {
		d.fail(p.Position, "%s", p.Message)
	}
	var p *Policy
	if len(problems) == 0 {
		p = d.policy(root)
	}
	if len(d.errors) > 0 {
		d.errors.sort(file)
		return nil, d.errors
	}
	d.files.sort()
	p.files, p.Hash = d.files, hash(text, d.files)
	return p, nil
}

const hashPrefix = "sha256:"

// policy reads the file's tree, and those of its bases.
func (d *decoder) policy(root *yamltree.Node) *Policy {
	w := d.extended(root)
	if w == nil {
		return nil
	}
	f := w.sections
	p := &Policy{Name: d.policyName(f["policy"]), Mode: d.mode(f["mode"])}
	p.Pricing = d.pricing(f["pricing"])
	p.constants = d.constants(f["vars"])
	d.language = expression.New(p.Pricing.variables(), p.constants)
	p.calendars = d.readCalendars(f["calendars"])
	p.protection = d.readProtection(w)
	p.Limits = d.limits(f["limits"])
	p.Notify = d.channels(f["notify"])
	if lacks(f, "rules") {
		d.fail(root.Position, "rules is missing: a policy without rules stops nothing")
	}
	p.Rules = d.rules(f["rules"], p)
	return p
}

func (d *decoder) version(root *yamltree.Node, f map[string]*yamltree.Node) {
	switch n := f["version"]; {
	case lacks(f, "version"):
		d.fail(root.Position, "version is missing: begin with version: 1")
	case n != nil && (n.Kind != yamltree.Scalar || n.Text != "1"):
		d.fail(n.Position, "version must be 1, but is %s: this flowreaper knows no other", n.Describe())
	}
}

// policyName reads the name that reports give the policy.
func (d *decoder) policyName(n *yamltree.Node) string {
	name, ok := d.text(n, "policy")
	if !ok {
		return "policy"
	}
	const most = 128
	if !isLine(name, most) {
		d.fail(n.Position, "policy must be a name of 1 to %d characters in one line", most)
	}
	return name
}

// isLine says whether a text is a line of so many characters at most, not all of them
// blanks.
func isLine(text string, most int) bool {
	return strings.TrimSpace(text) != "" && utf8.RuneCountInString(text) <= most && !strings.ContainsFunc(text, unicode.IsControl)
}

// mode reads a mode; without one it is plan.
func (d *decoder) mode(n *yamltree.Node) Mode {
	return cmp.Or(choice(d, n, "mode", ModePlan, ModeEnforce), ModePlan)
}

var (
	plainName = pattern.Of(`^[A-Za-z_]\w*$`) // of a variable: of an expression, or of the environment
	varNumber = pattern.Of(`^-?[0-9]{1,18}$`)
	varFloat  = pattern.Of(`^-?[0-9]{1,18}\.[0-9]{1,18}$`)
)

const maxVarName = 64

// constants reads vars.
func (d *decoder) constants(n *yamltree.Node) map[string]any {
	constants := map[string]any{}
	if n == nil {
		return constants
	}
	if n.Kind != yamltree.Mapping {
		d.fail(n.Position, "vars must be a mapping of names to values, but is %s", n.Describe())
		return constants
	}
	for _, entry := range n.Entries {
		name := entry.Key.Text
		_, twice := constants[name]
		switch {
		case !plainName().MatchString(name) || len(name) > maxVarName:
			d.fail(entry.Key.Position, "the name %q in vars must be letters, digits and _, and not begin with a digit", yamltree.Brief(name))
		case twice:
			d.fail(entry.Key.Position, "the name %s is given twice in vars", name)
		default:
			constants[name] = d.constant(entry.Value, "vars."+name)
		}
	}
	return constants
}

// constant reads a value of vars. A text that reads as a duration is one.
func (d *decoder) constant(n *yamltree.Node, key string) any {
	switch {
	case n.Kind == yamltree.Mapping || n.IsEmpty():
		d.fail(n.Position, "%s must be a text, a number, a duration, true, false or a list of them, but is %s", key, n.Describe())
		return nil
	case n.Kind == yamltree.Sequence:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = d.constant(item, key)
		}
		return list
	case n.Type == yamltree.Bool:
		return strings.EqualFold(n.Text, "true")
	case n.Type == yamltree.Number:
		return d.number(n, key)
	}
	if length, err := duration.Parse(n.Text); err == nil {
		return length
	}
	return n.Text
}

func (d *decoder) number(n *yamltree.Node, key string) any {
	if number, err := strconv.Atoi(n.Text); err == nil && varNumber().MatchString(n.Text) {
		return number
	}
	if number, err := strconv.ParseFloat(n.Text, 64); err == nil && varFloat().MatchString(n.Text) {
		return number
	}
	d.fail(n.Position, "%s must be a plain number such as 5 or 0.25, but is %s", key, n.Describe())
	return nil
}
