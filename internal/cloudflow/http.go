package cloudflow

import (
	"io"
	"net"
	"net/http"
	"time"
)

// maxConnections bounds the open connections to one endpoint: enough for the
// stops that are verified at once, each holding one while it waits.
const maxConnections = 64

// KeepAlive is an HTTPClient that keeps its connections open between calls.
// It holds no credentials and may serve many clients, one after the other.
type KeepAlive struct {
	transport *http.Transport
}

// NewHTTPClient makes an HTTPClient with connections of its own. It takes the
// environment's HTTPS_PROXY for other machines, none for this one (which
// http.ProxyFromEnvironment leaves out by itself), and follows no redirect.
func NewHTTPClient() *KeepAlive {
	return &KeepAlive{&http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxConnsPerHost:        maxConnections,
		MaxIdleConnsPerHost:    maxConnections,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}}
}

// Call sends a request on one of the open connections. The SDK's transport is
// left alone.
func (k *KeepAlive) Call(r *http.Request, _ *http.Transport) (*http.Response, error) {
	if r.Body == nil {
		r.Body = sendOnce{}
	}
	return k.transport.RoundTrip(r)
}

// Close closes the idle connections.
func (k *KeepAlive) Close() { k.transport.CloseIdleConnections() }

// sendOnce is an empty body. net/http sends a request without a body again by
// itself when a connection breaks; that second request would be neither counted
// nor paid for with a token, so the retries here do it instead.
type sendOnce struct{}

func (sendOnce) Read([]byte) (int, error) { return 0, io.EOF }
func (sendOnce) Close() error             { return nil }
