package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

func newServer(t testing.TB, yaml string, o emulator.Options) *emulator.Server {
	t.Helper()
	a, err := account.Parse("account.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	server, err := emulator.New(a, o)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// client calls an emulator in memory through Alibaba Cloud's own transport,
// which signs.
type client struct {
	transport *openapi.Client
	server    *emulator.Server
	last      *http.Response // the last answer; its body has been read
}

func newClient(t testing.TB, server *emulator.Server, acs3 bool) *client {
	t.Helper()
	c := &client{server: server}
	config := &openapi.Config{
		AccessKeyId: new("emulator"), AccessKeySecret: new("emulator"),
		Endpoint: new("emulator.invalid"), Protocol: new("http"), HttpClient: c,
	}
	if !acs3 {
		config.SignatureAlgorithm = new("v2")
	}
	var err error
	if c.transport, err = openapi.NewClient(config); err != nil {
		t.Fatal(err)
	}
	return c
}

// Call keeps the answer.
func (c *client) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	answer, err := c.server.Call(r, t)
	c.last = answer
	return answer, err
}

// get calls a GET operation, post a POST operation, with name, value, name, value….
func (c *client) get(ctx context.Context, operation string, parameters ...string) (map[string]any, error) {
	return c.call(ctx, http.MethodGet, operation, parameters)
}

func (c *client) post(ctx context.Context, operation string, parameters ...string) (map[string]any, error) {
	return c.call(ctx, http.MethodPost, operation, parameters)
}

func (c *client) call(ctx context.Context, method, operation string, pairs []string) (map[string]any, error) {
	query, form := map[string]*string{}, map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if method == http.MethodGet {
			query[pairs[i]] = &pairs[i+1]
		} else {
			form[pairs[i]] = pairs[i+1]
		}
	}
	request := &openapi.OpenApiRequest{Query: query}
	if len(form) > 0 {
		request.Body = form
	}
	result, err := c.transport.CallApiWithCtx(ctx, &openapi.Params{
		Action: &operation, Version: new("2019-03-15"), Protocol: new("HTTP"), Pathname: new("/"), Method: &method,
		AuthType: new("AK"), Style: new("RPC"), ReqBodyType: new("formData"), BodyType: new("string"),
	}, request, &dara.RuntimeOptions{})
	if err != nil {
		return nil, err
	}
	var answer map[string]any
	err = json.Unmarshal([]byte(result["body"].(string)), &answer)
	return answer, err
}

// code is the code of a service's error, or the error's text.
func code(err error) string {
	if sdk, ok := errors.AsType[*tea.SDKError](err); ok && sdk.Code != nil {
		return *sdk.Code
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

func readAll(t *testing.T, body io.ReadCloser) string {
	t.Helper()
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
