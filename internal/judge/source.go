package judge

import (
	"context"
	"iter"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// Source is what facts are read from. *cloudflow.Client is one.
type Source interface {
	DescribeFlow(ctx context.Context, name string) (cloudflow.Flow, error)
	DescribeExecution(ctx context.Context, flow, execution string, wait time.Duration) (cloudflow.Execution, error)
	ListExecutions(ctx context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error]
	GetExecutionHistory(ctx context.Context, flow, execution string) iter.Seq2[cloudflow.Page[cloudflow.Event], error]
	ClockOffset() (time.Duration, bool)
}
