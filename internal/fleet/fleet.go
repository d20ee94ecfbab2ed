// Package fleet reads the file of many accounts and regions: the places, and for each its
// policy, and the role with which it is looked at.
//
//	f, err := fleet.Read("fleet.yaml")
//	f, err := fleet.Parse("fleet.yaml", text, beside.Of("fleet.yaml"))
//	place, err := f.Place("payments-shanghai")
//
// A policy that several places have is read once.
package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/flowreaper/flowreaper/internal/beside"
	"github.com/flowreaper/flowreaper/internal/sts"
	"github.com/flowreaper/flowreaper/policy"
)

// Fleet is what a file says.
type Fleet struct {
	Places   []*Place            // in the file's order
	Policies []*policy.Policy    // each once, in the order in which the places name them
	Files    []policy.File       // their texts, by the names that the file has for them
	names    map[string]*Place   // the places by their names
	groups   map[string][]string // the names of their places
}

// Place is an account in a region.
type Place struct {
	Name     string
	Account  string // the account's id
	Region   string
	Endpoint string    // "": the region's
	Role     *sts.Role // to assume; nil: whoever looks there may do so
	File     string    // the policy's, as the fleet's file names it
	Policy   *policy.Policy
}

// Session is what ActionTrail calls whoever assumes the place's role.
func (p *Place) Session() string { return "flowreaper-" + p.Name }

// Read reads the file of that name, and the policies beside it.
func Read(name string) (*Fleet, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the fleet %s does not exist: check its name and folder", name)
	}
	if err != nil {
		return nil, fmt.Errorf("the fleet can't be read: %w", err)
	}
	return Parse(name, text, beside.Of(name))
}

// Parse reads, checks and compiles a fleet. read reads a file by its name beside the
// fleet's; its error is [fs.ErrNotExist] where there is none. What is wrong in the fleet's
// file and in the policies' comes at once, as [policy.Errors].
func Parse(name string, text []byte, read func(string) ([]byte, error)) (*Fleet, error) {
	r := &reader{fleet: &Fleet{names: map[string]*Place{}, groups: map[string][]string{}}, name: name, text: text, read: read, compiled: map[string]*policy.Policy{}}
	r.all()
	if wrong := r.errors(); len(wrong) > 0 {
		return nil, wrong
	}
	return r.fleet, nil
}

// besideOf is a read for the policy of that name: what it names lies beside it.
func besideOf(read func(string) ([]byte, error), policyFile string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) { return read(path.Join(path.Dir(policyFile), name)) }
}

// shown is how errors call a file beside the fleet's.
func (r *reader) shown(name string) string {
	return filepath.Join(filepath.Dir(r.name), filepath.FromSlash(name))
}
