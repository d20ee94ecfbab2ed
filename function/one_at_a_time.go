package main

import (
	"context"
	"sync"
)

// oneAtATime lets one sweep at a time use the memory. A timer's sweep that comes
// second has nothing to do; an event goes first: it has a timer's sweep end
// early, and waits for it to verify the stops that it has begun.
type oneAtATime struct {
	mu      sync.Mutex
	held    bool
	yield   func()        // ends the timer's sweep under way; nil: an event's is
	freed   chan struct{} // closed when held ends
	waiting int           // events
}

// timer takes the turn for a timer's sweep, which ends when yield is closed. ok is
// false where another sweep is under way, or an event waits for its turn.
func (o *oneAtATime) timer() (yield <-chan struct{}, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.held || o.waiting > 0 {
		return nil, false
	}
	ends := make(chan struct{})
	o.take(sync.OnceFunc(func() { close(ends) }))
	return ends, true
}

// event waits for the turn for an event's sweep.
func (o *oneAtATime) event(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting++
	defer func() { o.waiting-- }()
	for o.held {
		if o.yield != nil {
			o.yield()
		}
		freed := o.freed
		o.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
		o.mu.Lock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	o.take(nil)
	return nil
}

func (o *oneAtATime) take(yield func()) {
	o.held, o.yield, o.freed = true, yield, make(chan struct{})
}

// done ends the turn.
func (o *oneAtATime) done() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held = false
	close(o.freed)
}
