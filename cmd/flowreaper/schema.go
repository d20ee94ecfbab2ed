package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/schema"
)

const schemaLong = `Prints the JSON Schema of policies, or of policy tests, with which editors complete and check them as they are typed; or of reports,
the JSON that plan, apply, stop and the function write (docs/report.md tells it in words).

Put it beside the policy, and begin the policy with this line:

  # yaml-language-server: $schema=./policy.schema.json

What a schema accepts may still be wrong: 'flowreaper validate' compiles the conditions.`

func (t *terminal) newSchema() *cobra.Command {
	return &cobra.Command{
		Use:       "schema [policy|test|report]",
		Short:     "Print the JSON Schema of policies, for editors, or of reports",
		Long:      schemaLong,
		Example:   "  flowreaper schema > policy.schema.json\n  flowreaper schema test > policytest.schema.json\n  flowreaper schema report > report.schema.json",
		ValidArgs: []string{"policy", "test", "report"},
		Args:      oneOfArgs("policy", "test", "report"),
		RunE: func(_ *cobra.Command, args []string) error {
			schemas := map[string]string{"policy": schema.Policy, "test": schema.PolicyTest, "report": schema.Report}
			_, err := io.WriteString(t.out, schemas[append(args, "policy")[0]])
			return err
		},
	}
}

// oneOfArgs refuses what is none of some words, or more than one of them.
func oneOfArgs(words ...string) cobra.PositionalArgs {
	all := func(and string) string {
		last := len(words) - 1
		return strings.Join(words[:last], ", ") + " " + and + " " + words[last]
	}
	return func(_ *cobra.Command, args []string) error {
		for _, arg := range args {
			if !slices.Contains(words, arg) {
				return fmt.Errorf("there is no schema %q: there are %s", arg, all("and"))
			}
		}
		if len(args) > 1 {
			return fmt.Errorf("one schema is printed at a time: %s", all("or"))
		}
		return nil
	}
}
