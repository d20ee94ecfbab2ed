package fcruntime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flowreaper/flowreaper/internal/fcruntime"
)

// binary is testdata/function, built once.
var binary string

func TestMain(m *testing.M) {
	if function := os.Getenv(parentOf); function != "" {
		beParent(function)
	}
	folder, err := os.MkdirTemp("", "fcruntime")
	if err != nil {
		log.Fatal(err)
	}
	binary = filepath.Join(folder, "function")
	if out, err := exec.Command("go", "build", "-o", binary, "./testdata/function").CombinedOutput(); err != nil {
		log.Fatalf("building testdata/function: %v\n%s", err, out)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		os.RemoveAll(folder)
		os.Exit(status)
	}))
}

// parentOf names the function in the environment of this test's binary when it
// plays a parent that is killed.
const parentOf = "FCRUNTIME_TEST_PARENT_OF"

// beParent starts the function, tells its process id and waits to be killed.
func beParent(function string) {
	rt, err := fcruntime.Start(context.Background(), fcruntime.Options{Binary: function, Env: []string{"START=sleep"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rt.PID())
	<-rt.Done()
}

// start starts the test's function. Whatever a test does to it, nothing of it
// may be left afterwards.
func start(t *testing.T, change ...func(*fcruntime.Options)) *fcruntime.Runtime {
	t.Helper()
	o := fcruntime.Options{Binary: binary}
	for _, c := range change {
		c(&o)
	}
	rt, err := fcruntime.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
		if processExists(rt.PID()) {
			t.Errorf("process %d is left", rt.PID())
		}
		goleak.VerifyNone(t, goleak.IgnoreCurrent())
	})
	return rt
}

func env(variables ...string) func(*fcruntime.Options) {
	return func(o *fcruntime.Options) { o.Env = variables }
}

func event(do, text string) []byte {
	b, err := json.Marshal(map[string]string{"do": do, "text": text})
	if err != nil {
		panic(err)
	}
	return b
}

// invoke expects an answer.
func invoke(t *testing.T, rt *fcruntime.Runtime, in fcruntime.Invocation) string {
	t.Helper()
	answer, err := rt.Invoke(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer.Body)
}

// alive expects the function to answer still.
func alive(t *testing.T, rt *fcruntime.Runtime) {
	t.Helper()
	echo := event("echo", "still here")
	if got := invoke(t, rt, fcruntime.Invocation{Event: echo}); got != string(echo) {
		t.Errorf("answer %s, want %s", got, echo)
	}
}

// buffer is a log that a test reads while the function writes it.
type buffer struct {
	mu    sync.Mutex
	bytes bytes.Buffer
	grown chan struct{} // receives after a write, if nobody has been told yet
}

func newBuffer() *buffer { return &buffer{grown: make(chan struct{}, 1)} }

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.grown <- struct{}{}:
	default:
	}
	return b.bytes.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}

// await waits until the log contains a text.
func (b *buffer) await(t *testing.T, text string) {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for !strings.Contains(b.String(), text) {
		select {
		case <-b.grown:
		case <-timeout:
			t.Fatalf("no %q in the log:\n%s", text, b)
		}
	}
}

func withLogs(b *buffer) func(*fcruntime.Options) {
	return func(o *fcruntime.Options) { o.Logs = b }
}

func processExists(pid int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	return err == nil
}
