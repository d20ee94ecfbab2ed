package fcruntime_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestAnswer(t *testing.T) {
	rt := start(t)
	if err := rt.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	alive(t, rt)
	alive(t, rt) // one process, more than one event
}

func TestErrorsThatAreAnswered(t *testing.T) {
	rt := start(t)
	for _, test := range []struct {
		do, typ, message string
	}{
		{do: "error", typ: "errorString", message: "no such flow"},
		{do: "typed", typ: "FlowReaperPolicy", message: "policy.yaml:3:1: unknown key"},
		{do: "panic", typ: "string", message: "index out of luck"},
	} {
		t.Run(test.do, func(t *testing.T) {
			_, err := rt.Invoke(t.Context(), fcruntime.Invocation{Event: event(test.do, test.message), RequestID: "request-" + test.do})
			var answered *fcruntime.FunctionError
			if !errors.As(err, &answered) {
				t.Fatalf("error %v, want a FunctionError", err)
			}
			want := &fcruntime.FunctionError{Type: test.typ, Message: test.message}
			if diff := cmp.Diff(want, answered, cmpopts.IgnoreFields(fcruntime.FunctionError{}, "Body")); diff != "" {
				t.Error(diff)
			}
			if hasStack := strings.Contains(string(answered.Body), `"stackTrace"`); hasStack != (test.do == "panic") {
				t.Errorf("a panic has a stack, an error none: %s", answered.Body)
			}
			alive(t, rt)
		})
	}
}

func TestContext(t *testing.T) {
	rt := start(t, func(o *fcruntime.Options) {
		o.FunctionName, o.Region, o.AccountID, o.MemoryMB = "reaper", "cn-hangzhou", "1234567890", 128
	})
	before := time.Now()
	body := invoke(t, rt, fcruntime.Invocation{
		Event: event("context", ""), Timeout: 1500 * time.Millisecond, RequestID: "1-2_3.4",
		Credentials: fcruntime.Credentials{AccessKeyID: "STS.id", AccessKeySecret: "a+secret/==", SecurityToken: "token"},
	})
	after := time.Now()

	var got struct {
		fccontext.FcContext
		Deadline time.Time
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := fccontext.FcContext{
		RequestID:   "1-2_3.4",
		Credentials: fccontext.Credentials{AccessKeyId: "STS.id", AccessKeySecret: "a+secret/==", SecurityToken: "token"},
		Function:    fccontext.Function{Name: "reaper", Handler: filepath.Base(binary), Memory: "128", Timeout: 2},
		Service:     fccontext.Service{Qualifier: "LATEST", VersionId: "LATEST"},
		Region:      "cn-hangzhou", AccountId: "1234567890",
	}
	options := cmp.Options{cmpopts.IgnoreUnexported(fccontext.FcContext{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(want, got.FcContext, options); diff != "" {
		t.Error(diff)
	}
	earliest := before.Add(1500 * time.Millisecond).Truncate(time.Millisecond)
	if latest := after.Add(1500 * time.Millisecond); got.Deadline.Before(earliest) || got.Deadline.After(latest) {
		t.Errorf("deadline %v, want it between %v and %v", got.Deadline, earliest, latest)
	}
}

// The second invocation's credentials aren't the first's.
func TestCredentialsAreTheInvocations(t *testing.T) {
	rt := start(t)
	for _, id := range []string{"first", "second"} {
		body := invoke(t, rt, fcruntime.Invocation{Event: event("context", ""), Credentials: fcruntime.Credentials{AccessKeyID: id}})
		if !strings.Contains(body, `"AccessKeyId":"`+id+`"`) {
			t.Errorf("no access key %s in %s", id, body)
		}
	}
}

func TestEnvironment(t *testing.T) {
	parent := []string{"HOME=/home/someone", "FC_REGION=elsewhere", "FC_RUNTIME_API=127.0.0.1:1", "FC_ANYTHING=1", "FLOWREAPER_MODE=plan"}
	read := func(t *testing.T, change func(*fcruntime.Options)) []string {
		rt := start(t, change)
		var got []string
		if err := json.Unmarshal([]byte(invoke(t, rt, fcruntime.Invocation{Event: event("environment", "")})), &got); err != nil {
			t.Fatal(err)
		}
		got = slices.DeleteFunc(got, func(v string) bool { return strings.HasPrefix(v, "FC_RUNTIME_API=127.0.0.1:") })
		for i, v := range got {
			if strings.HasPrefix(v, "FC_INSTANCE_ID=c-") {
				got[i] = "FC_INSTANCE_ID=c-…"
			}
		}
		slices.Sort(got)
		return got
	}
	t.Run("the parent's, without its FC_", func(t *testing.T) {
		got := read(t, func(o *fcruntime.Options) {
			o.Env, o.Region, o.AccountID = fcruntime.Inherit(parent), "cn-shanghai", "42"
		})
		want := []string{
			"FC_ACCOUNT_ID=42", "FC_FUNCTION_HANDLER=function", "FC_FUNCTION_MEMORY_SIZE=512", "FC_FUNCTION_NAME=function",
			"FC_FUNCTION_VERSION=LATEST", "FC_FUNC_CODE_PATH=" + filepath.Dir(binary), "FC_INSTANCE_ID=c-…", "FC_REGION=cn-shanghai",
			"FLOWREAPER_MODE=plan", "HOME=/home/someone",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("what is asked for goes first, but for the API's address", func(t *testing.T) {
		got := read(t, env("FC_FUNC_CODE_PATH=/code", "FC_RUNTIME_API=192.0.2.1:1"))
		if !slices.Contains(got, "FC_FUNC_CODE_PATH=/code") || slices.Contains(got, "FC_RUNTIME_API=192.0.2.1:1") {
			t.Errorf("environment %q", got)
		}
	})
}

func TestConcurrentInvocations(t *testing.T) {
	rt := start(t)
	var both sync.WaitGroup
	for _, name := range []string{"one", "other"} {
		both.Go(func() {
			answer, err := rt.Invoke(t.Context(), fcruntime.Invocation{Event: event("meet", name)})
			if want := `"` + name + `"`; err != nil || string(answer.Body) != want {
				t.Errorf("answer %s, error %v, want %s", answer.Body, err, want)
			}
		})
	}
	both.Wait()
}

func TestLogs(t *testing.T) {
	logs := newBuffer()
	rt := start(t, withLogs(logs))
	invoke(t, rt, fcruntime.Invocation{Event: event("log", ""), RequestID: "r1"})
	for _, line := range []string{"FC Invoke Start RequestId: r1\n", "a line on stdout\n", "half a line\n", "a line on stderr\n", "FC Invoke End RequestId: r1\n"} {
		logs.await(t, line)
	}
}

func TestAnswerTooLarge(t *testing.T) {
	rt := start(t)
	large, err := json.Marshal(map[string]any{"do": "large", "size": 33 << 20})
	if err != nil {
		t.Fatal(err)
	}
	_, err = rt.Invoke(t.Context(), fcruntime.Invocation{Event: large, RequestID: "r1"})
	if want := "the function's answer to r1 is larger than 32 MiB, Function Compute's limit"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	alive(t, rt)
}

func TestInvocationsThatAreRefused(t *testing.T) {
	rt := start(t)
	for _, test := range []struct {
		name, want string
		in         fcruntime.Invocation
	}{
		{"negative timeout", "an invocation's timeout must be positive, not -1s", fcruntime.Invocation{Timeout: -time.Second}},
		{"request id with a slash", `the request id "a/b" can't stand in a URL: use letters, digits, '.', '_' and '-'`, fcruntime.Invocation{RequestID: "a/b"}},
		{"request id that is a folder", `the request id ".." can't stand in a URL: use letters, digits, '.', '_' and '-'`, fcruntime.Invocation{RequestID: ".."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := rt.Invoke(t.Context(), test.in); err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestOneRequestIDAtATime(t *testing.T) {
	logs := newBuffer()
	rt := start(t, withLogs(logs))
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := rt.Invoke(ctx, fcruntime.Invocation{Event: event("hang", ""), RequestID: "r1"})
		first <- err
	}()
	logs.await(t, "hanging\n")
	_, err := rt.Invoke(t.Context(), fcruntime.Invocation{Event: event("echo", ""), RequestID: "r1"})
	if want := `the request id "r1" is under way already: give every invocation its own`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	alive(t, rt) // giving up on an answer leaves the process alone
}
