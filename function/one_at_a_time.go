package main

import (
	"context"
	"sync"
)

// turn lets one sweep at a time use the memory. A timer's sweep that comes
// second has nothing to do; an event goes first: it has a timer's sweep end
// early, and waits for it to verify the stops that it has begun.
type turn struct {
	mu      sync.Mutex
	held    bool
	yield   func()        // ends the timer's sweep under way; nil: an event's is
	freed   chan struct{} // closed when held ends
	waiting int           // events
}

// timer takes the turn for a timer's sweep, which ends when yield is closed. ok is
// false where another sweep is under way, or an event waits for its turn.
func (t *turn) timer() (yield <-chan struct{}, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held || t.waiting > 0 {
		return nil, false
	}
	ends := make(chan struct{})
	t.take(sync.OnceFunc(func() { close(ends) }))
	return ends, true
}

// event waits for the turn for an event's sweep.
func (t *turn) event(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting++
	defer func() { t.waiting-- }()
	for t.held {
		if t.yield != nil {
			t.yield()
		}
		freed := t.freed
		t.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
		t.mu.Lock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	t.take(nil)
	return nil
}

func (t *turn) take(yield func()) {
	t.held, t.yield, t.freed = true, yield, make(chan struct{})
}

// done ends the turn.
func (t *turn) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = false
	close(t.freed)
}
