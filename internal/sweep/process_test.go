package sweep_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
	"github.com/flowreaper/flowreaper/schema/schematest"
)

// process is one process of the function after another.
type process struct {
	t      *testing.T
	server *emulator.Server
	policy *policy.Policy
	file   string
	memory *sweep.Memory
	quota  *cloudflow.Quota
	urgent bool // it is started by an event

	http    cloudflow.HTTPClient              // what stands before the server for events; nil: nothing
	wire    cloudflow.HTTPClient              // … and for timers; nil: nothing
	stopper func(sweep.Stopper) sweep.Stopper // what stands before the client; nil: nothing
	source  func(sweep.Source) sweep.Source   // likewise
	decided func(result.Decision)
}

func (p *process) start() {
	var err error
	if p.quota, err = cloudflow.NewQuota(nil); err != nil {
		p.t.Fatal(err)
	}
	if p.memory, err = sweep.NewMemory(sweep.MemoryOptions{File: p.file, Quota: p.quota, Urgent: p.urgent}); err != nil && !errors.Is(err, watch.ErrLost) {
		p.t.Fatal(err)
	}
}

func (p *process) wired() cloudflow.HTTPClient {
	if p.wire != nil {
		return p.wire
	}
	return p.server
}

// sweep is one invocation, with a client of its own as the function's.
func (p *process) sweep(until time.Duration) (*result.Report, error) {
	c, err := cloudflow.New(cloudflow.Options{
		Endpoint: "http://127.0.0.1:1", HTTPClient: p.wired(), Quota: p.quota,
		Credentials: cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	source, stopper := sweep.Source(c), sweep.Stopper(c)
	if p.source != nil {
		source = p.source(c)
	}
	if p.stopper != nil {
		stopper = p.stopper(c)
	}
	r, err := sweep.Run(context.Background(), sweep.Options{
		Policy: p.policy, Source: source, Stopper: stopper, Memory: p.memory, Quota: p.quota, Decided: p.decided,
		Until: time.Now().Add(until), Event: &policy.Event{Kind: "timer", Time: time.Now().UTC()},
	})
	conforms(p.t, r)
	return r, err
}

// conforms holds a report to its schema; of long lists the beginning, since there are
// days of sweeps.
func conforms(t testing.TB, r *result.Report) {
	t.Helper()
	short := *r
	short.Decisions = r.Decisions[:min(10, len(r.Decisions))]
	schematest.Report(t, short)
}

// seeds are what so many random models are drawn from, or FLOWREAPER_SOAK_CHECKS of
// them; FLOWREAPER_SOAK_SEED is the first.
func seeds(t *testing.T, checks uint64) iter.Seq[uint64] {
	t.Helper()
	number := func(name string, otherwise uint64) uint64 {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s is %q: set it to a whole number", name, text)
		}
		return n
	}
	checks, first := number("FLOWREAPER_SOAK_CHECKS", checks), number("FLOWREAPER_SOAK_SEED", rand.Uint64())
	return func(yield func(uint64) bool) {
		for i := uint64(0); i < checks && yield(first+i); i++ {
		}
	}
}
