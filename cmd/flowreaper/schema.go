package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/schema"
)

const schemaLong = `Prints the JSON Schema of policies, or of policy tests, with which editors complete and check them as they are typed.

Put it beside the policy, and begin the policy with this line:

  # yaml-language-server: $schema=./policy.schema.json

What a schema accepts may still be wrong: 'flowreaper validate' compiles the conditions.`

func (t *terminal) newSchema() *cobra.Command {
	return &cobra.Command{
		Use:       "schema [policy|test]",
		Short:     "Print the JSON Schema of policies, for editors",
		Long:      schemaLong,
		Example:   "  flowreaper schema > policy.schema.json\n  flowreaper schema test > policytest.schema.json",
		ValidArgs: []string{"policy", "test"},
		Args:      oneOfArgs("policy", "test"),
		RunE: func(_ *cobra.Command, args []string) error {
			text := schema.Policy
			if len(args) == 1 && args[0] == "test" {
				text = schema.PolicyTest
			}
			_, err := io.WriteString(t.out, text)
			return err
		},
	}
}

// oneOfArgs refuses what is neither of two words, or more than one.
func oneOfArgs(a, b string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		for _, arg := range args {
			if arg != a && arg != b {
				return fmt.Errorf("there is no schema %q: there are %s and %s", arg, a, b)
			}
		}
		if len(args) > 1 {
			return fmt.Errorf("one schema is printed at a time: %s or %s", a, b)
		}
		return nil
	}
}
