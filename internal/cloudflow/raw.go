package cloudflow

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
)

// RawCall is a call as it goes over the wire, for probes that ask what the
// Client's own operations don't.
type RawCall struct {
	Operation string
	Method    string            // GET (the default): the parameters go into the query; POST: into a form
	Params    map[string]string // the operation's own; empty ones are not sent
}

// Raw makes a call with the client's signature, quota, retries and classes of
// errors, and returns its answer: one JSON object. Operations without a rate
// (see [Rates]) don't wait for the quota.
//
// It is a function and no method, so that the linker leaves it out of programs
// that don't call it: the deployed function can call nothing but the Client's
// own operations.
func Raw(ctx context.Context, c *Client, r RawCall) ([]byte, error) {
	raw := request{operation: r.Operation, method: cmp.Or(r.Method, http.MethodGet), params: r.Params, timeout: c.timeout}
	return call(ctx, c, raw, func(d *decoder) ([]byte, error) {
		value, err := d.json.ReadValue()
		if err == nil && value.Kind() != '{' {
			err = d.wrong(value.Kind(), "an object")
		}
		return bytes.Clone(value), err
	})
}
