package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aliyun/fc-runtime-go-sdk/fc/messages"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/record"
)

const cloud = `
flows:
  - {name: etl, executions: [{name: a, startedAgo: 2h, endedAgo: 1h, input: {password: hush}}, {name: b, startedAgo: 3h}]}
  - {name: closed, executions: [{name: b, startedAgo: 2h, endedAgo: 1h}]}
`

func serve(t *testing.T) (*emulator.Server, string) {
	t.Helper()
	a, err := account.Parse("account.yaml", []byte(cloud))
	if err != nil {
		t.Fatal(err)
	}
	server, err := emulator.New(a, emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	loopback := httptest.NewServer(server)
	t.Cleanup(loopback.Close)
	return server, loopback.URL
}

// made is a recorder with these variables.
func made(variables map[string]string) (*recorder, *bytes.Buffer) {
	var log bytes.Buffer
	var environ []string
	for name, value := range variables {
		environ = append(environ, name+"="+value)
	}
	return newRecorder(func(name string) string { return variables[name] }, environ, &log), &log
}

const fast = "ListFlows=1000/1000,ListExecutions=1000/1000,DescribeExecution=1000/1000,GetExecutionHistory=1000/1000"

func invoked(t *testing.T, account string) context.Context {
	t.Helper()
	return fccontext.NewContext(t.Context(), &fccontext.FcContext{
		AccountId: account, Region: "cn-hangzhou", Credentials: fccontext.Credentials{AccessKeyId: "emulator", AccessKeySecret: "emulator"},
	})
}

func TestRecords(t *testing.T) {
	server, url := serve(t)
	dir := filepath.Join(t.TempDir(), "history")
	r, log := made(map[string]string{
		"FLOWREAPER_HISTORY": dir, "FLOWREAPER_ENDPOINT": url, "FLOWREAPER_RATES": fast, "FLOWREAPER_SINCE": "30d",
		"FLOWREAPER_WITH_INPUT": "on", "FLOWREAPER_REDACT": "*password*,token", "FLOWREAPER_MODE": "plan", "FLOWREAPER_POLICY": "policy.yaml",
	})
	server.AddFaults(account.Fault{Operation: "ListExecutions", Flow: "closed", Kind: "error", Status: 403, Code: "AccessDenied"})
	_, err := r.answer(invoked(t, "1234"), nil)
	typ, message := told(err)
	if want := "done in part: 1 problem; the next run asks for it again"; typ != recordError || message != want {
		t.Errorf("%s: %s", typ, message)
	}
	if !strings.Contains(log.String(), `"errorType":"FlowReaperRecord"`) || strings.Contains(log.String(), "hush") {
		t.Errorf("it logs %s", log)
	}
	server.ClearFaults()
	answer, err := r.answer(invoked(t, "1234"), []byte("{}"))
	var result record.Result
	if err != nil || json.Unmarshal(answer, &result) != nil || !result.Complete || result.Executions != (record.ExecutionCount{Ended: 1, Live: 1}) {
		t.Errorf("%s, %v", answer, err)
	}
	h, err := history.Open(dir, history.Options{Input: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if h.Coverage.Account != "1234" || h.Coverage.Region != "cn-hangzhou" || h.Rows() != 3 {
		t.Errorf("%+v, %d rows", h.Coverage, h.Rows())
	}
	for f, err := range h.Flows() {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range f.Executions {
			if f.Name == "etl" && e.Name == "a" && *e.Input != `{"password":""}` {
				t.Errorf("%s", *e.Input)
			}
		}
	}
	_, err = r.answer(invoked(t, "5678"), nil)
	if _, message := told(err); message != dir+" is of the account 1234, not of 5678\nRecord each into a folder of its own" {
		t.Error(message)
	}
}

// told is an error as Function Compute tells it: the type, and the message.
func told(err error) (typ, message string) {
	answered, _ := errors.AsType[messages.InvokeResponse_Error](err)
	return answered.Type, answered.Message
}

func TestWrongSettings(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		want      string
	}{
		"no folder": {nil, `FLOWREAPER_HISTORY is "": give the absolute path of a folder on a mounted OSS bucket or NAS; the function's own folder doesn't outlive its process`},
		"no time":   {map[string]string{"FLOWREAPER_SINCE": "a week"}, `FLOWREAPER_SINCE is "a week": set it to how far back the first recording goes, such as 30d, or leave it unset (which is 7d)`},
		"inputs":    {map[string]string{"FLOWREAPER_WITH_INPUT": "yes"}, `FLOWREAPER_WITH_INPUT is "yes": set it to on or off, or leave it unset (which is off)`},
		"no key":    {map[string]string{"FLOWREAPER_REDACT": "a,,b"}, "FLOWREAPER_REDACT: an empty glob names no key"},
		"rates":     {map[string]string{"FLOWREAPER_RATES": "fast"}, "FLOWREAPER_RATES: "},
		"misspelt":  {map[string]string{"FLOWREAPER_MOD": "off"}, "FLOWREAPER_MOD is none of flowreaper's variables; did you mean FLOWREAPER_MODE?\n"},
	} {
		t.Run(name, func(t *testing.T) {
			variables := map[string]string{"FLOWREAPER_HISTORY": "/mnt/state/history"}
			if test.variables == nil {
				variables = nil
			}
			for name, value := range test.variables {
				variables[name] = value
			}
			r, _ := made(variables)
			_, err := r.answer(invoked(t, ""), nil)
			if typ, message := told(err); typ != configError || !strings.HasPrefix(message, test.want) {
				t.Errorf("%s: %s\nwant %s", typ, message, test.want)
			}
		})
	}
}

// FLOWREAPER_MODE=off is the brake on all that flowreaper does.
func TestOff(t *testing.T) {
	server, url := serve(t)
	r, _ := made(map[string]string{"FLOWREAPER_HISTORY": filepath.Join(t.TempDir(), "h"), "FLOWREAPER_ENDPOINT": url, "FLOWREAPER_MODE": "off"})
	if answer, err := r.answer(invoked(t, ""), nil); string(answer) != "null" || err != nil || len(server.Stats().Calls) > 0 {
		t.Errorf("%s, %v, %v", answer, err, server.Stats().Calls)
	}
}
