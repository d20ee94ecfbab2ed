package cloudflow

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The pages of the benchmarks: as MetadataOnly has them, as most accounts have
// them, and with inputs and definitions as large as they get in daily life.
var benchPages = []struct {
	name              string
	input, definition int
}{
	{"small", 0, 0},
	{"usual", 200, 1_000},
	{"large", 4_000, 20_000},
}

// plainPage is what a client without this package would decode into.
type plainPage struct {
	RequestId, NextToken string
	Executions           []plainExecution
}

type plainExecution struct {
	Name, FlowName, Status, StartedTime, StoppedTime, Input, RoleArn string
	Environment                                                      *struct {
		Variables []struct{ Name, Value string }
	}
}

// parse does what is done for every row anyway.
func (p plainPage) parse(b *testing.B) {
	for _, e := range p.Executions {
		if _, err := time.Parse(time.RFC3339Nano, e.StartedTime); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodePage reads a page of 99 executions beside encoding/json.
func BenchmarkDecodePage(b *testing.B) {
	for _, size := range benchPages {
		body := pageOf(99, size.input, size.definition)
		b.Run(size.name+"/stream", func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if page, err := readPage(strings.NewReader(body)); err != nil || len(page.Items) != 99 {
					b.Fatal(err)
				}
			}
		})
		b.Run(size.name+"/encoding-json", func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				var page plainPage
				if err := json.NewDecoder(strings.NewReader(body)).Decode(&page); err != nil || len(page.Executions) != 99 {
					b.Fatal(err)
				}
				page.parse(b)
			}
		})
	}
}

// BenchmarkCall is a whole call over a socket beside net/http and
// encoding/json, which neither sign nor count nor wait for a token.
func BenchmarkCall(b *testing.B) {
	for _, size := range benchPages {
		body := pageOf(99, size.input, size.definition)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }))
		b.Run(size.name+"/cloudflow", func(b *testing.B) { callClient(b, server.URL) })
		b.Run(size.name+"/net-http", func(b *testing.B) { callPlain(b, server.URL) })
		server.Close()
	}
}

func callClient(b *testing.B, url string) {
	c, err := New(Options{Endpoint: url, Credentials: testCredentials, Quota: Unlimited()})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		for page, err := range c.ListExecutions(b.Context(), ExecutionQuery{FlowName: "etl-nightly"}) {
			if err != nil || len(page.Items) != 99 {
				b.Fatal(err)
			}
			break
		}
	}
}

func callPlain(b *testing.B, url string) {
	b.ReportAllocs()
	for b.Loop() {
		answer, err := http.Get(url)
		if err != nil {
			b.Fatal(err)
		}
		var page plainPage
		if err := json.NewDecoder(answer.Body).Decode(&page); err != nil || len(page.Executions) != 99 {
			b.Fatal(err)
		}
		page.parse(b)
		answer.Body.Close()
	}
}

// BenchmarkMillionExecutions lists 1,000,000 executions with inputs of 4 KB in
// pages of 99, and reports what the heap grew to.
func BenchmarkMillionExecutions(b *testing.B) {
	if testing.Short() {
		b.Skip("it takes half a minute")
	}
	body := pageOf(99, 4_000, 0)
	for b.Loop() {
		runtime.GC()
		var highest uint64
		for n := 0; n < 1_000_000; n += 99 {
			if _, err := readPage(strings.NewReader(body)); err != nil {
				b.Fatal(err)
			}
			if n%9900 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				highest = max(highest, m.HeapInuse)
			}
		}
		b.ReportMetric(float64(highest)/(1<<20), "MiB-heap")
	}
}
