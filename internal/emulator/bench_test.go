package emulator

import (
	"fmt"
	"net/url"
	"runtime"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/cloud"
)

// A page of 99 out of 10,000 flows and 1,000,000 executions in memory: finding
// it, and writing it as JSON.
func BenchmarkPage(b *testing.B) {
	for _, bench := range []struct {
		name     string
		generate account.Generate
		query    url.Values
	}{
		{"running of 100", account.Generate{Flows: 10_000, Live: 99, Ended: 1, Seed: 1}, url.Values{"Status": {"Running"}}},
		{"few running of 100", account.Generate{Flows: 10_000, Live: 3, Ended: 97, Seed: 1}, url.Values{"Status": {"Running"}}},
		{"all of 100", account.Generate{Flows: 10_000, Live: 3, Ended: 97, Seed: 1}, nil},
		{"running of 100,000", account.Generate{Flows: 10, Live: 4_000, Ended: 96_000, Seed: 1}, url.Values{"Status": {"Running"}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			if testing.Short() {
				bench.generate.Flows = max(1, bench.generate.Flows/100)
			}
			server := loaded(b, bench.generate)
			r := &request{operation: "ListExecutions"}
			r.Query = url.Values{"Limit": {"99"}, "MetadataOnly": {"true"}}
			for name, values := range bench.query {
				r.Query[name] = values
			}
			bytes, i := 0, 0
			for b.Loop() {
				r.Query.Set("FlowName", fmt.Sprintf("load-%d", i%bench.generate.Flows))
				done := server.do(b.Context(), r)
				bytes, i = bytes+len(done.body), i+1
			}
			b.ReportMetric(float64(bytes)/float64(b.N), "bytes/page")
			runtime.KeepAlive(server)
		})
	}
}

// loaded looks at every flow once, so that all executions are in memory.
func loaded(b *testing.B, g account.Generate) *Server {
	b.Helper()
	g.Prefix = "load-"
	server, err := New(&account.Account{Generate: []account.Generate{g}}, Options{NoQuota: true})
	if err != nil {
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	for _, f := range server.Flows() {
		if _, _, err := server.cloud.List(server.Now(), cloud.Query{Flow: f.Name, Limit: 1}); err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	executions := g.Flows * (g.Live + g.Ended)
	b.Logf("%d executions in memory: %s, %d MiB", executions, took.Round(time.Millisecond), (after.HeapAlloc-before.HeapAlloc)>>20)
	return server
}
