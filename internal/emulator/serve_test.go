package emulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/flowreaper/flowreaper/internal/emulator"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

func TestListenRefuses(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0:0":      `the emulator listens on loopback only, and "0.0.0.0" is not: use 127.0.0.1, ::1 or localhost`,
		":0":             `the emulator listens on loopback only, and "" is not: use 127.0.0.1, ::1 or localhost`,
		"[::]:0":         `the emulator listens on loopback only, and "::" is not: use 127.0.0.1, ::1 or localhost`,
		"192.168.1.2:80": `the emulator listens on loopback only, and "192.168.1.2" is not: use 127.0.0.1, ::1 or localhost`,
		"example.com:80": `the emulator listens on loopback only, and "example.com" is not: use 127.0.0.1, ::1 or localhost`,
		"8790":           `"8790" is not an address such as 127.0.0.1:8790: address 8790: missing port in address`,
	} {
		if l, err := emulator.Listen(address); err == nil || err.Error() != want {
			if l != nil {
				l.Close()
			}
			t.Errorf("%s: got %v\nwant %s", address, err, want)
		}
	}
}

// Serve ends with its context, and a long poll that is under way with it.
func TestServeEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	server := newServer(t, one+"\nfaults: [{operation: DescribeFlow, kind: slow, delay: 1h}]", emulator.Options{})
	listener, err := emulator.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- server.Serve(ctx, listener) }()

	c := newClient(t, server, false)
	onWire := &wire{address: listener.Addr().String()}
	c.transport.HttpClient = onWire
	if _, err := c.get(t.Context(), "ListFlows"); err != nil {
		t.Fatal(err)
	}
	go c.get(t.Context(), "DescribeFlow", "Name", "flow") // whatever comes of it
	for server.Stats().Calls["DescribeFlow"] == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Serve ends with %v", err)
	}
	onWire.client.CloseIdleConnections()
}

// wire sends in-memory clients' requests to an address.
type wire struct {
	address string
	client  http.Client
}

func (w *wire) Call(r *http.Request, _ *http.Transport) (*http.Response, error) {
	r.URL.Host = w.address
	return w.client.Do(r)
}

func TestEmulatorsOwnPaths(t *testing.T) {
	server := newServer(t, one, emulator.Options{})
	served := httptest.NewServer(server)
	defer served.Close()
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/_emulator/stats", "", 200, `{"calls":{},"throttled":0,"stops":[]}` + "\n"},
		{"POST", "/_emulator/stats", "", 405, "GET /_emulator/stats\n"},
		{"POST", "/_emulator/faults", `[{"kind":"html502","times":1}]`, 204, ""},
		{"GET", "/?Action=ListFlows", "", 502, "<html>"},
		{"GET", "/?Action=ListFlows", "", 400, `{"RequestId":"`},
		{"POST", "/_emulator/faults", `[{"kind":"empty503"}]`, 204, ""},
		{"GET", "/?Action=ListFlows", "", 503, ""},
		{"DELETE", "/_emulator/faults", "", 204, ""},
		{"GET", "/?Action=ListFlows", "", 400, `"Message":"The HTTP query 'Version' must be specified."`},
		{"POST", "/_emulator/faults", `[{"kind":"html501"}]`, 400, "faults:1:10: \"html501\" is none of error"},
		{"POST", "/_emulator/faults", "", 400, "faults: the file is empty\n"},
		{"GET", "/_emulator/faults", "", 405, "POST or DELETE /_emulator/faults\n"},
		{"GET", "/elsewhere", "", 404, "This is an emulated CloudFlow: "},
		{"GET", "/", "", 400, `"Message":"The HTTP query 'Action' must be specified."`},
		{"GET", "/?Action=%zz", "", 400, `"Code":"InvalidArgument"`},
	} {
		request, err := http.NewRequest(test.method, served.URL+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if body := readAll(t, answer.Body); answer.StatusCode != test.status || !contains(body, test.want) {
			t.Errorf("%s %s answers %d %q, want %d %q", test.method, test.path, answer.StatusCode, body, test.status, test.want)
		}
	}
}
