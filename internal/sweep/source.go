package sweep

import (
	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/stops"
)

// Source is what a sweep reads from. *cloudflow.Client is one.
type Source interface {
	judge.Source
	judge.FlowLister
	Stats() cloudflow.Stats
}

// Stopper is what a sweep stops with. A plan is a sweep with one that only
// records.
type Stopper = stops.Stopper
