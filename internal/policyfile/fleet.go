package policyfile

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/policy"
)

// Place is what a fleet says of one of its places.
type Place struct {
	Name    string `json:"name"`
	Account string `json:"account"`
	Region  string `json:"region"`
	Role    string `json:"role,omitempty"`
	Policy  string `json:"policy"`
}

// ValidateFleet reads a fleet's file, and then the policies of the places that the globs name.
// The fleet's file comes first; where it is wrong, or a policy that it names, it is all.
func ValidateFleet(file string, globs []string, o policy.LintOptions) ([]*Validated, error) {
	v := &Validated{File: file, Findings: []policy.Finding{}}
	f, err := fleet.Read(file)
	if err != nil {
		v.Err, v.Findings = err, mistakes(file, err)
		return []*Validated{v}, nil
	}
	places, err := f.Select(globs)
	if err != nil {
		return nil, err
	}
	v.Valid, v.holds, v.Policies = true, f.Holds(), f.Policies
	all := []*Validated{v}
	for _, p := range places {
		one := Place{Name: p.Name, Account: p.Account, Region: p.Region, Policy: p.File}
		if p.Role != nil {
			one.Role = p.Role.ARN
		}
		v.Places = append(v.Places, one)
	}
	for _, policyFile := range policiesOf(file, places) {
		all = append(all, Validate(policyFile, o))
	}
	return all, nil
}

// FleetPolicies are the files of the policies that a fleet's places have, those places that
// the globs name. Of the fleet, it wants what [Fleet] does.
func FleetPolicies(file string, globs, environ []string) ([]string, error) {
	_, places, err := Fleet(file, globs, environ)
	return policiesOf(file, places), err
}

// policiesOf are the files of places' policies, each once, in the places' order.
func policiesOf(fleetFile string, places []*fleet.Place) (files []string) {
	for _, p := range places {
		file := filepath.Join(filepath.Dir(fleetFile), filepath.FromSlash(p.File))
		if !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}

// Fleet reads a fleet's file, and chooses the places that the globs name. A misspelt name in
// the environment is an error, too.
func Fleet(file string, globs, environ []string) (*fleet.Fleet, []*fleet.Place, error) {
	f, err := fleet.Read(file)
	if err != nil {
		return nil, nil, Misspelt(environ, err)
	}
	if err := Misspelt(environ, nil, f.Policies...); err != nil {
		return nil, nil, err
	}
	chosen, err := f.Select(globs)
	if err != nil {
		return nil, nil, fmt.Errorf("--place: %w", err)
	}
	return f, chosen, nil
}
