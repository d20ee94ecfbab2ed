package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// completeWords has a shell complete a flag with these words, and no files.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	complete(cmd, flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// completeRules has a shell complete a flag with the names of the policy's rules.
func completeRules(cmd *cobra.Command, flag string, s *settings) {
	complete(cmd, flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		p, err := s.readPolicy()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return ruleNames(p), cobra.ShellCompDirectiveNoFileComp
	})
}

func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(fmt.Sprintf("%s: %v", flag, err)) // a flag that isn't there, or twice
	}
}
