package main

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/schema/schematest"
)

// scriptCommands are what scripts can do beyond typing.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":       exits,
		"cloud":       serveCloud,
		"emulate":     emulate,
		"fingerprint": fingerprint,
		"history":     madeUpHistory,
		"past":        past,
		"stats":       stats,
	}
}

// exits runs a command and checks its exit status: exits 2 flowreaper plan.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	status := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		status = exit.ExitCode()
	}
	if len(args) > 2 && slices.Contains([]string{"plan", "apply", "stop"}, args[2]) && slices.Contains(args, "json") && !slices.Contains(args, "--explain-query") {
		if text := ts.ReadFile("stdout"); text != "" { // whatever became of it, a report is one
			ts.Check(schematest.Conforms([]byte(text)))
		}
	}
	if len(args) > 2 && args[2] == "audit" && slices.Contains(args, "json") {
		ts.Check(schematest.AuditConforms([]byte(ts.ReadFile("stdout"))))
	}
	if status != want {
		ts.Fatalf("exit status %d, want %d", status, want)
	}
}

// fingerprint sets $FINGERPRINT to that of the plan that was saved last:
// fingerprint stderr.
func fingerprint(ts *testscript.TestScript, _ bool, args []string) {
	printed := regexp.MustCompile("sha256:[0-9a-f]{64}").FindString(ts.ReadFile(args[0]))
	if printed == "" {
		ts.Fatalf("no fingerprint was printed")
	}
	ts.Setenv("FINGERPRINT", printed)
}

// past writes a history of one recording: past DIR FILE, the file being JSON, flows by
// name with executions as package history has them.
func past(ts *testscript.TestScript, _ bool, args []string) {
	var flows map[string][]history.Execution
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &flows))
	recorded := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	c := &history.Coverage{Account: "1234567890123456", Region: "cn-hangzhou", Recordings: []history.Recording{{StartedAt: recorded, FinishedAt: recorded}}}
	ts.Check(history.Write(ts.MkAbs(args[0]), c, func(yield func(*history.Flow) bool) {
		for _, name := range slices.Sorted(maps.Keys(flows)) {
			for i := range flows[name] {
				flows[name][i].SeenTime = recorded
			}
			if !yield(&history.Flow{ID: "id-" + name, Name: name, Executions: flows[name]}) {
				return
			}
		}
	}))
}

type emulated struct{}

// emulate serves the account of a file, without quotas, until the script ends:
// emulate account.yaml. It sets $ENDPOINT and the key.
func emulate(ts *testscript.TestScript, _ bool, args []string) {
	text, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	a, err := account.Parse(args[0], text)
	ts.Check(err)
	server, err := emulator.New(a, emulator.Options{NoQuota: true})
	ts.Check(err)
	loopback := httptest.NewServer(server)
	ts.Defer(loopback.Close)
	ts.Value(emulated{}).(map[string]*emulator.Server)[ts.Name()] = server
	ts.Setenv("ENDPOINT", loopback.URL)
	ts.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "emulator")
	ts.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "emulator")
	ts.Setenv("FLOWREAPER_RATES", "ListFlows=1000/1000,DescribeFlow=1000/1000,ListExecutions=1000/1000,StopExecution=1000/1000,DescribeExecution=1000/1000")
}

// stats writes what the emulator was called: stats FILE.
func stats(ts *testscript.TestScript, _ bool, args []string) {
	server := ts.Value(emulated{}).(map[string]*emulator.Server)[ts.Name()]
	text, err := json.MarshalIndent(server.Stats(), "", "  ")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), append(text, '\n'), 0o666))
}
