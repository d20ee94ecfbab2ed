package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/policy/policytest"
)

const testLong = `Runs policy tests: cases with a fixed now, flows and executions, an optional event, and what is wanted of the policy.
It needs no network.

A case fails where the policy decides something else than what is wanted. An execution with nothing wanted of it must be kept.
With --coverage every rule must condemn something in some case.

With --fleet it runs the tests beside the policies of a fleet's places, once each: those of X.yaml are in X.test.yaml. A policy
without any is not deployed, and fails.

  version: 1
  policy: policy.yaml            # relative to this file
  now: 2026-03-04T12:00:00Z
  cases:
    - name: ETL ends within two hours
      flows:
        - name: etl-nightly
          executions:
            - {name: overdue, startedAgo: 3h, want: {decision: stop, rule: etl-max-runtime}}
            - {name: young, startedAgo: 1h}

Exit status: 0 all passed · 1 a test failed, or a rule isn't exercised · 2 a file is wrong, or a fleet's policy has no tests`

// testOptions are the flags of test.
type testOptions struct {
	coverage bool
	junit    string
	fleet    flag.Fleet
}

func (t *terminal) newTest() *cobra.Command {
	o := testOptions{}
	cmd := &cobra.Command{
		Use:     "test FILE… | --fleet FILE",
		Short:   "Run policy tests",
		Long:    testLong,
		Example: "  flowreaper test policy.test.yaml\n  flowreaper test --coverage --junit report.xml tests/*.yaml\n  flowreaper test --fleet fleet.yaml",
		Args:    o.fleet.OrFiles(flag.SomeFiles("a file of policy tests, such as policy.test.yaml")),
		RunE:    func(_ *cobra.Command, files []string) error { return t.test(files, o) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.coverage, "coverage", false, "fail on a rule that no case exercises")
	flags.StringVar(&o.junit, "junit", "", "write the results to this `FILE`, as JUnit XML")
	t.addOutput(cmd, "json")
	o.fleet.Add(cmd)
	return cmd
}

func (t *terminal) test(files []string, o testOptions) error {
	run := policyfile.RunTests
	if o.fleet.File != "" {
		policies, err := policyfile.FleetPolicies(o.fleet.File, o.fleet.Places, t.environ)
		if err != nil {
			return usageError(err)
		}
		files, run = policies, policyfile.RunTestsBeside
	}
	suite := &policytest.Suite{}
	wrong := 0
	for _, file := range files {
		if err := run(suite, file); err != nil {
			wrong++
			t.say("%v\n", err)
		}
	}
	report := suite.Report(o.coverage)
	if err := t.showTests(report, o); err != nil {
		return err
	}
	switch {
	case wrong > 0:
		return usageError(fmt.Errorf("wrong, and not run: %d of %d", wrong, len(files)))
	case !report.Passed:
		return &statusError{status: statusFailed}
	}
	return nil
}

func (t *terminal) showTests(r *policytest.Report, o testOptions) error {
	if o.junit != "" {
		if err := writeFile(o.junit, r.JUnit); err != nil {
			return err
		}
	}
	return t.print(r, func() error { return r.Text(plain.Writer{To: t.out, By: plain.Lines}) })
}

// writeFile writes a file whole, or says that it didn't.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
