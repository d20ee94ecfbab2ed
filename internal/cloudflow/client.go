package cloudflow

import (
	"context"
	"iter"
	"time"
)

// Credentials sign the requests. They are handed in for one sweep; Function
// Compute's are temporary, so a Client made from them is never kept.
type Credentials struct {
	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string // with temporary credentials
}

// Options is what New needs.
type Options struct {
	Endpoint    string // https://…, or http:// to a loopback address only; "" derives it from Region
	Region      string
	Credentials Credentials
}

// Client calls CloudFlow. It is safe for concurrent use.
type Client struct{}

// New checks the options and makes a client; it sends nothing.
func New(o Options) (*Client, error) { panic("unwritten") }

// ListFlows lists all flows of the account in the region, page by page.
func (c *Client) ListFlows(ctx context.Context) iter.Seq2[Page[Flow], error] { panic("unwritten") }

// DescribeFlow reads one flow.
func (c *Client) DescribeFlow(ctx context.Context, name string) (Flow, error) { panic("unwritten") }

// ListExecutions lists one flow's executions, page by page.
func (c *Client) ListExecutions(ctx context.Context, q ExecutionQuery) iter.Seq2[Page[Execution], error] {
	panic("unwritten")
}

// DescribeExecution reads one execution, waiting up to wait (whole seconds, 0
// to 60) for it to end.
func (c *Client) DescribeExecution(ctx context.Context, flow, execution string, wait time.Duration) (Execution, error) {
	panic("unwritten")
}

// GetExecutionHistory reads an execution's events, page by page.
func (c *Client) GetExecutionHistory(ctx context.Context, flow, execution string) iter.Seq2[Page[Event], error] {
	panic("unwritten")
}

// StopExecution asks for an execution to be stopped. Its answer does not say
// that it was: ask DescribeExecution.
func (c *Client) StopExecution(ctx context.Context, s Stop) (Execution, error) { panic("unwritten") }

// Stats is what the client has sent and met so far.
type Stats struct {
	Calls     map[string]int // requests sent, retries included, by operation
	Throttled int
	Retried   int
}

// Stats returns what was sent so far.
func (c *Client) Stats() Stats { panic("unwritten") }

// ClockOffset is what to add to our clock to get the server's: the median over
// the answers' Date headers. It is false before the first answer with a Date.
func (c *Client) ClockOffset() (time.Duration, bool) { panic("unwritten") }
