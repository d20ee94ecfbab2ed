package fcruntime_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/fcruntime"
)

// wantExit expects an ExitError with a status, and returns it.
func wantExit(t *testing.T, err error, status string) *fcruntime.ExitError {
	t.Helper()
	var exit *fcruntime.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("error %v, want an ExitError", err)
	}
	if exit.Status != status {
		t.Errorf("status %q, want %q", exit.Status, status)
	}
	return exit
}

func TestDeathBeforeTheFirstPoll(t *testing.T) {
	rt := start(t, env("START=exit"))
	const want = "the function's process ended (exit status 3) before it asked for an event; is it a go1 function, one that calls fc.Start?; the end of its stderr:\nno policy, no function"
	for _, err := range []error{
		rt.Ready(t.Context()),
		invokeError(t, rt, fcruntime.Invocation{Event: event("echo", "")}),
	} {
		if exit := wantExit(t, err, "exit status 3"); exit.Error() != want {
			t.Errorf("error %q, want %q", exit, want)
		}
	}
}

func TestDeathWhileAnInvocationIsUnderWay(t *testing.T) {
	for _, test := range []struct{ do, status, stderr string }{
		{"exit", "exit status 7", "out of cheese"},
		{"crash", "exit status 2", "panic: out of cheese"},
	} {
		t.Run(test.do, func(t *testing.T) {
			rt := start(t)
			err := invokeError(t, rt, fcruntime.Invocation{Event: event(test.do, "out of cheese"), RequestID: "r1"})
			exit := wantExit(t, err, test.status)
			if !strings.Contains(exit.Stderr, test.stderr) {
				t.Errorf("error %+v, want request r1 and %q in stderr", exit, test.stderr)
			}
			wantExit(t, invokeError(t, rt, fcruntime.Invocation{}), test.status) // it isn't started again
		})
	}
}

func TestKill(t *testing.T) {
	logs := newBuffer()
	rt := start(t, withLogs(logs))
	failed := make(chan error)
	go func() { failed <- invokeError(t, rt, fcruntime.Invocation{Event: event("hang", "")}) }()
	logs.await(t, "hanging\n")
	rt.Kill()
	if exit := wantExit(t, <-failed, "signal: killed"); exit.Cause != nil {
		t.Errorf("cause %v, want none: to the caller it crashed", exit.Cause)
	}
}

func TestTimeout(t *testing.T) {
	for _, test := range []struct{ do, status string }{
		{"hang", "signal: terminated"},
		{"stubborn", "signal: killed"},
	} {
		t.Run(test.do, func(t *testing.T) {
			logs := newBuffer()
			rt := start(t, withLogs(logs), func(o *fcruntime.Options) { o.Grace = 100 * time.Millisecond })
			other := make(chan error)
			go func() { other <- invokeError(t, rt, fcruntime.Invocation{Event: event("hang", ""), RequestID: "r1"}) }()
			logs.await(t, "hanging\n")

			err := invokeError(t, rt, fcruntime.Invocation{Event: event(test.do, ""), RequestID: "r2", Timeout: 500 * time.Millisecond})
			const want = "invocation r2 was not answered within its timeout of 500ms; the function's process was ended"
			if err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
			if exit := wantExit(t, <-other, test.status); !errors.Is(exit, err) {
				t.Errorf("the other invocation's error is %v, want its cause to be %v", exit, err)
			}
		})
	}
}

func TestTimeoutOfAProcessThatNeverPolls(t *testing.T) {
	rt := start(t, env("START=sleep"))
	err := invokeError(t, rt, fcruntime.Invocation{Event: event("echo", ""), Timeout: 50 * time.Millisecond})
	var late *fcruntime.TimeoutError
	if !errors.As(err, &late) {
		t.Errorf("error %v, want a TimeoutError", err)
	}
}

func TestClose(t *testing.T) {
	logs := newBuffer()
	rt := start(t, withLogs(logs))
	failed := make(chan error)
	go func() { failed <- invokeError(t, rt, fcruntime.Invocation{Event: event("hang", "")}) }()
	logs.await(t, "hanging\n")
	for range 2 {
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, err := range []error{<-failed, invokeError(t, rt, fcruntime.Invocation{})} {
		const want = "the function's process ended (signal: terminated): the runtime was closed"
		if !errors.Is(err, fcruntime.ErrClosed) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// A poll that fails is retried at once, thousands of times a second.
func TestTheAPIOutlivesTheProcess(t *testing.T) {
	logs := newBuffer()
	rt := start(t, withLogs(logs), func(o *fcruntime.Options) { o.Grace = 100 * time.Millisecond })
	failed := make(chan error)
	go func() { failed <- invokeError(t, rt, fcruntime.Invocation{Event: event("stubborn", "")}) }()
	logs.await(t, "hanging\n")
	if err := rt.Close(); err != nil {
		t.Error(err)
	}
	wantExit(t, <-failed, "signal: killed")
	if strings.Contains(logs.String(), "failed to get") {
		t.Errorf("the process saw the API fail:\n%.2000s", logs)
	}
}

func TestTheEndOfStartsContext(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		t.Run(when, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			if when == "before" {
				cancel()
			}
			rt, err := fcruntime.Start(ctx, fcruntime.Options{Binary: binary})
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			<-rt.Done()
			if err := rt.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStartFails(t *testing.T) {
	text := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(text, []byte("not a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	for binary, want := range map[string]string{
		"no/such/binary": "no such file or directory",
		text:             "exec format error",
	} {
		_, err := fcruntime.Start(t.Context(), fcruntime.Options{Binary: binary})
		if err == nil || !strings.HasPrefix(err.Error(), "starting the function: ") || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("error %v, want one that ends in %q", err, want)
		}
	}
}

// Whoever finds the port gets no event, and no credentials with it.
func TestTheAPIIsTheChildsAlone(t *testing.T) {
	rt := start(t)
	var api string
	for _, v := range strings.Split(strings.Trim(invoke(t, rt, fcruntime.Invocation{Event: event("environment", "")}), "[]"), ",") {
		if value, ok := strings.CutPrefix(strings.Trim(v, `"`), "FC_RUNTIME_API="); ok {
			api = value
		}
	}
	address, secret, _ := strings.Cut(api, "/")
	if secret == "" {
		t.Fatalf("FC_RUNTIME_API is %q, want a path in it", api)
	}
	response, err := http.Get("http://" + address + "/2020-11-11/runtime/invocation/next")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("status %s, want 404", response.Status)
	}
	http.DefaultClient.CloseIdleConnections()
}

func invokeError(t *testing.T, rt *fcruntime.Runtime, in fcruntime.Invocation) error {
	t.Helper()
	answer, err := rt.Invoke(context.Background(), in)
	if err == nil {
		t.Errorf("answer %s, want an error", answer.Body)
	}
	return err
}
