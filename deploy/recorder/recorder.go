package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc/messages"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/history/record"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// keeping is what a recording leaves of the invocation's time, to write what came.
const keeping = 30 * time.Second

// recorder is one process of the function.
type recorder struct {
	settings
	broken error // why every invocation fails; nil when none must
	log    *slog.Logger
	one    sync.Mutex // a folder is written by one at a time
}

func newRecorder(getenv func(string) string, environ []string, log io.Writer) *recorder {
	r := &recorder{log: slog.New(slog.NewJSONHandler(plain.Writer{To: log, By: plain.JSON}, nil))}
	if r.settings, r.broken = readSettings(getenv, environ); r.broken != nil {
		r.log.Error("start", "errorMessage", r.broken.Error())
	}
	return r
}

// answer is one invocation: whatever the event, a recording. It answers with the
// result, and fails where not all could be recorded: the log has it then.
func (r *recorder) answer(ctx context.Context, _ []byte) (json.RawMessage, error) {
	fc, ok := fccontext.FromContext(ctx)
	if !ok {
		fc = &fccontext.FcContext{}
	}
	result, typ, err := r.invoke(ctx, fc)
	text, unwritable := json.Marshal(result)
	answer := json.RawMessage(plain.JSON(string(text)))
	if err = cmp.Or(err, unwritable); err == nil {
		r.log.Info("recording", "result", answer)
		return answer, nil
	}
	r.log.Error("recording", "result", answer, "errorType", typ, "errorMessage", err.Error())
	return nil, messages.InvokeResponse_Error{Type: typ, Message: plain.Lines(err.Error())}
}

// The errorTypes of failed invocations, as the function's are.
const (
	configError = "FlowReaperConfig"
	recordError = "FlowReaperRecord"
)

func (r *recorder) invoke(ctx context.Context, fc *fccontext.FcContext) (*record.Result, string, error) {
	switch {
	case r.broken != nil:
		return nil, configError, r.broken
	case r.off:
		return nil, "", nil
	case !r.one.TryLock():
		return nil, recordError, errors.New("another recording is under way in this process: it does this one's work")
	}
	defer r.one.Unlock()
	o := r.options
	o.Account, o.Region = fc.AccountId, cmp.Or(r.region, fc.Region)
	endpoint, err := cloudflow.ParseEndpoint(r.endpoint, o.Region)
	if err != nil {
		return nil, configError, err
	}
	own, _ := endpoint.Region()
	o.Endpoint, o.Region = endpoint.String(), cmp.Or(own, o.Region)
	keys := fc.Credentials
	client, err := cloudflow.New(cloudflow.Options{
		Endpoint: r.endpoint, Region: o.Region, Quota: r.quota,
		Credentials: cloudflow.Credentials{AccessKeyID: keys.AccessKeyId, AccessKeySecret: keys.AccessKeySecret, SecurityToken: keys.SecurityToken},
	})
	if err != nil {
		return nil, configError, err
	}
	defer client.Close()
	o.Source = client
	ctx, cancel := inTime(ctx)
	defer cancel()
	result, err := record.Run(ctx, o)
	if err == nil && !result.Complete {
		err = fmt.Errorf("done in part: %s; the next run asks for it again", plain.Count(len(result.Problems), "problem"))
	}
	return result, recordError, err
}

// inTime ends a recording early enough to keep what came: of a short timeout half is
// kept for that. What is left the next run does.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline.Add(-min(keeping, time.Until(deadline)/2)))
}
