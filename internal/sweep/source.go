package sweep

import (
	"context"
	"iter"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// Source is what a sweep reads from. *cloudflow.Client is one.
type Source interface {
	ListFlows(ctx context.Context) iter.Seq2[cloudflow.Page[cloudflow.Flow], error]
	DescribeFlow(ctx context.Context, name string) (cloudflow.Flow, error)
	ListExecutions(ctx context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error]
	DescribeExecution(ctx context.Context, flow, execution string, wait time.Duration) (cloudflow.Execution, error)
	GetExecutionHistory(ctx context.Context, flow, execution string) iter.Seq2[cloudflow.Page[cloudflow.Event], error]
	Stats() cloudflow.Stats
	ClockOffset() (time.Duration, bool)
}

// Stopper is what a sweep stops with. A plan is a sweep with one that only
// records.
type Stopper interface {
	StopExecution(ctx context.Context, s cloudflow.Stop) (cloudflow.Execution, error)
}
