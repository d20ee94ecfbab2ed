// Package sts asks Alibaba Cloud's Security Token Service in the region of an endpoint of
// CloudFlow's: who calls, and for the credentials of a role.
//
//	id, ok := sts.Caller(ctx, endpoint, keys, nil)
//	keys, err := sts.Assume(ctx, endpoint, keys, role, "flowreaper-payments", nil)
//
// It shows the credentials to nobody else.
package sts

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/pattern"
)

// Identity is who calls.
type Identity struct {
	Account string // its id: digits
	ARN     string // such as acs:ram::<account>:user/<name>, or …:assumed-role/<role>/<session>
}

// Patience is how long Caller takes at the most.
const Patience = 3 * time.Second

// Caller asks who calls with these credentials. GetCallerIdentity needs no
// permission. The answer is not ok where it could not be had, for whatever reason:
// whoever wants it can do without it, or says what to do. It asks only where the
// credentials are Alibaba Cloud's: not for an endpoint on this machine, or of somebody
// else.
//
// A nil client is one of its own.
func Caller(ctx context.Context, endpoint cloudflow.Endpoint, keys cloudflow.Credentials, client cloudflow.HTTPClient) (id Identity, ok bool) {
	at, ok := beside(endpoint)
	if !ok {
		return Identity{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	var answer struct{ AccountID, Arn string }
	if err := call(ctx, at, "GetCallerIdentity", nil, keys, client, &answer); err != nil {
		return Identity{}, false
	}
	id = Identity{answer.AccountID, answer.Arn}
	if !accountForm().MatchString(id.Account) || !arnForm().MatchString(id.ARN) {
		return Identity{}, false
	}
	return id, true
}

// What people and programs read back must be what they take it for.
var (
	accountForm = pattern.Of(`^[0-9]{1,32}$`)
	arnForm     = pattern.Of(`^acs:[A-Za-z0-9:/@._=+,-]{1,250}$`)
)

// beside is the Security Token Service in the region of one of CloudFlow's
// own endpoints, and reached as that is: over the internet, or within a VPC. Of
// another endpoint the credentials may be anybody's, and are shown to nobody else.
func beside(e cloudflow.Endpoint) (at cloudflow.Endpoint, ok bool) {
	at.Scheme = "https"
	switch region, internal := e.Region(); {
	case region == "":
		return cloudflow.Endpoint{}, false
	case internal:
		at.Host = "sts-vpc." + region + ".aliyuncs.com"
	default:
		at.Host = "sts." + region + ".aliyuncs.com"
	}
	return at, true
}

// call makes one call, as package cloudflow makes its own and for its reasons, and decodes
// its answer.
func call(ctx context.Context, at cloudflow.Endpoint, action string, query map[string]*string, keys cloudflow.Credentials, client cloudflow.HTTPClient, answer any) error {
	if client == nil {
		own := cloudflow.NewHTTPClient()
		defer own.Close()
		client = own
	}
	seen := &exchange{client: client}
	signer, err := cloudflow.Signer(keys)
	if err != nil {
		return err
	}
	sdk := openapi.Client{
		Credential: signer, Endpoint: dara.String(at.Host), Protocol: dara.String(at.Scheme), NoProxy: dara.String(at.Host),
		SignatureAlgorithm: dara.String("v2"), UserAgent: dara.String("flowreaper"), HttpClient: seen,
	}
	_, err = sdk.DoRPCRequestWithCtx(ctx, dara.String(action), dara.String("2015-04-01"), dara.String(at.Scheme), dara.String(http.MethodPost),
		dara.String("AK"), dara.String("none"), &openapiutil.OpenApiRequest{Query: query}, &dara.RuntimeOptions{})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil && !seen.called:
		err = errors.New("the SDK did not send the request")
	}
	if err != nil {
		return err
	}
	return seen.decode(answer)
}

// exchange keeps an answer from the SDK, whose errors quote what was sent, and which would
// read a proxy's page whole.
type exchange struct {
	client cloudflow.HTTPClient
	called bool
	status int
	body   []byte
	err    error
}

const longestAnswer = 64 << 10

// Call sends the request, and tells the SDK that all is well.
func (x *exchange) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	x.called = true
	answer, err := x.client.Call(r, t)
	if x.err = err; err == nil {
		defer answer.Body.Close()
		x.status = answer.StatusCode
		x.body, x.err = io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	}
	return &http.Response{Status: "204 No Content", StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
}

func (x *exchange) decode(answer any) error {
	switch {
	case x.err != nil:
		return x.err
	case x.status/100 != 2:
		refusal := &refusal{status: x.status}
		_ = json.Unmarshal(x.body, refusal) // a gateway's page has neither code nor message
		return refusal
	}
	return json.Unmarshal(x.body, answer)
}
