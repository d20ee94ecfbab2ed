// Command measure runs the function's package as Function Compute does, a timer
// event a minute, against an emulated account, and prints what each invocation
// took: what s.yaml's cpu and memorySize, and what it costs, are derived from.
//
//	go run ./deploy/measure -package dist/function -flows 100 -sweeps 10
//
// The emulator keeps the documented quotas, unless it is told not to. It runs in this process, so that
// the function's memory and CPU are its own.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
)

type options struct {
	folder         string
	flows          int
	live           int
	definitionSize int
	inputSize      int
	latency        time.Duration
	sweeps         int
	every          time.Duration
	timeout        time.Duration
	mode           string
	unbounded      bool
	size           size
}

func main() {
	var o options
	flag.StringVar(&o.folder, "package", "dist/function", "the function's package, as `make package` lays it out")
	flag.IntVar(&o.flows, "flows", 100, "flows in the account")
	flag.IntVar(&o.live, "live", 1, "executions that run in each flow")
	flag.IntVar(&o.definitionSize, "definition-size", 4096, "bytes of each flow's definition")
	flag.IntVar(&o.inputSize, "input-size", 1024, "bytes of each execution's input")
	flag.DurationVar(&o.latency, "latency", 20*time.Millisecond, "of each of CloudFlow's answers")
	flag.IntVar(&o.sweeps, "sweeps", 10, "invocations")
	flag.DurationVar(&o.every, "every", time.Minute, "between two invocations")
	flag.DurationVar(&o.timeout, "timeout", time.Minute, "the function's timeout")
	flag.StringVar(&o.mode, "mode", "plan", "FLOWREAPER_MODE")
	flag.BoolVar(&o.unbounded, "unbounded", false, "keep to no quota: all that is to be looked at in one sweep")
	flag.Float64Var(&o.size.vcpu, "vcpu", 0.05, "s.yaml's cpu, for the price")
	flag.Float64Var(&o.size.gb, "gb", 0.125, "s.yaml's memorySize in GB, for the price")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

// quiet is an account in which little happens: beside what runs throughout, an
// execution every half hour in each flow.
func (o options) quiet() (*account.Account, error) {
	return account.Parse("account", fmt.Appendf(nil,
		"flows: []\ngenerate:\n  - {flows: %d, prefix: flow-, live: %d, ended: 10, maxAge: 6h, every: 30m, median: 8m, definitionSize: %d, inputSize: %d, seed: 1}\n",
		o.flows, o.live, o.definitionSize, o.inputSize))
}

func measure(ctx context.Context, o options, out io.Writer) error {
	a, err := o.quiet()
	if err != nil {
		return err
	}
	cloud, err := emulator.New(a, emulator.Options{Latency: o.latency, NoQuota: o.unbounded})
	if err != nil {
		return err
	}
	server := httptest.NewServer(cloud)
	defer server.Close()
	rt, err := fcruntime.Start(ctx, fcruntime.Options{
		Binary: filepath.Join(o.folder, "flowreaper-function"),
		Env:    o.environment(server.URL),
		Region: "cn-hangzhou",
	})
	if err != nil {
		return err
	}
	defer rt.Close()
	if err := rt.Ready(ctx); err != nil {
		return err
	}
	return o.sweep(ctx, rt, out)
}

// environment is the function's. Without a quota it asks as fast as it can.
func (o options) environment(endpoint string) []string {
	env := []string{"FLOWREAPER_ENDPOINT=" + endpoint, "FLOWREAPER_MODE=" + o.mode}
	if o.unbounded {
		env = append(env, "FLOWREAPER_RATES=ListFlows=1000/1000,ListExecutions=1000/1000,DescribeExecution=1000/1000")
	}
	return env
}

func (o options) sweep(ctx context.Context, rt *fcruntime.Runtime, out io.Writer) error {
	fmt.Fprintf(out, "%5s  %9s  %8s  %9s  %9s  %5s  %8s\n", "sweep", "duration", "CPU", "resident", "its peak", "calls", "complete")
	start, after := time.Now(), &sums{}
	for n := range o.sweeps {
		if err := until(ctx, start.Add(time.Duration(n)*o.every)); err != nil {
			return err
		}
		took, cpu, err := o.invoke(ctx, rt, n, out)
		if err != nil {
			return err
		}
		if n > 0 {
			after.add(took, cpu)
		}
	}
	after.print(out, o.size, o.every)
	return nil
}

func until(ctx context.Context, at time.Time) error {
	select {
	case <-time.After(time.Until(at)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// invoke prints one line. A sweep that failed, since limits withheld what it
// would stop, say, has no report to tell its calls.
func (o options) invoke(ctx context.Context, rt *fcruntime.Runtime, n int, out io.Writer) (took, cpu time.Duration, err error) {
	before, err := usageOf(rt.PID())
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	answer, err := rt.Invoke(ctx, fcruntime.Invocation{
		Event:       fmt.Appendf(nil, `{"triggerTime":%q,"triggerName":"measure","payload":""}`, began.UTC().Format(time.RFC3339)),
		Timeout:     o.timeout,
		Credentials: fcruntime.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	took = time.Since(began)
	said := new(fcruntime.FunctionError)
	if err != nil && !errors.As(err, &said) {
		return took, 0, err
	}
	after, err := usageOf(rt.PID())
	if err != nil {
		return took, 0, err
	}
	cpu = after.cpu - before.cpu
	fmt.Fprintf(out, "%5d  %8.3fs  %6.1fms  %6.1f MiB  %6.1f MiB  %s\n", n+1, took.Seconds(),
		float64(cpu)/float64(time.Millisecond), mebibytes(after.resident), mebibytes(after.peak), told(answer.Body, said.Type))
	return took, cpu, nil
}

func told(report []byte, failure string) string {
	var r struct {
		Complete bool           `json:"complete"`
		Calls    map[string]int `json:"calls"`
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return failure
	}
	calls := 0
	for _, n := range r.Calls {
		calls += n
	}
	return fmt.Sprintf("%5d  %8t", calls, r.Complete)
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
