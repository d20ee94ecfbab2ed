//go:build cgo

package duckdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/historytest"
)

// TestMain is also the process that is measured: what it takes is its own, and nothing
// of the folder's making.
func TestMain(m *testing.M) {
	if way := os.Getenv("FLOWREAPER_MEASURED"); way != "" {
		stops, err := ways[way](os.Getenv("FLOWREAPER_DIR"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_ = json.NewEncoder(os.Stdout).Encode(answer{stops, mostResident()})
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// ways are how the question can be put; each says what it would have stopped, by flow.
var ways = map[string]func(dir string) (map[string]int, error){
	"backtest": byBacktest(historytest.TenRules),
	"one-rule": byBacktest(oneRule),
	"duckdb":   byDuckDB,
	"ticks":    byTicks,
}

// answer is what a measured process says.
type answer struct {
	Stops map[string]int // by flow
	Most  int64          // bytes that were resident at once; 0: this system doesn't say
}

var highWater = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// mostResident asks the system about this process. What it says of a child counts what
// its parent had when it was forked.
func mostResident() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	m := highWater.FindSubmatch(status)
	if m == nil {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return kilobytes << 10
}

func write(tb testing.TB, flows, each int) (dir string) {
	tb.Helper()
	dir = tb.TempDir()
	if err := history.Write(dir, historytest.Coverage(flows), historytest.Month(flows, each)); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func BenchmarkMillion(b *testing.B) {
	flows, each := 500, 2000
	if testing.Short() {
		flows, each = 20, 100
	}
	dir := write(b, flows, each)
	for _, way := range []string{"backtest", "one-rule", "duckdb", "ticks"} {
		b.Run(way, func(b *testing.B) {
			var used usage
			for b.Loop() {
				used.measure(b, way, dir)
			}
			b.ReportMetric(used.cpu.Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(used.least.Seconds(), "wall-s-least") // of a machine that may have more to do
			b.ReportMetric(float64(used.most)/(1<<20), "MiB-most")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// usage is what processes took.
type usage struct {
	least, cpu time.Duration
	most       int64 // resident bytes
}

func (u *usage) measure(tb testing.TB, way, dir string) {
	tb.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FLOWREAPER_MEASURED="+way, "FLOWREAPER_DIR="+dir)
	begun := time.Now()
	out, err := cmd.Output()
	if took := time.Since(begun); u.least == 0 || took < u.least {
		u.least = took
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = errors.New(string(exit.Stderr))
	}
	var a answer
	if err == nil {
		err = json.Unmarshal(out, &a)
	}
	if err != nil || len(a.Stops) == 0 {
		tb.Fatalf("%s: %d flows, %v", way, len(a.Stops), err)
	}
	u.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	u.most = max(u.most, a.Most)
}
