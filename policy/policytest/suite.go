package policytest

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/flowreaper/flowreaper/policy"
)

// Suite is the test files of one run. The zero Suite has none.
type Suite struct {
	files    []FileReport
	policies []*exercised // in the order in which they were met
}

// exercised is a policy, and what its tests exercised.
type exercised struct {
	path       string
	policy     *policy.Policy
	condemning map[string]bool
}

// Run runs the cases of a file. read reads the policy's file and those that it names,
// which lie beside it; its error for the policy is returned as it is, and a policy that is
// wrong, or a file that doesn't fit the policy, as [policy.Errors].
func (s *Suite) Run(f *File, read func(path string) ([]byte, error)) error {
	tested, err := s.policy(f.PolicyPath(), read)
	if err != nil {
		return err
	}
	if err := f.rules(tested.policy); err != nil {
		return err
	}
	s.files = append(s.files, FileReport{File: f.file, Policy: tested.path, Cases: f.run(tested.policy, tested.condemning)})
	return nil
}

func (s *Suite) policy(path string, read func(string) ([]byte, error)) (*exercised, error) {
	i := slices.IndexFunc(s.policies, func(e *exercised) bool { return e.path == path })
	if i >= 0 {
		return s.policies[i], nil
	}
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	beside := func(name string) ([]byte, error) {
		return read(filepath.Join(filepath.Dir(path), filepath.FromSlash(name)))
	}
	p, err := policy.ParseWith(path, text, beside)
	if err != nil {
		return nil, err
	}
	e := &exercised{path: path, policy: p, condemning: map[string]bool{}}
	s.policies = append(s.policies, e)
	return e, nil
}

// missed are the rules that condemn nothing in any case.
func (e *exercised) missed() []MissedRule {
	var all []MissedRule
	for _, rule := range e.policy.Rules {
		if !e.condemning[rule.Name] {
			file, line, column := rule.Place()
			all = append(all, MissedRule{Policy: file, Rule: rule.Name, Line: line, Column: column})
		}
	}
	return all
}

// Report sums the run up. With coverage every rule must be exercised.
func (s *Suite) Report(coverage bool) *Report {
	r := &Report{Version: 1, Passed: true, Files: s.files}
	if coverage {
		for _, e := range s.policies {
			r.Missed = append(r.Missed, e.missed()...)
		}
	}
	for _, f := range r.Files {
		for _, c := range f.Cases {
			r.Passed = r.Passed && c.Passed
		}
	}
	r.Passed = r.Passed && len(r.Missed) == 0
	return r
}

// place prints where something stands, as editors and compilers do.
func place(file string, line, column int) string { return fmt.Sprintf("%s:%d:%d", file, line, column) }
