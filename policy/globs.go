package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// globs is a list of patterns of flow names. The last that matches wins; one
// that begins with ! excludes; a list that begins with ! begins from all.
type globs struct {
	key      string // flows, or protect.flows
	patterns []glob
}

type glob struct {
	pattern string
	exclude bool
}

// Globs compiles a list of globs as the flows of a rule have them: * stands for
// any characters and ? for one; the last that matches wins; one that begins
// with ! excludes; a list that begins with ! begins from all. matches says
// whether the list names a name. An empty list names nothing.
func Globs(patterns ...string) (matches func(name string) bool, err error) {
	g, err := newGlobs("flows", patterns)
	if err != nil {
		return nil, err
	}
	return g.matches, nil
}

// FlowGlobs compiles the globs that --flow was given; nil where there are none, which is
// all flows. One that is empty, perhaps of a variable that isn't set, is an error.
func FlowGlobs(patterns []string) (matches func(name string) bool, err error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	if matches, err = Globs(patterns...); err != nil {
		return nil, fmt.Errorf("--flow: %w", err)
	}
	return matches, nil
}

func newGlobs(key string, patterns []string) (*globs, error) {
	g := &globs{key: key}
	for _, text := range patterns {
		if problem := g.add(text); problem != "" {
			return nil, errors.New(problem)
		}
	}
	return g, nil
}

// globs reads a list of globs; nil where there is none.
func (d *decoder) globs(n *yamltree.Node, key string) *globs {
	if n == nil {
		return nil
	}
	g := &globs{key: key}
	for _, item := range d.texts(n, key) {
		if problem := g.add(item.Text); problem != "" {
			d.errors = append(d.errors, d.errorAt(item.Position, problem))
		}
	}
	return g
}

// add adds a pattern, or says what is wrong with it.
func (g *globs) add(text string) (problem string) {
	if problem := notGlob(text); problem != "" {
		return problem
	}
	pattern, exclude := strings.CutPrefix(text, "!")
	g.patterns = append(g.patterns, glob{pattern, exclude})
	return ""
}

// matches says whether the list names a flow. Where there is none, it does.
func (g *globs) matches(name string) bool {
	if g == nil {
		return true
	}
	named := len(g.patterns) > 0 && g.patterns[0].exclude
	for _, p := range g.patterns {
		if p.matches(name) {
			named = !p.exclude
		}
	}
	return named
}

// matches goes back to the last * where the rest doesn't fit: that is enough,
// and takes at most pattern × name steps. A * stands for anything, whatever
// characters a name may have.
func (p glob) matches(name string) bool {
	at, star, tried := 0, -1, 0
	for i := 0; i < len(name); {
		switch {
		case at < len(p.pattern) && p.pattern[at] == '*':
			star, tried = at, i
			at++
		case at < len(p.pattern) && (p.pattern[at] == '?' || p.pattern[at] == name[i]):
			at, i = at+1, i+1
		case star >= 0:
			tried++
			at, i = star+1, tried
		default:
			return false
		}
	}
	return strings.Trim(p.pattern[at:], "*") == ""
}

func (g *globs) source() string { return g.key }

func (g *globs) reads() expression.Set { return expression.SetOf(flowName) }

func (g *globs) holds(j *judgement) (bool, error) { return g.matches(j.facts.Flow.Name), nil }

// describe says by which pattern the list names the flow, or doesn't.
func (g *globs) describe(j *judgement) string {
	return describeMatch("flow.name", j.facts.Flow.Name, g.matches(j.facts.Flow.Name), g.String())
}

func describeMatch(variable, name string, matches bool, pattern string) string {
	verb := "matches"
	if !matches {
		verb = "does not match"
	}
	return variable + " " + quote(name) + " " + verb + " " + pattern
}

func (g *globs) String() string {
	var texts []string
	for _, p := range g.patterns {
		texts = append(texts, p.String())
	}
	return g.key + " [" + strings.Join(texts, ", ") + "]"
}

func (p glob) String() string { return quote(p.text()) }

// text is the glob as it is written.
func (p glob) text() string {
	if p.exclude {
		return "!" + p.pattern
	}
	return p.pattern
}
