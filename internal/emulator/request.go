package emulator

import (
	"cmp"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/internal/emulator/signature"
)

// maxEntity is the most bytes that a request may have.
const maxEntity = 1 << 20

// apiVersion and stsVersion are the one version of the API, and that of the Security
// Token Service's.
const (
	apiVersion = "2019-03-15"
	stsVersion = "2015-04-01"
)

// request is a call of an operation.
type request struct {
	signature.Request
	operation string
	wrong     *apiError // the first of its parameters that can't be read; nil: all can
}

// readRequest reads what a request says, and judges no more than its form.
func readRequest(from *http.Request) (*request, *apiError) {
	r := &request{Request: signature.Request{
		Method: cmp.Or(from.Method, http.MethodGet), Host: cmp.Or(from.Host, from.URL.Host), Header: http.Header{},
	}}
	// In memory, headers come as the SDK spells them: x-acs-date.
	for name, values := range from.Header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	var err error
	if r.Query, err = url.ParseQuery(from.URL.RawQuery); err != nil {
		return r, invalid("the query can't be read: %s", err)
	}
	if failed := r.readBody(from); failed != nil {
		return r, failed
	}
	r.operation = r.headerOrParameter("x-acs-action", "Action")
	return r, nil
}

func (r *request) readBody(from *http.Request) *apiError {
	if from.Body == nil {
		return nil
	}
	var err error
	if r.Body, err = io.ReadAll(io.LimitReader(from.Body, maxEntity+1)); err != nil {
		return invalid("the body can't be read: %s", err)
	}
	if len(r.Body)+len(from.URL.RawQuery) > maxEntity {
		return errorOf("EntityTooLarge", strconv.Itoa(maxEntity))
	}
	// The official SDKs declare a form on every request, with a body or not.
	if len(r.Body) == 0 || from.Method != http.MethodPost {
		return nil
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return errorOf("UnsupportedMediaType", "")
	}
	if r.Form, err = url.ParseQuery(string(r.Body)); err != nil {
		return invalid("the form can't be read: %s", err)
	}
	return nil
}

// headerOrParameter is where the two signatures keep action and version.
func (r *request) headerOrParameter(header, parameter string) string {
	if r.ACS3() {
		return r.Header.Get(header)
	}
	return r.get(parameter)
}

// version is that of the operation.
func (r *request) version() string {
	if r.operation == assumeRole {
		return stsVersion
	}
	return apiVersion
}

func (r *request) get(name string) string { return r.Parameter(name) }

// flow is the name of the flow that the request is about.
func (r *request) flow() string {
	if r.Has("FlowName") {
		return r.get("FlowName")
	}
	return r.get("Name")
}

// refuse notes what is wrong with a parameter.
func (r *request) refuse(format string, args ...any) {
	r.wrong = cmp.Or(r.wrong, invalid(format, args...))
}

// number reads a whole number within bounds.
func (r *request) number(name string, least, most, usual int) int {
	if !r.Has(name) {
		return usual
	}
	n, err := strconv.Atoi(r.get(name))
	if err != nil || n < least || n > most {
		r.refuse("%s must be a number from %d to %d, not %q", name, least, most, r.get(name))
	}
	return n
}

// moment reads a time; the zero time if it isn't given.
func (r *request) moment(name string) time.Time {
	t, err := time.Parse(time.RFC3339, r.get(name))
	if err != nil && r.get(name) != "" {
		r.refuse("%s must be a time such as 2019-01-01T01:01:01.001Z, not %q", name, r.get(name))
	}
	return t
}

// flag reads a bool; false if it isn't given.
func (r *request) flag(name string) bool {
	b, err := strconv.ParseBool(r.get(name))
	if err != nil && r.get(name) != "" {
		r.refuse("%s must be true or false, not %q", name, r.get(name))
	}
	return b
}

// text reads a text of 1 to most characters; "" if it isn't given.
func (r *request) text(name string, most int) string {
	value := r.get(name)
	if n := utf8.RuneCountInString(value); r.Has(name) && (n < 1 || n > most) {
		r.refuse("%s must have 1 to %d characters, not %d", name, most, n)
	}
	return value
}
