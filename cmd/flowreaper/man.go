package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan writes the pages that a release's archives carry; people read them with
// man, and ask the commands themselves.
func (t *terminal) newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the man pages into a folder, one a command",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE:   func(cmd *cobra.Command, args []string) error { return writeMan(cmd.Root(), args[0]) },
	}
}

// writeMan dates the pages SOURCE_DATE_EPOCH, so that the same commit gives the same bytes.
func writeMan(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("the man pages can't be written: %w", err)
	}
	asTyped(root)
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Source: "flowreaper " + version, Manual: "flowreaper"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return fmt.Errorf("the man pages can't be written: %w", err)
	}
	return nil
}

// asTyped keeps the commands' texts as they were typed. They are no Markdown, for which
// the library takes them: a glob's stars would be gone.
func asTyped(cmd *cobra.Command) {
	if cmd.Long != "" {
		cmd.Long = "```\n" + cmd.Long + "\n```"
	}
	for _, sub := range cmd.Commands() {
		asTyped(sub)
	}
}
