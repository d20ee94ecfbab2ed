package cloudflow

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/aliyun/credentials-go/credentials"
	"github.com/aliyun/credentials-go/credentials/providers"
)

// apiVersion is fnf's only version.
const apiVersion = "2019-03-15"

// transport builds, signs and sends requests with the official SDK's core, and
// hands their answers over untouched.
//
// It holds functions and no type of the SDK's: the linker keeps every method of
// what a field's type names, and the SDK's client has many.
type transport struct {
	scheme string
	call   func(ctx context.Context, p *openapi.Params, r *openapi.OpenApiRequest) error
}

// newTransport configures the SDK: the older RPC signature (which it calls
// "v2"), as the official fnf SDKs send it; no retries of its own; no look at
// the environment's proxies, which is its HTTPClient's business.
//
// It does by hand what the SDK's NewClient and CallApi do of it, since they link
// all the ways in which others get credentials and sign.
func newTransport(endpoint Endpoint, o Options) (*transport, error) {
	credential, err := Signer(o.Credentials)
	if err != nil {
		return nil, fmt.Errorf("the SDK refused its configuration: %w", err)
	}
	agent := cmp.Or(o.UserAgent, "flowreaper")
	sdk := openapi.Client{
		Credential:         credential,
		Endpoint:           dara.String(endpoint.Host),
		Protocol:           dara.String(endpoint.Scheme),
		NoProxy:            dara.String(endpoint.Host),
		SignatureAlgorithm: dara.String("v2"),
		UserAgent:          dara.String(agent),
		HttpClient:         seam{o.HTTPClient},
	}
	return &transport{scheme: endpoint.Scheme, call: func(ctx context.Context, p *openapi.Params, r *openapi.OpenApiRequest) error {
		sdk := sdk // the SDK writes to its client in every call: each call has its own
		_, err := sdk.DoRPCRequestWithCtx(ctx, p.Action, p.Version, p.Protocol, p.Method, p.AuthType, p.BodyType, r, &dara.RuntimeOptions{})
		return err
	}}, nil
}

// Signer makes the credentials the SDK's.
func Signer(c Credentials) (credentials.Credential, error) {
	if c.SecurityToken != "" {
		provider, err := providers.NewStaticSTSCredentialsProviderBuilder().
			WithAccessKeyId(c.AccessKeyID).WithAccessKeySecret(c.AccessKeySecret).WithSecurityToken(c.SecurityToken).Build()
		return credentials.FromCredentialsProvider("sts", provider), err
	}
	provider, err := providers.NewStaticAKCredentialsProviderBuilder().
		WithAccessKeyId(c.AccessKeyID).WithAccessKeySecret(c.AccessKeySecret).Build()
	return credentials.FromCredentialsProvider("access_key", provider), err
}

// exchange is one request on its way, and its answer.
type exchange struct {
	answer   *http.Response // open
	err      error          // of the HTTPClient
	sentAt   time.Time      // zero when the SDK never sent it
	answered time.Time
}

type exchangeKey struct{}

// seam stands between the SDK and the HTTPClient. It keeps the answer for us
// and shows the SDK an empty one: the SDK would read an error's body whole,
// however long, and turn what isn't JSON into an error without a status.
type seam struct{ inner HTTPClient }

func (s seam) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	x := r.Context().Value(exchangeKey{}).(*exchange)
	x.sentAt = time.Now()
	x.answer, x.err = s.inner.Call(r, t)
	x.answered = time.Now()
	if x.err == nil && x.answer == nil {
		x.err = errors.New("the HTTP client returned neither an answer nor an error")
	}
	return &http.Response{Status: "204 No Content", StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
}

// exchange signs a request and sends it. The error is the SDK's, from before
// it was sent.
func (t *transport) exchange(ctx context.Context, r request) (*exchange, error) {
	x := &exchange{}
	call := &openapi.Params{
		Action: dara.String(r.operation), Version: dara.String(apiVersion),
		Protocol: dara.String(t.scheme), Pathname: dara.String("/"), Method: dara.String(r.method),
		AuthType: dara.String("AK"), Style: dara.String("RPC"),
		ReqBodyType: dara.String("formData"), BodyType: dara.String("none"),
	}
	ctx = context.WithValue(ctx, exchangeKey{}, x)
	err := t.call(ctx, call, r.openapi())
	if x.sentAt.IsZero() && err == nil {
		err = errors.New("the SDK did not send the request")
	}
	return x, err
}

// openapi puts the parameters where the method wants them.
func (r request) openapi() *openapi.OpenApiRequest {
	sent := make(map[string]*string, len(r.params))
	for name, value := range r.params {
		if value != "" {
			sent[name] = dara.String(value)
		}
	}
	if r.method == http.MethodPost {
		return &openapi.OpenApiRequest{Body: sent}
	}
	return &openapi.OpenApiRequest{Query: sent}
}

// errNoAnswer is the cause of an attempt's own timeout.
var errNoAnswer = errors.New("no answer in time")

// send makes one attempt, and reads its answer while it arrives.
func (c *Client) send(ctx context.Context, r request, read func(*decoder) error) *failure {
	attempt, cancel := context.WithTimeoutCause(ctx, r.timeout, errNoAnswer)
	defer cancel()
	x, err := c.transport.exchange(attempt, r)
	if x.sentAt.IsZero() { // no input is known to bring this about
		return &failure{Error: &Error{Operation: r.operation, Class: Fatal, Message: "the request could not be built", Err: c.redact.err(err)}}
	}
	if x.err == nil || !neverLeft(x.err) {
		c.stats.count(func(sum *Stats) { sum.Calls[r.operation]++ })
	}
	if x.err != nil {
		return c.networkFailure(attempt, ctx, r, x.err)
	}
	defer x.answer.Body.Close()
	c.clock.observe(x, r.waits)
	if x.answer.StatusCode/100 != 2 {
		return c.refused(r, x)
	}
	body := &cappedReader{reader: x.answer.Body, left: maxBody}
	if err := readAnswer(body, c.redact, read); err != nil {
		return c.unreadable(attempt, ctx, r, x, body, err)
	}
	return nil
}

// errorBody is what the API answers an error with. HostId and Recommend are
// left out: they add nothing for a reader.
type errorBody struct{ RequestID, Code, Message string }

// requestIDHeader has the request's id where an answer's body hasn't.
const requestIDHeader = "X-Acs-Request-Id"

// maxErrorBody is far above any error's, and keeps a proxy's page out of memory.
const maxErrorBody = 64 << 10

// refused is an answer that is not a success.
func (c *Client) refused(r request, x *exchange) *failure {
	var body errorBody
	raw, torn := io.ReadAll(io.LimitReader(x.answer.Body, maxErrorBody))
	notJSON := json.Unmarshal(raw, &body)
	e := &Error{
		Operation: r.operation, HTTPStatus: x.answer.StatusCode,
		Code: c.redact.short(body.Code, longestName), Message: c.redact.short(body.Message, longestMessage),
		RequestID: c.redact.short(cmp.Or(body.RequestID, x.answer.Header.Get(requestIDHeader)), longestName),
		Class:     classify(x.answer.StatusCode, body.Code),
		// A server that failed may have done it first.
		MaybeDone: x.answer.StatusCode >= 500,
	}
	if torn != nil && e.Code == "" && e.Class == Item {
		e.Class = Retry // the code that was lost may say that the goal is reached
	}
	if e.Code == "" && e.Message == "" {
		e.Message = c.redact.short(c.redact.describePlain(x.answer, raw, notJSON), longestMessage)
	}
	f := &failure{Error: e, retryAfter: retryAfter(x.answer.Header)}
	if e.Throttled() {
		c.stats.count(func(sum *Stats) { sum.Throttled++ })
		c.quota.throttled(r.operation, x.sentAt, c.keepRate)
	}
	return f
}

// describePlain says what came in place of an error of the API.
func (r *redactor) describePlain(answer *http.Response, raw []byte, notJSON error) string {
	switch {
	case answer.StatusCode/100 == 3:
		to := "elsewhere"
		if u, err := url.Parse(answer.Header.Get("Location")); err == nil && u.Host != "" {
			to = "to " + u.Scheme + "://" + u.Host
		}
		return "the endpoint redirects " + to + "; redirects are not followed, since they would take the signature along"
	case len(raw) == 0:
		return "an empty answer"
	case notJSON != nil:
		return "an answer that is not JSON: " + r.quote(string(raw), 80)
	}
	return "an error without a code"
}

// retryAfter is how long the gateway asks to wait, in its own header.
func retryAfter(h http.Header) time.Duration {
	headers := make(map[string]*string, 2)
	for _, name := range []string{"x-ratelimit-user-api", "x-ratelimit-user"} {
		if value := h.Get(name); value != "" {
			headers[name] = &value
		}
	}
	milliseconds := dara.Int64Value(openapiutil.GetThrottlingTimeLeft(headers))
	return time.Duration(min(max(milliseconds, 0), 60_000)) * time.Millisecond
}
