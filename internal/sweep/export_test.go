package sweep

import (
	"context"
	"sync"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/policy"
)

// Asked is how often rules were asked about an execution.
type Asked struct{ Judge, Due int }

// RunCounting is Run, and counts what the policy is asked about each execution.
func RunCounting(ctx context.Context, o Options) (map[string]Asked, error) {
	s := begin(ctx, o)
	defer s.close()
	counting := &counting{Rules: s.own.Rules, asked: map[string]Asked{}}
	s.own.Rules = counting
	s.work()
	_, err := ending{s}.finish()
	return counting.asked, err
}

type counting struct {
	judge.Rules
	mu    sync.Mutex
	asked map[string]Asked
}

func (c *counting) count(f *policy.Facts, judged, due int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.asked[f.Execution.Name]
	c.asked[f.Execution.Name] = Asked{was.Judge + judged, was.Due + due}
}

func (c *counting) Judge(f *policy.Facts) policy.Verdict {
	c.count(f, 1, 0)
	return c.Rules.Judge(f)
}

func (c *counting) Due(f *policy.Facts) policy.Due {
	c.count(f, 0, 1)
	return c.Rules.Due(f)
}
