package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/notify/trial"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
)

// The exit statuses; the README explains them to people.
const (
	statusDone        = 0
	statusFailed      = 1   // something failed
	statusUsage       = 2   // wrong usage, or a wrong policy
	statusPartly      = 3   // done in part: incomplete, withheld, undecided, not tried, still running
	statusInterrupted = 130 // by a signal; begun stops were verified first
)

// terminal is the process's surroundings, handed in so that tests can stand in
// its place. Results go to out, progress and errors to err.
type terminal struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	getenv  func(string) string
	environ []string // all of it, to see what is misspelt

	all    bool   // --all: show each row of a long table
	output string // --output: table, json, or what else the command's result can be shown as
}

// addAll adds --all.
func (t *terminal) addAll(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&t.all, "all", false, "show each row of a long table, where else what is alike is put together by rule and flow")
}

// addOutput adds --output. formats are what the result can be shown as besides a table.
func (t *terminal) addOutput(cmd *cobra.Command, formats ...string) {
	formats = append([]string{"table"}, formats...)
	cmd.Flags().StringVarP(&t.output, "output", "o", formats[0], "the result's `FORMAT`: "+strings.Join(formats, ", "))
	flag.CompleteWords(cmd, "output", formats...)
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(formats, t.output) {
			return fmt.Errorf("--output %q is none of %s", t.output, strings.Join(formats, ", "))
		}
		return nil
	}
}

// print prints a result: as JSON where that is asked for, or else by text.
func (t *terminal) print(result any, text func() error) error {
	if t.output == "json" {
		return report.JSON(t.out, result)
	}
	return text()
}

// say writes to err what people read, whatever names and errors are in it.
func (t *terminal) say(format string, args ...any) {
	fmt.Fprint(t.err, plain.Lines(fmt.Sprintf(format, args...)))
}

// statusError carries the exit status of an error. A nil err prints nothing:
// what went wrong has already been said.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// usageError marks an error as the user's, with exit status 2.
func usageError(err error) error { return &statusError{status: statusUsage, err: err} }

// run runs one command line and returns its exit status. What fails before a
// command begins (its flags, its arguments) is wrong usage.
func (t *terminal) run(ctx context.Context, args []string) int {
	root := t.newRoot()
	root.SetArgs(args)
	if len(args) == 0 || !strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) { // who completes reads flags again
		flag.Once(root)
	}
	begun := false
	onBegin(root, func() { begun = true })
	err := root.ExecuteContext(ctx)
	if err == nil {
		return statusDone
	}
	status := statusFailed
	if !begun {
		status = statusUsage
	}
	var carried *statusError
	if errors.As(err, &carried) {
		status, err = carried.status, carried.err
	}
	if err != nil {
		t.say("flowreaper: %v\n", err)
	}
	return status
}

// onBegin has f called when a command below cmd begins its work.
func onBegin(cmd *cobra.Command, f func()) {
	for _, sub := range cmd.Commands() {
		onBegin(sub, f)
	}
	if runE := cmd.RunE; runE != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			f()
			return runE(cmd, args)
		}
	}
}

func (t *terminal) newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "flowreaper",
		Short:         "Stops CloudFlow executions by policy, and shows beforehand what it would stop",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          flag.NoSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	root.SetFlagErrorFunc(flag.Wrong)
	root.Version = version // for --version
	root.SetVersionTemplate(versionLine())
	root.AddCommand(
		t.newApply(),
		t.newAudit(),
		t.newBacktest(),
		t.newDemo(),
		t.newDoctor(),
		t.newEmulate(),
		t.newExplain(),
		t.newInvoke(),
		t.newMan(),
		trial.Command(t.getenv, t.environ, t.out),
		t.newPlan(),
		t.newRAMPolicy(),
		t.newRecord(),
		t.newSchema(),
		t.newStop(),
		t.newSuggest(),
		t.newTest(),
		t.newValidate(),
		t.newVersion(),
	)
	root.InitDefaultCompletionCmd()
	if shells, _, err := root.Find([]string{"completion"}); err == nil {
		shells.Args, shells.RunE = root.Args, root.RunE // cobra's own takes any shell for a question
	}
	return root
}

// version is set by the Makefile with -ldflags "-X main.version=…".
var version = "dev"

func versionLine() string {
	return fmt.Sprintf("flowreaper %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func (t *terminal) newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  flag.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(t.out, versionLine())
			return err
		},
	}
}
