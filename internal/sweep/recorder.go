package sweep

import (
	"context"
	"errors"
	"sync"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// errRecorded is the answer of a stopper that only wrote the stop down.
var errRecorded = errors.New("recorded, not stopped")

// recorder is the Stopper of a plan: it stops nothing.
type recorder struct {
	mu    sync.Mutex
	stops Recording
}

func (r *recorder) StopExecution(_ context.Context, s cloudflow.Stop) (cloudflow.Execution, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stops = append(r.stops, s)
	return cloudflow.Execution{}, errRecorded
}
