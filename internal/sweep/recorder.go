package sweep

import (
	"context"
	"errors"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// errRecorded is the answer of a stopper that only takes note.
var errRecorded = errors.New("recorded, not stopped")

// recorder is the Stopper of a plan: it stops nothing.
type recorder struct{}

func (recorder) StopExecution(context.Context, cloudflow.Stop) (cloudflow.Execution, error) {
	return cloudflow.Execution{}, errRecorded
}
