package result

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// Progress is how far a sweep has got.
type Progress struct {
	Listed, Flows int
	Tried         int           // stops; 0 in a plan, which makes none
	Left          time.Duration // for what is known to be left, by the quota
	Share         float64       // of the work known so far, by its time; it never falls, though more becomes known
}

// LookingAndStopping is for sweeps that stop.
func (p Progress) LookingAndStopping() string {
	if p.Tried == 0 {
		return p.Looking()
	}
	return p.lookedAt() + ", tried " + plain.Count(p.Tried, "stop") + TimeLeft(p.Left)
}

// Looking is for plans. Nobody who is about to be asked may read that something
// was stopped.
func (p Progress) Looking() string { return p.lookedAt() + TimeLeft(p.Left) }

func (p Progress) lookedAt() string {
	if p.Flows == 0 {
		return "listing the flows"
	}
	return fmt.Sprintf("looked at %s of %s flows", plain.Number(p.Listed), plain.Number(p.Flows))
}

// TimeLeft says how long something takes still; "" where nobody knows.
func TimeLeft(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf(", %s left", duration.Rough(d))
}
