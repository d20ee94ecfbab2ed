package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
)

// The account is the context's; the region is that of the endpoint that is called.
func TestPlace(t *testing.T) {
	invocation := &fccontext.FcContext{AccountId: "1968132000123456", Region: "cn-hangzhou"}
	for _, test := range []struct {
		endpoint, region string
		want             result.Place
	}{
		{"", "", result.Place{Region: "cn-hangzhou", Endpoint: "https://cn-hangzhou.fnf.aliyuncs.com"}},
		{"", "cn-shanghai", result.Place{Region: "cn-shanghai", Endpoint: "https://cn-shanghai.fnf.aliyuncs.com"}},
		{"https://cn-beijing-internal.fnf.aliyuncs.com", "", result.Place{Region: "cn-beijing", Endpoint: "https://cn-beijing-internal.fnf.aliyuncs.com"}},
		{"https://gateway.example.com", "", result.Place{Region: "cn-hangzhou", Endpoint: "https://gateway.example.com"}},
	} {
		test.want.Account, test.want.Flowreaper = "1968132000123456", "dev"
		f := &function{settings: settings{endpoint: test.endpoint, region: test.region}}
		if diff := cmp.Diff(test.want, f.place(invocation)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.endpoint, test.region, diff)
		}
	}
}

// Every report of the binary says where it was, also one that looked at nothing,
// and so does the log.
func TestEveryReportHasItsPlace(t *testing.T) {
	binary := build(t)
	server, err := emulator.New(&account.Account{Flows: []account.Flow{{Name: "etl"}}}, emulator.Options{NoQuota: true})
	if err != nil {
		t.Fatal(err)
	}
	const policyText = "version: 1\npolicy: guardrails\nmode: enforce\nrules: [{name: two-hours, maxRuntime: 2h}]\n"
	stale := []byte(`{"triggerTime":"2020-01-01T00:00:00Z","triggerName":"t","payload":""}`)
	now := []byte(`{"triggerTime":"` + time.Now().UTC().Format(time.RFC3339) + `","triggerName":"t","payload":""}`)
	for answered, test := range map[string]struct {
		body []byte
		env  []string
	}{"": {body: now}, "stale": {body: stale}, "off": {now, []string{"FLOWREAPER_MODE=off"}}} {
		d := deploy(t, binary, policyText, server, test.env...)
		r, err := d.invoke(test.body)
		if err != nil {
			t.Fatal(err)
		}
		if r.Answered != answered {
			t.Errorf("answered %q, want %q", r.Answered, answered)
		}
		if r.Account != "1" || r.Region != "cn-hangzhou" || r.Endpoint == "" || r.Flowreaper != "dev" {
			t.Errorf("%q: %+v", answered, r.Place)
		}
		if err := d.runtime.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(d.logs.Bytes(), []byte(`"account":"1","region":"cn-hangzhou","endpoint":"http://127.0.0.1:`)) {
			t.Errorf("not in the log:\n%s", d.logs)
		}
	}
}
