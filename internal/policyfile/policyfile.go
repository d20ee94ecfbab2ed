// Package policyfile reads the files of policies and of their tests for people at a terminal:
// as the function reads them, with all that is wrong in one go, and with what is allowed and
// probably not meant.
//
//	p, err := policyfile.Read("policy.yaml")
//	fmt.Print(policyfile.Validate("policy.yaml", policy.LintOptions{Tick: time.Minute}).Wrong())
package policyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowreaper/flowreaper/internal/beside"
	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/policy"
	"github.com/flowreaper/flowreaper/policy/policytest"
)

// Read reads and compiles a policy as the function does, the templates of its messages
// too.
func Read(file string) (*policy.Policy, error) {
	text, err := read("the policy", file)
	if err != nil {
		return nil, err
	}
	return compile(file, text)
}

func compile(file string, text []byte) (*policy.Policy, error) {
	p, err := policy.ParseWith(file, text, beside.Of(file))
	if err != nil {
		return nil, err
	}
	if err := notify.Check(p); err != nil {
		return nil, err
	}
	return p, nil
}

// Print prints a policy with all that it extends, as one file.
func Print(file string) (string, error) {
	text, err := read("the policy", file)
	if err != nil {
		return "", err
	}
	if _, err := compile(file, text); err != nil {
		return "", err
	}
	return policy.Print(file, text, beside.Of(file))
}

// RunTests runs the tests of one file. Its errors tell all that is wrong.
func RunTests(suite *policytest.Suite, file string) error {
	tests, err := parseTests(file)
	if err != nil {
		return err
	}
	return run(suite, tests, file)
}

// RunTestsBeside runs the tests of one policy, which lie beside it: those of X.yaml are in
// X.test.yaml. That there are none is an error, and that they are another policy's.
func RunTestsBeside(suite *policytest.Suite, policyFile string) error {
	extension := filepath.Ext(policyFile)
	file := strings.TrimSuffix(policyFile, extension) + ".test" + extension
	tests, err := parseTests(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing(fmt.Sprintf("the policy %s has no tests: put them into %s", policyFile, file))
	case err != nil:
		return err
	case tests.PolicyPath() != policyFile:
		return fmt.Errorf("%s tests %s, and nothing tests %s: write policy: %s", file, tests.PolicyPath(), policyFile, filepath.Base(policyFile))
	}
	return run(suite, tests, file)
}

func parseTests(file string) (*policytest.File, error) {
	text, err := read("the test file", file)
	if err != nil {
		return nil, err
	}
	return policytest.Parse(file, text)
}

func run(suite *policytest.Suite, tests *policytest.File, file string) error {
	err := suite.Run(tests, func(path string) ([]byte, error) { return read("the policy", path) })
	if wrong := policy.Errors(nil); errors.As(err, &wrong) && wrong[0].File == file {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w\n%s tests this policy", err, file)
	}
	return nil
}

// missing says that a file does not exist.
type missing string

func (m missing) Error() string        { return string(m) }
func (m missing) Is(target error) bool { return target == fs.ErrNotExist }

func read(what, path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(fmt.Sprintf("%s %s does not exist: check its name and folder", what, path))
	}
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", what, err)
	}
	return text, nil
}
