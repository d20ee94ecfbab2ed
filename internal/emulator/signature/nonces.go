package signature

import (
	"sync"
	"time"
)

// nonces remembers what was used, in two generations of bounded size: a nonce is
// remembered for as long as its request's time can be let in, twice maxSkew, unless
// half of maxNonces newer ones came.
type nonces struct {
	mu       sync.Mutex
	maxSkew  time.Duration
	since    time.Time // when the newer generation began
	newer    map[string]struct{}
	older    map[string]struct{}
	capacity int // of a generation
}

// maxNonces bounds the memory to about 20 MB. But for StartExecution, the
// documented quotas let 24 requests a second through: 43,200 in the half hour
// that nonces are kept.
const maxNonces = 1 << 17

func newNonces(maxSkew time.Duration) *nonces {
	return &nonces{maxSkew: maxSkew, newer: map[string]struct{}{}, capacity: maxNonces / 2}
}

// use says whether the nonce is new, and makes it an old one.
func (n *nonces) use(nonce string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.newer) >= n.capacity || now.Sub(n.since)/2 > n.maxSkew {
		n.older, n.newer, n.since = n.newer, map[string]struct{}{}, now
	}
	_, inNewer := n.newer[nonce]
	_, inOlder := n.older[nonce]
	if inNewer || inOlder {
		return false
	}
	n.newer[nonce] = struct{}{}
	return true
}
