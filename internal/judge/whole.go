package judge

import (
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// wholeFlows are the flows that were described in this sweep since their rows had
// left something out, by key: each once, for all of its executions.
type wholeFlows struct {
	mu   sync.Mutex
	read map[string]*wholeFlow
}

type wholeFlow struct {
	flow *policy.Flow // nil where it couldn't be read
	at   time.Time
	gone bool
	done chan struct{}
}

// withFlow has a finding's flow be what DescribeFlow tells of it.
func (in *Inquiry) withFlow(f *Finding) bool {
	if in.dead {
		return false
	}
	k := FlowKey(f.Flow)
	in.whole.mu.Lock()
	d, asked := in.whole.read[k]
	if !asked {
		d = &wholeFlow{done: make(chan struct{})}
		in.whole.read[k] = d
	}
	in.whole.mu.Unlock()
	if !asked {
		in.describe(d, WithoutLive(f.Flow))
	}
	<-d.done
	switch {
	case d.gone:
		return f.end()
	case d.flow == nil:
		return false
	}
	f.Flow, f.Asked.Flow = WithLive(d.flow, f.Flow), d.at
	return true
}

// describe describes a flow. Another may have its name since.
func (in *Inquiry) describe(d *wholeFlow, known *policy.Flow) {
	defer close(d.done)
	d.at = in.Clock.Ours()
	answer, err := in.source.DescribeFlow(in.ctx, known.Name)
	switch {
	case cloudflow.IsGone(err):
		d.gone = true
	case err != nil:
		in.unread(err)
	case IsFlow(answer, known):
		d.flow = WholeFlow(answer, known)
	}
}
