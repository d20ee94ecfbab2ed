package fcruntime

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"
)

// defaultGrace is how long a process that was asked to end has for it.
const defaultGrace = 2 * time.Second

// Options says what to run and what the function is told about itself.
type Options struct {
	Binary string    // the go1 executable; its folder is FC_FUNC_CODE_PATH unless Env names another
	Env    []string  // "key=value", the child's whole environment but for what Function Compute adds; see Inherit
	Logs   io.Writer // the child's stdout and stderr, whole lines at a time; must not block; nil drops them

	FunctionName string // the binary's file name when ""
	Region       string // such as cn-hangzhou
	AccountID    string
	MemoryMB     int // what the function is told it has, not a limit; 512 when 0

	Grace time.Duration // between SIGTERM and SIGKILL; 2s when 0
}

func (o Options) withDefaults() (Options, error) {
	binary, err := filepath.Abs(o.Binary)
	o.Binary = binary
	o.Logs = cmp.Or(o.Logs, io.Discard)
	o.FunctionName = cmp.Or(o.FunctionName, filepath.Base(binary))
	o.MemoryMB = cmp.Or(o.MemoryMB, 512)
	o.Grace = cmp.Or(o.Grace, defaultGrace)
	return o, err
}

// Runtime is one instance of a function. It is safe for concurrent use.
type Runtime struct {
	options Options
	child   *child
	server  *http.Server
	offers  chan *call    // unbuffered: a call is either offered still or in the child's hands
	polled  chan struct{} // closed by the first poll

	firstPoll func()        // closes polled, once
	close     func() error  // once
	closed    chan struct{} // closed by close

	mu       sync.Mutex
	inFlight map[string]*call // by request id
	endCause error            // why we ended the child, if we did
}

// Start starts the process. It does not wait for the first poll: a binary that
// ends at once is an [*ExitError] of the first Invoke. The process ends with
// Close, with ctx, or by itself; on Linux also with this process, however that
// ends. Close must be called in any case.
func Start(ctx context.Context, o Options) (*Runtime, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	rt := &Runtime{
		options:  o,
		offers:   make(chan *call),
		polled:   make(chan struct{}),
		closed:   make(chan struct{}),
		inFlight: map[string]*call{},
	}
	rt.firstPoll = sync.OnceFunc(func() { close(rt.polled) })
	secretPath := "/" + rand.Text()
	rt.child, err = startChild(o, listener.Addr().String()+secretPath)
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("starting the function: %w", err)
	}
	rt.server = &http.Server{Handler: rt.api(secretPath), ReadHeaderTimeout: 10 * time.Second}
	go rt.server.Serve(listener)
	rt.close = sync.OnceValue(func() error {
		close(rt.closed)
		rt.end(ErrClosed)
		return rt.server.Close()
	})
	go rt.closeWith(ctx)
	return rt, nil
}

func (rt *Runtime) closeWith(ctx context.Context) {
	select {
	case <-ctx.Done():
		rt.Close()
	case <-rt.closed:
	}
}

// Ready waits for the process's first poll: it runs, and asks for events. The
// error is an [*ExitError] if it ends before that.
func (rt *Runtime) Ready(ctx context.Context) error {
	select {
	case <-rt.polled:
		return nil
	case <-rt.child.ended:
		return rt.exitError()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// PID is the process's id.
func (rt *Runtime) PID() int { return rt.child.cmd.Process.Pid }

// Close ends the process, at first by SIGTERM, and the API. Invocations under
// way fail with an error that is [ErrClosed]. Further calls do nothing.
func (rt *Runtime) Close() error { return rt.close() }

// end ends the child. The API serves on meanwhile: a poll that is refused is
// retried at once, without end, by the SDK.
func (rt *Runtime) end(cause error) {
	rt.mu.Lock()
	if rt.endCause == nil && !rt.child.hasEnded() {
		rt.endCause = cause
	}
	rt.mu.Unlock()
	rt.child.end(rt.options.Grace)
}
