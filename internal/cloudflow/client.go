package cloudflow

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/alibabacloud-go/tea/dara"
)

// Credentials sign the requests. They are handed in for one sweep; Function
// Compute's are temporary, so a Client made from them is never kept. They
// print, log and marshal without the secret and the token.
type Credentials struct {
	AccessKeyID     string
	AccessKeySecret string `json:"-"`
	SecurityToken   string `json:"-"` // with temporary credentials
}

// String names the key and nothing more.
func (c Credentials) String() string { return fmt.Sprintf("AccessKey %q", c.AccessKeyID) }

// GoString keeps the secret out of %#v too.
func (c Credentials) GoString() string { return fmt.Sprintf("cloudflow.Credentials{%s}", c) }

// LogValue keeps the secret out of logs.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// check finds what people get wrong when they set credentials by hand: one of
// the two missing, or a line break copied along.
func (c Credentials) check() error {
	switch {
	case c.AccessKeyID == "":
		return errors.New("the credentials have no AccessKey id: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or give the function a role")
	case c.AccessKeySecret == "":
		return errors.New("the credentials have an AccessKey id but no secret: set ALIBABA_CLOUD_ACCESS_KEY_SECRET too")
	case strings.ContainsAny(c.AccessKeyID+c.AccessKeySecret+c.SecurityToken, " \t\r\n"):
		return errors.New("the credentials contain white space, perhaps a line break copied along: set them again without it")
	}
	return nil
}

// HTTPClient sends one request and returns its answer, the body still open. It
// must honour the request's context and must not follow redirects. The
// transport is the SDK's own, made anew for every call: a client with
// connections of its own ignores it.
type HTTPClient = dara.HttpClient

// Options is what New needs. Zero fields mean what their comments say.
type Options struct {
	Endpoint    string // as ParseEndpoint has it; "" derives it from Region
	Region      string
	Credentials Credentials

	// HTTPClient sends the requests; nil means one of the client's own, as
	// NewHTTPClient makes it, that Close closes.
	HTTPClient HTTPClient
	// CallTimeout bounds one attempt, from sending to the last byte of the
	// answer; 15 s when 0. DescribeExecution adds the time it waits.
	CallTimeout time.Duration
	// Quota is shared with the clients before and after this one; nil means a
	// quota of the client's own, with the default rates, that starts empty.
	Quota *Quota
	// KeepRate leaves the quota's rate alone when the API throttles: for event
	// sweeps, which may compete with a timer sweep and must not give way.
	KeepRate bool
	Retry    RetryPolicy
	// UserAgent is added to the SDK's own; "flowreaper" when "".
	UserAgent string
}

// Client calls CloudFlow. It is safe for concurrent use.
type Client struct {
	transport *transport
	quota     *Quota
	keepRate  bool
	retry     RetryPolicy
	timeout   time.Duration
	redact    *redactor
	stats     stats
	clock     clock
	closeHTTP func()
}

// defaultCallTimeout is generous for a page of full inputs, and short enough
// for several attempts within one timer sweep.
const defaultCallTimeout = 15 * time.Second

// New checks the options and makes a client; it sends nothing.
func New(o Options) (*Client, error) {
	endpoint, err := ParseEndpoint(o.Endpoint, o.Region)
	if err != nil {
		return nil, err
	}
	if err := CheckDebug(os.Getenv("DEBUG")); err != nil {
		return nil, err
	}
	if err := o.Credentials.check(); err != nil {
		return nil, err
	}
	c := &Client{
		quota:     o.Quota,
		keepRate:  o.KeepRate,
		retry:     o.Retry.withDefaults(),
		timeout:   cmp.Or(max(o.CallTimeout, 0), defaultCallTimeout),
		redact:    newRedactor(o.Credentials),
		stats:     stats{sum: Stats{Calls: map[string]int{}}},
		closeHTTP: func() {},
	}
	if c.quota == nil {
		if c.quota, err = NewQuota(nil); err != nil {
			return nil, err
		}
	}
	if o.HTTPClient == nil {
		own := NewHTTPClient()
		o.HTTPClient, c.closeHTTP = own, own.Close
	}
	c.transport, err = newTransport(endpoint, o)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Close closes the connections that the client itself opened. An HTTPClient
// that was handed in stays as it is.
func (c *Client) Close() { c.closeHTTP() }

// Stats returns what was sent so far.
func (c *Client) Stats() Stats { return c.stats.snapshot() }

// ClockOffset is what to add to our clock to get the server's: the median over
// the answers' Date headers. It is false before the first answer with a Date.
// A Date is cut to whole seconds, so half a second is added to it, and is held
// against the middle of its call: one sample is off by at most half a second
// and half the call's duration, the median usually by far less. Of an even
// number the worse of the two in the middle counts. Calls that waited for an
// execution to end are left out, and so is all from before our clock was set.
func (c *Client) ClockOffset() (time.Duration, bool) { return c.clock.offset() }
