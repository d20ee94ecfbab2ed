package officialsdk

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/fnf"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/signature"
)

// world is an emulator on loopback, and the SDK's client of it.
type world struct {
	*fnf.Client
	emulator *emulator.Server
	address  string
}

// newWorld serves an account, given as YAML.
func newWorld(t *testing.T, yaml string, o emulator.Options) *world {
	t.Helper()
	a, err := account.Parse("account.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	server, err := emulator.New(a, o)
	if err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(server)
	t.Cleanup(served.Close)
	w := &world{emulator: server, address: strings.TrimPrefix(served.URL, "http://")}
	w.Client = w.client(t, "emulator", "emulator")
	return w
}

func (w *world) client(t *testing.T, id, secret string) *fnf.Client {
	t.Helper()
	client, err := fnf.NewClientWithAccessKey("cn-hangzhou", id, secret)
	if err != nil {
		t.Fatal(err)
	}
	client.Domain = w.address
	return client
}

func (w *world) clientWithToken(t *testing.T, token string) *fnf.Client {
	t.Helper()
	client, err := fnf.NewClientWithStsToken("cn-hangzhou", "STS.id", "secret", token)
	if err != nil {
		t.Fatal(err)
	}
	client.Domain = w.address
	return client
}

// temporary is a key of temporary credentials.
func temporary(token string) emulator.Options {
	return emulator.Options{AccessKeys: []signature.AccessKey{{ID: "STS.id", Secret: "secret", SecurityToken: token}}}
}

// tamper changes a request after the SDK has signed it.
type tamper func(*http.Request)

func (change tamper) RoundTrip(r *http.Request) (*http.Response, error) {
	change(r)
	return http.DefaultTransport.RoundTrip(r)
}

// problem is an error of the service as the SDK sees it.
type problem struct {
	Status        int
	Code, Message string
}

func problemOf(t *testing.T, err error) problem {
	t.Helper()
	serverError, ok := errors.AsType[*sdkerrors.ServerError](err)
	if !ok {
		t.Fatalf("got %T %v, want an error of the service", err, err)
	}
	if serverError.RequestId() == "" || serverError.HostId() == "" || serverError.Recommend() == "" {
		t.Errorf("RequestId, HostId or Recommend is missing in %v", serverError)
	}
	return problem{serverError.HttpStatus(), serverError.ErrorCode(), serverError.Message()}
}
