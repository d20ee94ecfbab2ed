package main

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// interruptAt stands for a person who presses Ctrl-C when a text appears.
type interruptAt struct {
	text   string
	seen   bytes.Buffer
	cancel context.CancelFunc
}

func (i *interruptAt) Write(p []byte) (int, error) {
	if i.seen.Write(p); strings.Contains(i.seen.String(), i.text) {
		i.cancel()
	}
	return len(p), nil
}

// TestDoctorInterrupted: whatever it was doing, what it has created is deleted
// first, and what it has found out is printed.
func TestDoctorInterrupted(t *testing.T) {
	for _, at := range []string{"creating the flow", "starting an execution of it", "stopping an execution, and", "stopping an Express execution"} {
		server, err := emulator.New(&account.Account{}, emulator.Options{NoQuota: true})
		if err != nil {
			t.Fatal(err)
		}
		loopback := httptest.NewServer(server)
		ctx, cancel := context.WithCancel(t.Context())
		environment := map[string]string{
			"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator",
			"FLOWREAPER_RATES": "ListFlows=1000/1000,DescribeFlow=1000/1000,ListExecutions=1000/1000,StopExecution=1000/1000",
		}
		var out bytes.Buffer
		messages := &interruptAt{text: at, cancel: cancel}
		person := &terminal{in: strings.NewReader(""), out: &out, err: messages, getenv: func(name string) string { return environment[name] }}
		status := person.run(ctx, []string{"doctor", "--endpoint", loopback.URL, "--canary", "--yes"})
		if status != statusInterrupted || !strings.Contains(messages.seen.String(), "not all questions were asked") {
			t.Errorf("interrupted at %q: status %d, %s", at, status, messages.seen.String())
		}
		if !strings.Contains(out.String(), "How far is CloudFlow's clock ahead of this machine's?\nanswer: ") {
			t.Errorf("interrupted at %q: the report is\n%s", at, out.String())
		}
		if flows := server.Flows(); len(flows) > 0 {
			t.Errorf("interrupted at %q: left %q", at, flows[0].Name)
		}
		cancel()
		loopback.Close()
	}
}
