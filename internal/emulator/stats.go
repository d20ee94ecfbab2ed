package emulator

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/cloud"
)

// Stats is what happened to a server so far.
type Stats struct {
	Calls     map[string]int `json:"calls"`     // requests by operation, refused and faulty ones too
	Throttled int            `json:"throttled"` // those that were answered as too many
	Stops     []Stop         `json:"stops"`     // those that took effect
}

// Stop is a stop that took effect.
type Stop struct {
	Flow        string    `json:"flow"`
	Execution   string    `json:"execution"`
	Error       string    `json:"error"`
	Cause       string    `json:"cause"`
	StartedTime time.Time `json:"startedTime"` // of the execution
	At          time.Time `json:"at"`          // when StopExecution was accepted
}

// counter counts requests.
type counter struct {
	mu        sync.Mutex
	calls     map[string]int
	throttled int
}

func newCounter() *counter { return &counter{calls: map[string]int{}} }

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

func (c *counter) stats(stops []cloud.Stop) Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{Calls: maps.Clone(c.calls), Throttled: c.throttled, Stops: make([]Stop, 0, len(stops))}
	for _, stop := range stops {
		s.Stops = append(s.Stops, Stop(stop))
	}
	return s
}
