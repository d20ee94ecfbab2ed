package policyfile

import (
	"errors"

	"github.com/flowreaper/flowreaper/internal/environment"
	"github.com/flowreaper/flowreaper/policy"
)

// Misspelt is why a policy could not be read, err, or what is wrong with the names
// in the environment: one of them may be why. A policy with mistakes comes first,
// since it may name variables of its own.
func Misspelt(environ []string, err error, policies ...*policy.Policy) error {
	if wrong := policy.Errors(nil); errors.As(err, &wrong) {
		return err
	}
	var others []string
	for _, p := range policies {
		others = append(others, p.Variables()...)
	}
	return errors.Join(environment.Check(environ, others), err)
}
