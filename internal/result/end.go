package result

import (
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// End is how an execution ended.
type End struct {
	Status string    `json:"status"`
	Time   time.Time `json:"time,omitzero"`
	Error  string    `json:"error,omitempty"`
	Cause  string    `json:"cause,omitempty"` // as it was given, but for Tail

	// Tail is what a cause of flowreaper's ends in. Anybody may write one: it is
	// what the cause says, and no proof.
	Tail *policy.Tail `json:"tail,omitempty"`

	// Unread is why Error and Cause aren't known; "" where one is, and where the
	// execution did as it was meant to.
	Unread string `json:"unread,omitempty"`
}
