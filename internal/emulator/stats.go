package emulator

import (
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/flowreaper/flowreaper/internal/emulator/cloud"
)

// Stats is what happened to a server so far.
type Stats struct {
	Calls     map[string]int `json:"calls"`     // requests by operation, refused and faulty ones too
	Throttled int            `json:"throttled"` // those that were answered as too many
	Stops     []Stop         `json:"stops"`     // those that took effect
}

// Stop is a stop that took effect.
type Stop = cloud.Stop

// counter counts requests.
type counter struct {
	mu        sync.Mutex
	calls     map[string]int
	throttled int
}

func (c *counter) called(operation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[operation]++
}

// answered counts an error if it means too many requests: the service's own,
// or the gateway's, which comes with status 400.
func (c *counter) answered(e *apiError) {
	if e.status != http.StatusTooManyRequests && !strings.HasPrefix(e.code, "Throttling") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.throttled++
}

func (c *counter) stats(stops []Stop) Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{Calls: maps.Clone(c.calls), Throttled: c.throttled, Stops: stops}
}
