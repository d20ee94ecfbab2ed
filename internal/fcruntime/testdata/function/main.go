// Command function is a go1 function for tests, made with the real SDK. What
// it does stands in the event: {"do":"echo"}.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fc/messages"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

type event struct {
	Do   string `json:"do"`
	Text string `json:"text"`
	Size int    `json:"size"`
}

func main() {
	if os.Getenv("START") == "exit" {
		fmt.Fprintln(os.Stderr, "no policy, no function")
		os.Exit(3)
	}
	if os.Getenv("START") == "sleep" {
		select {}
	}
	fc.Start(handle)
}

// meetings lets two invocations prove that they overlap: each of both waits
// for the other.
var meetings = make(chan struct{})

func handle(ctx context.Context, payload []byte) (any, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	switch e.Do {
	case "echo":
		return json.RawMessage(payload), nil
	case "context":
		return seen(ctx), nil
	case "environment":
		return os.Environ(), nil
	case "pid":
		return os.Getpid(), nil
	case "error":
		return nil, errors.New(e.Text)
	case "typed":
		return nil, messages.InvokeResponse_Error{Type: "FlowReaperPolicy", Message: e.Text}
	case "panic":
		panic(e.Text)
	case "meet":
		select {
		case meetings <- struct{}{}:
		case <-meetings:
		}
		return e.Text, nil
	case "hang":
		fmt.Println("hanging")
		select {}
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("hanging")
		select {}
	case "exit":
		fmt.Fprintln(os.Stderr, e.Text)
		os.Exit(7)
	case "crash":
		go panic(e.Text)
		select {}
	case "log":
		fmt.Print("a line on stdout\nhalf ")
		fmt.Fprintln(os.Stderr, "a line on stderr")
		fmt.Print("a line\n")
		return nil, nil
	case "large":
		return strings.Repeat("x", e.Size), nil
	}
	return nil, fmt.Errorf("nothing is known of %q", e.Do)
}

// seen is what the SDK made of the runtime API's headers.
func seen(ctx context.Context) any {
	fcx, _ := fccontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return struct {
		fccontext.FcContext
		Deadline time.Time
	}{*fcx, deadline}
}
