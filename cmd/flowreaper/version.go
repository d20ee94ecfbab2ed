package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"
)

// version is set by the Makefile with -ldflags "-X main.version=…".
var version = "dev"

func versionLine() string {
	return fmt.Sprintf("flowreaper %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func (t *terminal) newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(t.out, versionLine())
			return err
		},
	}
}
