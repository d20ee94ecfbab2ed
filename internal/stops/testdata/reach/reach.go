// Package reach tries to stop, with the stops of a sweep at hand. It doesn't compile.
package reach

import (
	"context"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/stops"
)

func reach(ctx context.Context, s *stops.Stops, next *stops.Stop) {
	s.stopper.StopExecution(ctx, cloudflow.Stop{})
	s.Stopper.StopExecution(ctx, cloudflow.Stop{})
	s.send(ctx, nil)
	next.gate.stopper.StopExecution(ctx, cloudflow.Stop{})
	next.pass = nil
}
