// Package ram writes the policies of Resource Access Management that flowreaper's roles need:
// the least that a policy's sweeps do with, and what a fleet's roles trust.
package ram

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// Wanted says of what a RAM policy is wanted.
type Wanted struct {
	Policy  string   // a policy's file
	Fleet   string   // in its place, a fleet's
	Places  []string // globs: of which the roles are shown; none: of all
	Trust   []string // with a fleet: the ARNs of those who look at its places
	Mode    string   // softens the policies' when it is plan
	Environ []string
}

// Granted is what a RAM policy is needed for, as JSON, and for people.
type Granted interface{ Text(io.Writer) error }

// Read reads the files. What is wrong is the user's to correct.
func (w *Wanted) Read() (Granted, error) {
	mode := policy.Mode(w.Mode)
	switch {
	case mode != policy.ModePlan && mode != policy.ModeEnforce:
		return nil, fmt.Errorf("--mode %q is neither plan nor enforce", w.Mode)
	case w.Fleet == "" && len(w.Trust) > 0:
		return nil, errors.New("--trust goes with --fleet, whose places' roles trust it")
	case w.Fleet == "":
		p, err := policyfile.Read(w.Policy)
		if err := policyfile.Misspelt(w.Environ, err, p); err != nil {
			return nil, err
		}
		return ofPolicy(mode, p), nil
	}
	f, chosen, err := policyfile.Fleet(w.Fleet, w.Places, w.Environ)
	if err != nil {
		return nil, err
	}
	return ofFleet(f.Places, chosen, mode, w.Trust)
}

// Document is a RAM policy, or a role's trust policy.
type Document struct {
	Version   string
	Statement []Statement
}

// Text writes it as JSON, which people paste.
func (d Document) Text(w io.Writer) error { return report.JSON(w, d) }

// Statement allows something.
type Statement struct {
	Effect    string
	Action    []string
	Resource  texts                       `json:",omitempty"` // what it may be done to
	Principal map[string][]string         `json:",omitempty"` // in a trust policy: who may
	Condition map[string]map[string]texts `json:",omitempty"`
}

// texts are one text, or a list: RAM's documentation writes one so.
type texts []string

// MarshalJSON writes a list of one as a text.
func (t texts) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// ofPolicy is the RAM policy that allows what sweeps by the policies call, and no other
// operation. mode softens the policies' own when it is plan.
func ofPolicy(mode policy.Mode, policies ...*policy.Policy) Document {
	return document(calls(mode, policies...))
}

func document(all ...Statement) Document { return Document{"1", all} }

// calls allows CloudFlow's operations, for which its documentation knows no narrower
// resource than *.
func calls(mode policy.Mode, policies ...*policy.Policy) Statement {
	var actions []string
	for _, operation := range sweep.Operations(mode, policies...) {
		actions = append(actions, "fnf:"+operation)
	}
	return Statement{Effect: "Allow", Action: actions, Resource: texts{"*"}}
}
