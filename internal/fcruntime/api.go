package fcruntime

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer is Function Compute's limit for a synchronous answer.
const maxAnswer = 32 << 20

// api serves the runtime API beneath base.
func (rt *Runtime) api(base string) http.Handler {
	base += "/2020-11-11/runtime/invocation/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"next", rt.next)
	mux.HandleFunc("POST "+base+"{id}/response", rt.answered(func(body []byte) result { return result{answer: Answer{body}} }))
	mux.HandleFunc("POST "+base+"{id}/error", rt.answered(func(body []byte) result { return result{err: functionError(body)} }))
	return mux
}

// next parks the poll until there is an event for it, or its process is gone.
func (rt *Runtime) next(w http.ResponseWriter, r *http.Request) {
	rt.firstPoll()
	select {
	case c := <-rt.offers:
		c.header(w.Header(), rt.options)
		_, _ = w.Write(c.Event) // fails only when the process is gone, which Invoke sees
	case <-r.Context().Done():
	}
}

// answered hands a posted result to its invocation.
func (rt *Runtime) answered(read func(body []byte) result) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswer))
		var tooLarge *http.MaxBytesError
		if err != nil && !errors.As(err, &tooLarge) {
			return // the process is gone, which Invoke sees
		}
		c := rt.take(id)
		switch {
		case c == nil:
			http.Error(w, fmt.Sprintf("no invocation %q is under way: answered, timed out or given up", id), http.StatusNotFound)
		case tooLarge != nil:
			c.result <- result{err: fmt.Errorf("the function's answer to %s is larger than %d MiB, Function Compute's limit", id, maxAnswer>>20)}
			http.Error(w, "answer too large", http.StatusRequestEntityTooLarge)
		default:
			c.result <- read(body)
		}
	}
}

// functionError reads {"errorType","errorMessage"}; what isn't that is its own
// message.
func functionError(body []byte) *FunctionError {
	e := &FunctionError{Body: body}
	var answered struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(body, &answered); err != nil {
		e.Message = string(body)
		return e
	}
	e.Type, e.Message = answered.Type, answered.Message
	return e
}
