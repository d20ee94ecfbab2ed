package record_test

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// answering is a source that answers what no emulator would.
type answering struct {
	flows []cloudflow.Flow
	rows  []cloudflow.Execution
	err   error // of listing executions
}

func page[T any](items []T) iter.Seq2[cloudflow.Page[T], error] {
	return func(yield func(cloudflow.Page[T], error) bool) { yield(cloudflow.Page[T]{Items: items}, nil) }
}

func (a answering) ListFlows(context.Context) iter.Seq2[cloudflow.Page[cloudflow.Flow], error] {
	return page(a.flows)
}

func (a answering) ListExecutions(context.Context, cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error] {
	return func(yield func(cloudflow.Page[cloudflow.Execution], error) bool) {
		yield(cloudflow.Page[cloudflow.Execution]{Items: a.rows}, a.err)
	}
}

func (a answering) DescribeExecution(_ context.Context, flow, execution string, _ time.Duration) (cloudflow.Execution, error) {
	return cloudflow.Execution{}, &cloudflow.Error{Code: cloudflow.CodeExecutionNotExists}
}

func (a answering) GetExecutionHistory(context.Context, string, string) iter.Seq2[cloudflow.Page[cloudflow.Event], error] {
	return page[cloudflow.Event](nil)
}

func (a answering) ClockOffset() (time.Duration, bool) { return 0, false }

// spoiling does something before it lists executions.
type spoiling struct {
	*cloudflow.Client
	spoil func()
}

func (s spoiling) ListExecutions(ctx context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error] {
	s.spoil()
	return s.Client.ListExecutions(ctx, q)
}

// measuring measures the longest listing, in pages.
type measuring struct {
	*cloudflow.Client
	longest *int
}

func (m measuring) ListExecutions(ctx context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error] {
	return func(yield func(cloudflow.Page[cloudflow.Execution], error) bool) {
		pages := 0
		for page, err := range m.Client.ListExecutions(ctx, q) {
			pages++
			*m.longest = max(*m.longest, pages)
			if !yield(page, err) {
				return
			}
		}
	}
}

// without lists all flows but one.
type without struct {
	*cloudflow.Client
	flow string
}

func (w without) ListFlows(ctx context.Context) iter.Seq2[cloudflow.Page[cloudflow.Flow], error] {
	return func(yield func(cloudflow.Page[cloudflow.Flow], error) bool) {
		for page, err := range w.Client.ListFlows(ctx) {
			page.Items = slices.DeleteFunc(page.Items, func(f cloudflow.Flow) bool { return f.Name == w.flow })
			if !yield(page, err) {
				return
			}
		}
	}
}
