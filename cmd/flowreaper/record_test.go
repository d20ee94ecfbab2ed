package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/history"
)

// An interrupted recording keeps what came, says so, and is gone on with.
func TestInterruptedRecord(t *testing.T) {
	server, err := emulator.New(&account.Account{Generate: []account.Generate{
		{Flows: 40, Prefix: "f-", Ended: 20, MaxAge: account.Duration(6 * time.Hour), Seed: 1},
	}}, emulator.Options{NoQuota: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	loopback := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.ServeHTTP(w, r)
		if server.Stats().Calls["ListExecutions"] >= 20 { // several are under way: none may be the 20th alone
			interrupt()
		}
	}))
	defer loopback.Close()
	dir := filepath.Join(t.TempDir(), "history")
	record := func(ctx context.Context) (status int, said string) {
		var out, errs bytes.Buffer
		terminal := &terminal{in: strings.NewReader(""), out: &out, err: &errs, getenv: func(name string) string {
			return map[string]string{
				"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator",
				"FLOWREAPER_RATES": "ListFlows=1000/1000,ListExecutions=1000/1000",
			}[name]
		}}
		status = terminal.run(ctx, []string{"record", "--out", dir, "--endpoint", loopback.URL})
		return status, out.String() + errs.String()
	}
	status, said := record(ctx)
	if status != statusInterrupted || !strings.HasSuffix(said, "flowreaper: context canceled\nWhat came is kept: run it again to go on\n") {
		t.Errorf("status %d: %s", status, said)
	}
	before := coverageOf(t, dir)
	if status, said = record(t.Context()); status != statusDone || !strings.Contains(said, "of 40 of 40 flows") {
		t.Errorf("status %d: %s", status, said)
	}
	after := coverageOf(t, dir)
	if len(before.Flows) < 5 || len(before.Flows) >= 40 || len(after.Flows) != 40 {
		t.Errorf("%d flows were kept, then %d", len(before.Flows), len(after.Flows))
	}
	for _, f := range before.Flows {
		if again := after.Flow(f.ID); again.Rows != f.Rows || !again.From.Equal(f.From) {
			t.Errorf("%s was recorded again: %d rows, %d before", f.Name, again.Rows, f.Rows)
		}
	}
}

// coverageOf is what a folder covers, each execution once.
func coverageOf(t *testing.T, dir string) *history.Coverage {
	t.Helper()
	h, err := history.Open(dir, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	rows := 0
	for _, f := range h.Coverage.Flows {
		rows += f.Rows
	}
	if int64(rows) != h.Rows() {
		t.Errorf("%d executions are covered, there are %d rows", rows, h.Rows())
	}
	return h.Coverage
}
