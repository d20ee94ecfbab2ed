package result

import "time"

// Progress is how far a sweep has got.
type Progress struct {
	Listed, Flows int
	Tried         int           // stops; 0 in a plan, which makes none
	Left          time.Duration // for what is known to be left, by the quota
	Share         float64       // of the work known so far, by its time; it never falls, though more becomes known
}
