// Command replay-demo goes through what docs/replay.md tells, from an account that was
// never guarded to a policy that is enforced, on an account made up on this machine.
//
//	replay-demo [-bin bin] [-dir DIR] [-quota on|off] [-pictures DIR]
//
// It prints each command and what that prints. All that it writes is in the folder, a
// temporary one unless it is named, which stays for whoever wants to look at it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx)
	stop()
	os.Exit(status)
}

func run(ctx context.Context) int {
	d := &demo{out: os.Stdout}
	flag.StringVar(&d.bin, "bin", "bin", "the `folder` of flowreaper, which make build fills")
	flag.StringVar(&d.dir, "dir", "", "the `folder` to write to; it must be empty, or not there yet (default a temporary one)")
	flag.StringVar(&d.quota, "quota", "on", "CloudFlow's quotas, `on|off`")
	flag.StringVar(&d.pictures, "pictures", "", "write the pictures of docs/replay.md to this `folder`, too")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "replay-demo: it takes no arguments, but %q is one\n", flag.Arg(0))
		return 2
	}
	err := d.prepare()
	if err == nil {
		err = d.run(ctx)
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(os.Stderr, "replay-demo: interrupted; what there is remains in %s\n", d.dir)
		return 130
	case err != nil:
		fmt.Fprintf(os.Stderr, "replay-demo: %v\n", err)
		return 1
	}
	return 0
}

// demo is one run.
type demo struct {
	bin, dir, quota, pictures string

	out     io.Writer
	environ []string // of the commands
}

func (d *demo) prepare() (err error) {
	if d.bin, err = filepath.Abs(d.bin); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(d.bin, "flowreaper")); err != nil {
		return fmt.Errorf("%w; 'make build' builds it", err)
	}
	if d.dir, err = folder(d.dir); err != nil {
		return err
	}
	// Nothing of the caller's own account is for this one.
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "FLOWREAPER_") && !strings.HasPrefix(variable, "ALIBABA_CLOUD_") {
			d.environ = append(d.environ, variable)
		}
	}
	d.environ = append(d.environ, "PATH="+d.bin+string(os.PathListSeparator)+os.Getenv("PATH"), "XDG_STATE_HOME="+filepath.Join(d.dir, "state"),
		"ALIBABA_CLOUD_ACCESS_KEY_ID=emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=emulator")
	if d.quota == "off" {
		const rate = "=1000/1000"
		operations := []string{"ListFlows", "ListExecutions", "DescribeExecution", "GetExecutionHistory", "StopExecution", "DescribeFlow"}
		d.environ = append(d.environ, "FLOWREAPER_RATES="+strings.Join(operations, rate+",")+rate)
	}
	return nil
}

// folder makes the one that is named, or a temporary one.
func folder(named string) (string, error) {
	if named == "" {
		return os.MkdirTemp("", "flowreaper-replay-")
	}
	dir, err := filepath.Abs(named)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	if there, err := os.ReadDir(dir); err != nil || len(there) > 0 {
		return "", errors.Join(err, fmt.Errorf("%s is not empty: name another folder, or remove it", named))
	}
	return dir, nil
}

func (d *demo) run(ctx context.Context) error {
	if err := d.served(ctx, end, d.replay); err != nil {
		return err
	}
	if err := d.served(ctx, time.Now(), d.enforce); err != nil {
		return err
	}
	if d.pictures != "" {
		if err := d.cut(d.pictures); err != nil {
			return err
		}
	}
	fmt.Fprintf(d.out, "\nAll of it is in %s. The pages:\n", d.dir)
	for _, page := range []string{"limits.html", "backtest.html", "change.html"} {
		fmt.Fprintf(d.out, "  file://%s\n", filepath.ToSlash(filepath.Join(d.dir, page)))
	}
	return nil
}

// served has the steps be done while the account is served, by a clock that stands at
// this time.
func (d *demo) served(ctx context.Context, clock time.Time, steps func(context.Context) error) error {
	file, err := os.Create(filepath.Join(d.dir, "account.yaml"))
	if err != nil {
		return err
	}
	if err := errors.Join(writeAccount(file, time.Until(clock)), file.Close()); err != nil {
		return err
	}
	cloud, err := d.emulate()
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nA CloudFlow on this machine, at %s, where it is %s.\n", cloud.endpoint, clock.UTC().Format("2006-01-02 15:04 UTC"))
	return errors.Join(steps(ctx), cloud.stop())
}

func (d *demo) replay(ctx context.Context) error {
	return d.steps(ctx, []step{
		{"1. Record the month.", "flowreaper record --out history --since 35d", 0},
		{"2. Which limits fit the runs that there were?", "flowreaper suggest --history history", 0},
		{"", "flowreaper suggest --history history -o html > limits.html", 0},
		{"3. As a policy, in mode plan, and its tests.", "flowreaper suggest --history history -o yaml --tests policy.test.yaml > policy.yaml", 0},
		{"", "cat policy.yaml", 0},
		{"", "flowreaper validate --strict policy.yaml", 0},
		{"", "flowreaper test policy.test.yaml", 0},
		{"4. What would it have done to the month?", "flowreaper backtest --policy policy.yaml --history history", 0},
		{"", "flowreaper backtest --policy policy.yaml --history history -o html > backtest.html", 0},
		{"5. Somebody asks for tighter limits. What would change? A gate lets no policy through that stops too many good runs: status 1.",
			"sed 's/maxRuntime: 38m/maxRuntime: 30m/; s/maxRuntime: 2h29m/maxRuntime: 2h/' policy.yaml > tighter.yaml", 0},
		{"", "flowreaper backtest --policy tighter.yaml --against policy.yaml --history history -o markdown --max-false-stops 0.1%", 1},
		{"", "flowreaper backtest --policy tighter.yaml --against policy.yaml --history history -o html > change.html", 0},
	})
}

func (d *demo) enforce(ctx context.Context) error {
	return d.steps(ctx, []step{
		{"6. Enforce. The same account, by this machine's clock: flowreaper stops nothing where it and CloudFlow's differ.",
			"sed 's/^mode: plan .*/mode: enforce/' policy.yaml > enforced.yaml", 0},
		{"", "flowreaper apply --policy enforced.yaml --yes", 0},
	})
}

// step is a command, and how it ends.
type step struct {
	words  string
	line   string
	status int
}

func (d *demo) steps(ctx context.Context, all []step) error {
	for _, s := range all {
		if s.words != "" {
			fmt.Fprintf(d.out, "\n%s\n", s.words)
		}
		fmt.Fprintf(d.out, "\n$ %s\n", s.line)
		// Beyond exec the shell is the command itself, which the signal thus reaches.
		c := exec.CommandContext(ctx, "sh", "-c", "exec "+s.line)
		c.Dir, c.Env, c.Stdout, c.Stderr = d.dir, d.environ, d.out, os.Stderr
		c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
		c.WaitDelay = 10 * time.Second
		if err := c.Run(); ctx.Err() != nil || c.ProcessState == nil || c.ProcessState.ExitCode() != s.status {
			return fmt.Errorf("%s: it was to end with status %d: %w", s.line, s.status, errors.Join(err, ctx.Err()))
		}
	}
	return nil
}
