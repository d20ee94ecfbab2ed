package fcruntime

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// DefaultTimeout is an invocation's time where it names none.
const DefaultTimeout = time.Minute

// Credentials are handed to the function with one invocation, in its context.
type Credentials struct {
	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string
}

// Invocation is one event, and what comes with it.
type Invocation struct {
	Event       []byte
	Timeout     time.Duration // from the call of Invoke; DefaultTimeout when 0
	RequestID   string        // letters, digits, ".", "_" and "-"; a random one when ""
	Credentials Credentials
}

// Answer is what a function answered.
type Answer struct {
	Body []byte // JSON, as the SDK encodes what the handler returned
}

// requestIDs: the SDK puts the id into a URL as it is.
var requestIDs = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// call is an invocation under way.
type call struct {
	Invocation
	deadline time.Time
	result   chan result // buffered: whoever has the result never waits
}

type result struct {
	answer Answer
	err    error
}

func newCall(in Invocation) (*call, error) {
	if in.Timeout == 0 {
		in.Timeout = DefaultTimeout
	}
	if in.RequestID == "" {
		in.RequestID = uuid.NewString()
	}
	if in.Timeout < 0 {
		return nil, fmt.Errorf("an invocation's timeout must be positive, not %s", duration.Format(in.Timeout))
	}
	if !requestIDs.MatchString(in.RequestID) || in.RequestID == "." || in.RequestID == ".." {
		return nil, fmt.Errorf("the request id %q can't stand in a URL: use letters, digits, '.', '_' and '-'", in.RequestID)
	}
	return &call{Invocation: in, deadline: time.Now().Add(in.Timeout), result: make(chan result, 1)}, nil
}

// Invoke hands the function an event and waits for its answer. When the
// timeout passes it ends the process, as Function Compute ends the instance,
// and other invocations under way fail with it. When ctx ends, the process
// goes on with the event; its answer is refused.
func (rt *Runtime) Invoke(ctx context.Context, in Invocation) (Answer, error) {
	c, err := newCall(in)
	if err != nil {
		return Answer{}, err
	}
	if err := rt.add(c); err != nil {
		return Answer{}, err
	}
	timer := time.NewTimer(time.Until(c.deadline))
	defer timer.Stop()

	offers := rt.offers
	for {
		select {
		case offers <- c:
			offers = nil // taken by a poll; a nil channel is never ready
		case r := <-c.result:
			return r.answer, r.err
		case <-ctx.Done():
			return rt.giveUp(c, func() error { return context.Cause(ctx) })
		case <-rt.child.ended:
			return rt.giveUp(c, func() error { return rt.exitError() })
		case <-timer.C:
			return rt.giveUp(c, func() error { return rt.timeOut(c) })
		}
	}
}

// giveUp forgets a call and says why, unless it has been answered at the last
// moment: then its result is there, or about to be, and counts.
func (rt *Runtime) giveUp(c *call, why func() error) (Answer, error) {
	if !rt.forget(c) {
		r := <-c.result
		return r.answer, r.err
	}
	return Answer{}, why()
}

// timeOut ends the process.
func (rt *Runtime) timeOut(c *call) error {
	late := &TimeoutError{RequestID: c.RequestID, Timeout: c.Timeout}
	rt.end(late)
	return late
}

func (rt *Runtime) add(c *call) error {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.inFlight[c.RequestID] != nil {
		return fmt.Errorf("the request id %q is under way already: give every invocation its own", c.RequestID)
	}
	rt.inFlight[c.RequestID] = c
	return nil
}

// take removes the call that is about to be answered; nil if there is none.
func (rt *Runtime) take(requestID string) *call {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	c := rt.inFlight[requestID]
	delete(rt.inFlight, requestID)
	return c
}

// forget removes a call that nobody waits for any more. It is false when the
// call has been taken; another may have its id by now.
func (rt *Runtime) forget(c *call) bool {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.inFlight[c.RequestID] != c {
		return false
	}
	delete(rt.inFlight, c.RequestID)
	return true
}

// header writes what the SDK reads, by its source, into a poll's answer. It
// never answers an event without the deadline or the timeout.
func (c *call) header(h http.Header, o Options) {
	for key, value := range map[string]string{
		"x-fc-request-id":        c.RequestID,
		"x-fc-function-deadline": strconv.FormatInt(c.deadline.UnixMilli(), 10),
		"x-fc-function-timeout":  strconv.Itoa(int((c.Timeout + time.Second - 1) / time.Second)), // rounded up: there is no room for less
		"x-fc-function-type":     "0",                                                            // an event, not a lifecycle hook
		"x-fc-function-name":     o.FunctionName,
		"x-fc-function-handler":  filepath.Base(o.Binary),
		"x-fc-function-memory":   strconv.Itoa(o.MemoryMB),
		"x-fc-region":            o.Region,
		"x-fc-account-id":        o.AccountID,
		"x-fc-qualifier":         "LATEST",
		"x-fc-version-id":        "LATEST",
		"x-fc-retry-count":       "0",
		"x-fc-access-key-id":     c.Credentials.AccessKeyID,
		"x-fc-access-key-secret": c.Credentials.AccessKeySecret,
		"x-fc-security-token":    c.Credentials.SecurityToken,
	} {
		h.Set(key, value)
	}
}
