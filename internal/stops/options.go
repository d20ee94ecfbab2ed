package stops

import (
	"context"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// Stopper is what executions are stopped with. *cloudflow.Client is one.
type Stopper interface {
	StopExecution(ctx context.Context, s cloudflow.Stop) (cloudflow.Execution, error)
}

// Options is what the stops of a sweep need, but for the Stopper.
type Options struct {
	Judge  *judge.Judge
	Source judge.Source // to verify
	Watch  *watch.Watch // what is known to be overdue, its marks, and the ledger
	Report *result.Collector

	Limits   policy.Limits
	Mode     policy.Mode      // softens the rules' modes
	Allowed  bool             // a person lets this one sweep pass the limits
	Approved result.Recording // nil approves all
	Beyond   string           // unless "", why what isn't approved is withheld
	OneShot  bool             // no other sweep follows, and nobody is warned of what this one finds
	Mark     string           // the policy and mode under which decisions are marked
	Own      *judge.Basis     // the sweep's
	Started  time.Time        // the sweep, by our clock
	Batch    int              // how many stops the ledger counts at once

	// Sign is what the cause of each stop says of the sweep.
	Sign func() policy.Tail

	// Flow is the flow with a key, as it is known; nil where there is none.
	Flow func(key string) *policy.Flow

	// Live is how many executions are live, as far as is known.
	Live func() int

	// Answered says whether CloudFlow has answered anything in this sweep.
	Answered func() bool

	// Claim has the ledger count stops that are about to be tried, and learn what
	// other processes have counted. After an error they are not tried.
	Claim func([]watch.Try) error

	// Settled is told of an execution that runs no more, or is condemned no more.
	Settled func(judge.Key)

	// Failed is told of a mistake of ours that fails one execution of a flow.
	Failed func(flow string, err error)
}
