package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
)

// invokeTyped runs an invocation whose event is the text.
func invokeTyped(ctx context.Context, event string, out, err *bytes.Buffer, flags ...string) int {
	keys := map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}
	t := &terminal{in: strings.NewReader(event), out: out, err: err, getenv: func(name string) string { return keys[name] }}
	return t.run(ctx, append([]string{"invoke", "--event", "-"}, flags...))
}

func TestInvokeStatus(t *testing.T) {
	function := build(t, testFunction)
	for _, test := range []struct {
		name, event string
		flags       []string
		want        int
	}{
		{"answer", `{"do":"echo"}`, []string{"--function", function}, statusDone},
		{"typed error", `{"do":"typed"}`, []string{"--function", function}, statusFailed},
		{"panic", `{"do":"panic"}`, []string{"--function", function}, statusFailed},
		{"death", `{"do":"exit"}`, []string{"--function", function}, statusFailed},
		{"timeout", `{"do":"hang"}`, []string{"--function", function, "--timeout", "50ms"}, statusFailed},
		{"errors again and again", `{"do":"typed"}`, []string{"--function", function, "--every", "1ms", "--for", "2ms"}, statusFailed},
		{"no function", `{"do":"echo"}`, nil, statusUsage},
		{"missing function", `{"do":"echo"}`, []string{"--function", "no/such/binary"}, statusUsage},
		{"not a function", `{"do":"echo"}`, []string{"--function", "invoke.go"}, statusUsage},
		{"missing event", "", []string{"--function", function, "--event", "no/such/event"}, statusUsage},
		{"no timeout", `{"do":"echo"}`, []string{"--function", function, "--timeout", "-1s"}, statusUsage},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			if got := invokeTyped(t.Context(), test.event, &out, &stderr, test.flags...); got != test.want {
				t.Errorf("exit status %d, want %d\n%s", got, test.want, &stderr)
			}
			if answered := out.Len() > 0; answered != (test.want == statusDone) {
				t.Errorf("stdout %q with exit status %d", &out, test.want)
			}
		})
	}
}

func TestInvokeAgainIsOneProcess(t *testing.T) {
	var out, stderr bytes.Buffer
	if status := invokeTyped(t.Context(), `{"do":"pid"}`, &out, &stderr, "--function", build(t, testFunction), "--every", "1ms", "--for", "300ms"); status != 0 {
		t.Fatalf("exit status %d\n%s", status, &stderr)
	}
	lines := strings.Fields(out.String())
	if distinct := slices.Compact(slices.Clone(lines)); len(lines) < 2 || len(distinct) != 1 {
		t.Errorf("%d answers from the processes %v, want several from one", len(lines), distinct)
	}
}

// onWrite calls f when something is written.
type onWrite struct {
	bytes.Buffer
	text string
	f    func()
}

func (w *onWrite) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.text) {
		w.f()
	}
	return n, err
}

func TestInvokeInterrupted(t *testing.T) {
	function := build(t, testFunction)
	for name, flags := range map[string][]string{
		"once":            {"--function", function},
		"again and again": {"--function", function, "--every", "1ms"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			var out bytes.Buffer
			stderr := &onWrite{text: "hanging", f: sync.OnceFunc(cancel)}
			term := &terminal{in: strings.NewReader(`{"do":"hang"}`), out: &out, err: stderr, getenv: func(string) string { return "set" }}
			if got := term.run(ctx, append([]string{"invoke", "--event", "-"}, flags...)); got != statusInterrupted {
				t.Errorf("exit status %d, want %d", got, statusInterrupted)
			}
			if want := "flowreaper: interrupted: the function's process was ended\n"; !strings.HasSuffix(stderr.String(), want) {
				t.Errorf("stderr %q, want it to end in %q", stderr, want)
			}
		})
	}
}
