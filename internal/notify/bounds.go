package notify

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
)

// A template is people's own, and text/template bounds nothing: a range over a
// number, templates that call themselves and texts that double in a loop hold a
// function for ever, and can't be interrupted. So a template is weighed before it
// is run: its loops go over the message's lists alone, whose length is known, and what it
// does at most is counted beforehand. What it makes of texts is counted meanwhile.
const (
	maxText  = 128 << 10 // what a template may hold, and write, in bytes
	maxMade  = 1 << 20   // what print and its like make in all, in bytes
	maxSteps = 100_000   // what a template does, in parts of it that are run
	longest  = 100       // no list has more items: see formats
)

// functions are those that templates have, of text/template's own. None reads
// anything but the message.
var functions = map[string]bool{
	"and": true, "or": true, "not": true, "eq": true, "ne": true, "lt": true, "le": true, "gt": true, "ge": true,
	"len": true, "index": true, "slice": true, "print": true, "printf": true, "println": true, "html": true, "js": true, "urlquery": true,
}

// scales weighs templates that call each other.
type scales struct {
	all     *template.Template
	weights map[string]int // of the templates that were weighed; calling while one is
	tree    *parse.Tree    // that of the node at hand
}

const calling = -1

// weigh says what is wrong with what the templates of these names would do; nil if
// they end soon.
func weigh(all *template.Template, names ...string) error {
	s := &scales{all: all, weights: map[string]int{}}
	for _, name := range names {
		weight, err := s.template(name, nil)
		if err != nil {
			return err
		}
		if weight > maxSteps {
			return fmt.Errorf("the template %q does too much: more than %d steps, where lists have %d items: put fewer ranges into each other", name, maxSteps, longest)
		}
	}
	return nil
}

// template is the weight of a template that a node calls.
func (s *scales) template(name string, caller parse.Node) (int, error) {
	switch weight, known := s.weights[name]; {
	case weight == calling && known:
		return 0, s.wrong(caller, "the template %q calls itself, and would never end", name)
	case known:
		return weight, nil
	}
	t := s.all.Lookup(name)
	if t == nil || t.Tree == nil {
		return 0, nil // running it says so
	}
	s.weights[name] = calling
	before := s.tree
	s.tree = t.Tree
	weight, err := s.node(t.Root)
	s.tree = before
	s.weights[name] = weight
	return weight, err
}

func (s *scales) wrong(node parse.Node, format string, args ...any) error {
	place, _ := s.tree.ErrorContext(node)
	return fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...))
}

// node is a node's weight: how many there are in it, each as often as it is run.
func (s *scales) node(n parse.Node) (int, error) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil { // an else that isn't there
			return 0, nil
		}
		return s.sum(n.Nodes...)
	case *parse.ActionNode:
		return s.node(n.Pipe)
	case *parse.IfNode:
		return s.sum(n.Pipe, n.List, n.ElseList)
	case *parse.WithNode:
		return s.sum(n.Pipe, n.List, n.ElseList)
	case *parse.RangeNode:
		return s.loop(n)
	case *parse.TemplateNode:
		weight, err := s.template(n.Name, n)
		if err != nil || n.Pipe == nil {
			return 1 + weight, err
		}
		pipe, err := s.node(n.Pipe)
		return limited(1 + weight + pipe), err
	case *parse.PipeNode:
		return s.pipe(n)
	case *parse.ChainNode:
		return s.node(n.Node)
	case *parse.StringNode:
		return 1 + len(n.Text)/100, nil
	case *parse.IdentifierNode:
		if !functions[n.Ident] {
			return 0, s.wrong(n, "the function %s is not for messages", n.Ident)
		}
	}
	return 1, nil
}

func (s *scales) sum(nodes ...parse.Node) (int, error) {
	total := 0
	for _, n := range nodes {
		weight, err := s.node(n)
		if err != nil {
			return 0, err
		}
		total = limited(total + weight)
	}
	return total, nil
}

// limited keeps weights from growing beyond what a number holds.
func limited(weight int) int { return min(weight, maxSteps+1) }

// loop is the weight of a range, which goes over lists of the message alone.
func (s *scales) loop(n *parse.RangeNode) (int, error) {
	if !overList(n.Pipe) {
		return 0, s.wrong(n.Pipe, "range goes over .Errors, the .Items of .Stopped, .Failed, .Withheld, .Undecided, .Warned or .Planned, or a slice of those")
	}
	once, err := s.sum(n.Pipe, n.ElseList)
	if err != nil {
		return 0, err
	}
	body, err := s.node(n.List)
	return limited(once + longest*(1+body)), err
}

// overList says whether a pipeline is a list of the message, or a slice of one.
func overList(p *parse.PipeNode) bool {
	if len(p.Cmds) != 1 {
		return false
	}
	args := p.Cmds[0].Args
	if f, ok := args[0].(*parse.IdentifierNode); ok && f.Ident == "slice" && len(args) > 1 {
		args = args[1:2]
	}
	return len(args) == 1 && isList(args[0])
}

func isList(n parse.Node) bool {
	names := path(n)
	return len(names) > 0 && (names[len(names)-1] == "Items" || names[len(names)-1] == "Errors")
}

// path are the fields that a node reads one after the other.
func path(n parse.Node) []string {
	switch n := n.(type) {
	case *parse.FieldNode:
		return n.Ident
	case *parse.VariableNode:
		return n.Ident[1:]
	case *parse.ChainNode:
		return n.Field
	}
	return nil
}

// pipe is a pipeline's weight. Methods, of the time, take nothing but what stands in
// the template: a layout made of what it made before grows without end.
func (s *scales) pipe(p *parse.PipeNode) (int, error) {
	total := 1
	for i, command := range p.Cmds {
		weight, err := s.sum(command.Args...)
		if err != nil {
			return 0, err
		}
		total = limited(total + weight)
		if len(path(command.Args[0])) == 0 {
			continue
		}
		for _, arg := range command.Args[1:] {
			if kind := arg.Type(); kind != parse.NodeString && kind != parse.NodeNumber {
				return 0, s.wrong(arg, "%s takes a text of the template's own, as in {{.Time.Format \"15:04\"}}", command.Args[0])
			}
		}
		if i > 0 {
			return 0, s.wrong(command, "%s takes nothing from a pipeline: write {{.Time.Format \"15:04\"}}", command.Args[0])
		}
	}
	return total, nil
}

// maker makes texts for one template, and bounds them.
type maker struct{ left int }

// functions are those of text/template that make texts, bounded.
func (m *maker) functions() template.FuncMap {
	bounded := func(f func(...any) string) func(...any) (string, error) {
		return func(args ...any) (string, error) {
			if err := m.check(0, args); err != nil {
				return "", err
			}
			return m.made(f(args...))
		}
	}
	return template.FuncMap{
		"print": bounded(fmt.Sprint), "println": bounded(fmt.Sprintln),
		"html": bounded(template.HTMLEscaper), "js": bounded(template.JSEscaper), "urlquery": bounded(template.URLQueryEscaper),
		"printf": func(format string, args ...any) (string, error) {
			if wide().MatchString(format) {
				return "", errors.New("a width has at most three digits, which stand in the format")
			}
			if err := m.check(strings.Count(format, "%"), args); err != nil {
				return "", err
			}
			return m.made(fmt.Sprintf(format, args...))
		},
	}
}

// wide finds widths of a format that nobody means, or that nobody can know.
var wide = pattern.Of(`%[^%a-zA-Z]*(\d{4}|\*)`)

// check refuses arguments of which a text would be longer than any message, before
// it is made. Each verb of a format may write the longest.
func (m *maker) check(verbs int, args []any) error {
	const quoted = 12 // bytes that one becomes at most, in %q or %+q
	total, most := 0, 0
	for _, arg := range args {
		size := 64
		switch arg := arg.(type) {
		case string:
			size = len(arg)
		case nil, bool, int, float64, complex128, time.Time:
		default:
			return fmt.Errorf("print and its like take texts and numbers, not a %T", arg)
		}
		total, most = total+size, max(most, size)
	}
	if total > maxText || verbs*(1000+quoted*most) > maxMade {
		return fmt.Errorf("a text of more than %d bytes: %w", maxText, errTooLong)
	}
	return nil
}

func (m *maker) made(text string) (string, error) {
	if m.left -= len(text); m.left < 0 {
		return "", fmt.Errorf("the template makes texts of more than %d bytes: %w", maxMade, errTooLong)
	}
	return text, nil
}
