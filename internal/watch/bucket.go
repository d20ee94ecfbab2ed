package watch

import "time"

// Bucket is the level of one operation's token bucket at a time. A process
// that assumed a full one after every start would be throttled.
type Bucket struct {
	Tokens float64   `json:"tokens"`
	Rate   float64   `json:"rate"` // tokens a second, as last slowed down or recovered
	At     time.Time `json:"at"`
}

// Buckets are the levels by operation, such as ListExecutions.
type Buckets map[string]Bucket

// merge takes over what is later; of two at the same time the lower.
func (b *Buckets) merge(others Buckets) {
	if *b == nil {
		*b = Buckets{}
	}
	for operation, theirs := range others {
		ours, ok := (*b)[operation]
		later := theirs.At.Compare(ours.At)
		if !ok || later > 0 || later == 0 && theirs.Tokens < ours.Tokens {
			(*b)[operation] = theirs
		}
	}
}
