package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/schema"
)

const schemaLong = `Prints the JSON Schema of policies, or of policy tests, with which editors complete and check them as they are typed; of fleets; or of reports,
the JSON that plan, apply, stop and the function write (docs/report.md tells it in words); or of what audit writes (docs/audit.md).

Put it beside the policy, and begin the policy with this line:

  # yaml-language-server: $schema=./policy.schema.json

What a schema accepts may still be wrong: 'flowreaper validate' compiles the conditions.`

var schemas = map[string]string{"policy": schema.Policy, "test": schema.PolicyTest, "fleet": schema.Fleet, "report": schema.Report, "audit": schema.Audit}

func (t *terminal) newSchema() *cobra.Command {
	return &cobra.Command{
		Use:       "schema [policy|test|fleet|report|audit]",
		Short:     "Print the JSON Schema of policies, for editors, or of reports and audits",
		Long:      schemaLong,
		Example:   "  flowreaper schema > policy.schema.json\n  flowreaper schema test > policytest.schema.json\n  flowreaper schema report > report.schema.json",
		ValidArgs: []string{"policy", "test", "fleet", "report", "audit"},
		Args:      oneSchema,
		RunE: func(_ *cobra.Command, args []string) error {
			_, err := io.WriteString(t.out, schemas[append(args, "policy")[0]])
			return err
		},
	}
}

// oneSchema refuses what is no schema's name, or more than one.
func oneSchema(_ *cobra.Command, args []string) error {
	for _, arg := range args {
		if schemas[arg] == "" {
			return fmt.Errorf("there is no schema %q: there are policy, test, fleet, report and audit", arg)
		}
	}
	if len(args) > 1 {
		return errors.New("one schema is printed at a time: policy, test, fleet, report or audit")
	}
	return nil
}
