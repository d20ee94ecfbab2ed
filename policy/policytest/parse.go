package policytest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/internal/yamlread"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy"
)

// Parse reads and checks a file of policy tests. file is where it is: it names
// the file in errors, and the policy's path is relative to it. The error, if
// any, is of type [policy.Errors] and holds everything that is wrong.
func Parse(file string, text []byte) (*File, error) {
	root, problems := yamltree.Parse(text)
	f := &File{file: file, text: text}
	switch {
	case len(problems) > 0:
	case root == nil:
		problems = []yamltree.Problem{{
			Position: yamltree.Position{Line: 1, Column: 1},
			Message:  "the file is empty: it needs version: 1, policy and cases",
		}}
	case root.Value("rules").Kind == yamltree.Sequence:
		problems = []yamltree.Problem{{
			Position: root.Position,
			Message:  "this is a policy, and no file of policy tests: 'flowreaper validate FILE' checks it",
		}}
	case root.Value("places").Kind == yamltree.Sequence:
		problems = []yamltree.Problem{{
			Position: root.Position,
			Message:  "this is a fleet's file, and no file of policy tests: 'flowreaper test --fleet FILE' runs those of its policies",
		}}
	default:
		if problems = yamlread.Read(root, f); len(problems) == 0 {
			problems = f.check()
		}
	}
	if len(problems) > 0 {
		return nil, yamlread.Placed(file, text, problems)
	}
	return f, nil
}

// PolicyPath is where the policy that is tested lies.
func (f *File) PolicyPath() string {
	if filepath.IsAbs(f.Policy) {
		return filepath.Clean(f.Policy)
	}
	return filepath.Join(filepath.Dir(f.file), f.Policy)
}

// checker finds what only several keys together show.
type checker struct {
	problems []yamltree.Problem
}

func (c *checker) fail(at yamltree.Position, format string, args ...any) {
	c.problems = append(c.problems, yamltree.Problem{Position: at, Message: fmt.Sprintf(format, args...)})
}

// once refuses a name that was given before. lines are those of the names so far;
// message takes the name and its first line.
func (c *checker) once(lines map[string]int, name string, at yamltree.Position, message string) {
	if line, twice := lines[name]; twice {
		c.fail(at, message, name, line)
	}
	lines[name] = at.Line
}

func (f *File) check() []yamltree.Problem {
	c := &checker{}
	if f.Policy == "" {
		c.fail(f.At, "policy must name the policy's file")
	}
	if len(f.Cases) == 0 {
		c.fail(f.At, "cases is empty: a file without cases tests nothing")
	}
	names := map[string]int{}
	for i := range f.Cases {
		one := &f.Cases[i]
		c.once(names, one.Name, one.At, "the name %q is given to two cases; first in line %d")
		if one.Now == nil && f.Now == nil {
			c.fail(one.At, "the case has no now: give it one, or the file")
		}
		c.flows(one, f.now(one))
	}
	return c.problems
}

func (c *checker) flows(one *Case, now time.Time) {
	if len(one.Flows) == 0 {
		c.fail(one.At, "the case has no flows: it tests nothing")
	}
	if e := one.Event; e != nil && e.Data != "" && !strings.HasPrefix(string(e.Data), "{") {
		c.fail(e.At, "data must be a mapping: it is event.data")
	}
	lines := map[string]int{}
	for i := range one.Flows {
		flow := &one.Flows[i]
		c.once(lines, flow.Name, flow.At, "the flow %q is there twice; first in line %d")
		if !flowName.MatchString(flow.Name) {
			c.fail(flow.At, "%q is no flow's name, so that nothing is tested: it has letters, digits, _ and -, and begins with a letter or _", yamltree.Brief(flow.Name))
		}
		c.executions(flow, now)
	}
}

var flowName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func (c *checker) executions(flow *Flow, now time.Time) {
	if len(flow.Executions) == 0 {
		c.fail(flow.At, "the flow has no executions: nothing of it is judged")
	}
	lines := map[string]int{}
	for i := range flow.Executions {
		e := &flow.Executions[i]
		c.once(lines, e.Name, e.At, "the execution %q is there twice; first in line %d")
		if (e.StartedAgo == nil) == (e.StartedTime == nil) {
			c.fail(e.At, "the execution needs startedAgo or startedTime, and not both")
		}
		if e.StartedTime != nil && e.StartedTime.After(now) && !now.IsZero() {
			c.fail(e.At, "the execution starts after now, which is %s: there is nothing to judge yet", now.Format(time.RFC3339))
		}
		if e.Input != "" && e.InputText != nil {
			c.fail(e.At, "the execution has input and inputText: give one of them")
		}
		if h := e.History; h != nil && h.Idle != nil && h.LastEventTime != nil {
			c.fail(h.At, "the history has idle and lastEventTime: give one of them")
		}
		c.want(e.Want)
	}
}

// want refuses what the decision leaves no room for, since it could never come.
func (c *checker) want(w *Want) {
	if w == nil {
		return
	}
	condemned := w.Decision == string(policy.Stop) || w.Decision == string(policy.Protected) || w.Decision == notWarned
	for _, key := range []struct {
		name  string
		given bool
	}{{"mode", w.Mode != ""}, {"cause", w.Cause != ""}, {"wouldAlso", len(w.WouldAlso) > 0}} {
		if key.given && !condemned {
			c.fail(w.At, "%s needs decision: stop, not_warned or protected", key.name)
		}
	}
	if w.Rule != "" && w.Decision == string(policy.Keep) {
		c.fail(w.At, "an execution that is kept has no rule: take it out, or want another decision")
	}
}

// rules refuses wants of rules that the policy doesn't have: no execution could
// tell them from those that say nothing.
func (f *File) rules(p *policy.Policy) error {
	var names []string
	for _, r := range p.Rules {
		names = append(names, r.Name)
	}
	c := &checker{}
	for _, e := range f.executions() {
		if e.Want == nil {
			continue
		}
		for _, name := range slices.Concat([]string{e.Want.Rule}, e.Want.WouldAlso, e.Want.Undecided) {
			if name != "" && !slices.Contains(names, name) {
				c.fail(e.Want.At, "no such rule: the policy has no %q%s", name, spelling.DidYouMean(name, names))
			}
		}
	}
	if len(c.problems) == 0 {
		return nil
	}
	return yamlread.Placed(f.file, f.text, c.problems)
}

// executions are those of all cases.
func (f *File) executions() (all []*Execution) {
	for _, one := range f.Cases {
		for _, flow := range one.Flows {
			for i := range flow.Executions {
				all = append(all, &flow.Executions[i])
			}
		}
	}
	return all
}
