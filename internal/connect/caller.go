package connect

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// Identity is who calls.
type Identity struct {
	Account string // its id: digits
	ARN     string // such as acs:ram::<account>:user/<name>, or …:assumed-role/<role>/<session>
}

// Patience is how long Ask takes at the most.
const Patience = 3 * time.Second

// Ask asks who calls an endpoint of CloudFlow's with these credentials, of the
// Security Token Service in the same region. GetCallerIdentity needs no
// permission. The answer is not ok where it could not be had, for whatever reason:
// whoever wants it can do without it, or says what to do. It asks only where the
// credentials are Alibaba Cloud's: not for an endpoint on this machine, or of somebody
// else.
//
// A nil client is one of its own.
func Ask(ctx context.Context, endpoint cloudflow.Endpoint, keys cloudflow.Credentials, client cloudflow.HTTPClient) (id Identity, ok bool) {
	host, ok := serviceBeside(endpoint)
	if !ok {
		return Identity{}, false
	}
	if client == nil {
		own := cloudflow.NewHTTPClient()
		defer own.Close()
		client = own
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	answer, err := call(ctx, host, keys, client)
	if err != nil {
		return Identity{}, false
	}
	id.Account, _ = answer["AccountId"].(string)
	id.ARN, _ = answer["Arn"].(string)
	if !accountForm.MatchString(id.Account) || !arnForm.MatchString(id.ARN) {
		return Identity{}, false
	}
	return id, true
}

// What people and programs read back must be what they take it for.
var (
	accountForm = regexp.MustCompile(`^[0-9]{1,32}$`)
	arnForm     = regexp.MustCompile(`^acs:[A-Za-z0-9:/@._=+,-]{1,250}$`)
)

// serviceBeside is the Security Token Service in the region of one of CloudFlow's
// own endpoints, and reached as that is: over the internet, or within a VPC. Of
// another endpoint the credentials may be anybody's, and are shown to nobody else.
func serviceBeside(e cloudflow.Endpoint) (host string, ok bool) {
	switch region, internal := e.Region(); {
	case region == "":
		return "", false
	case internal:
		return "sts-vpc." + region + ".aliyuncs.com", true
	default:
		return "sts." + region + ".aliyuncs.com", true
	}
}

// call makes the one call, as package cloudflow makes its own.
func call(ctx context.Context, host string, keys cloudflow.Credentials, client cloudflow.HTTPClient) (map[string]any, error) {
	sdk, err := openapi.NewClient(&openapiutil.Config{
		AccessKeyId:     dara.String(keys.AccessKeyID),
		AccessKeySecret: dara.String(keys.AccessKeySecret),
		SecurityToken:   dara.String(keys.SecurityToken),
		Endpoint:        dara.String(host), Protocol: dara.String("https"), NoProxy: dara.String(host),
		SignatureAlgorithm: dara.String("v2"), UserAgent: dara.String("flowreaper"),
		HttpClient: short{client},
	})
	if err != nil {
		return nil, err
	}
	answer, err := sdk.CallApiWithCtx(ctx, &openapi.Params{
		Action: dara.String("GetCallerIdentity"), Version: dara.String("2015-04-01"),
		Protocol: dara.String("https"), Pathname: dara.String("/"), Method: dara.String(http.MethodPost),
		AuthType: dara.String("AK"), Style: dara.String("RPC"),
		ReqBodyType: dara.String("formData"), BodyType: dara.String("json"),
	}, &openapi.OpenApiRequest{}, &dara.RuntimeOptions{})
	if err != nil {
		return nil, err
	}
	body, _ := answer["body"].(map[string]any)
	return body, nil
}

// short keeps a page of a proxy's, which the SDK would read whole, out of memory.
type short struct{ inner cloudflow.HTTPClient }

const longestAnswer = 64 << 10

func (s short) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	answer, err := s.inner.Call(r, t)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, longestAnswer), answer.Body}
	}
	return answer, err
}
