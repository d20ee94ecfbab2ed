package sweep

import (
	"slices"
	"sync"
	"time"
)

// Ledger counts the stops that were tried, so that a limit holds across sweeps.
// It lives as long as its process. The zero Ledger is empty; it is safe for
// concurrent use, and sweeps that run at once share one limit.
//
// What a sweep may still try is reserved before its first stop, and counts at
// once: a sweep that is cut short has counted too much for a while, never too
// little.
type Ledger struct {
	mu       sync.Mutex
	reserved int
	tried    []time.Time
}

// reserve asks for n stops when limit may be tried in any window of per. It
// reserves all or none, and returns how many had been tried or reserved before.
func (l *Ledger) reserve(n, limit int, now time.Time, per time.Duration) (recent int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tried = slices.DeleteFunc(l.tried, func(t time.Time) bool { return t.Before(now.Add(-per)) })
	recent = l.reserved + len(l.tried)
	if n > limit-recent {
		return recent, false
	}
	l.reserved += n
	return recent, true
}

// try turns a reservation into a stop tried now.
func (l *Ledger) try(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reserved--
	l.tried = append(l.tried, now)
}

// release gives back a reservation that was not used.
func (l *Ledger) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reserved--
}

// copy returns a ledger that counts the same and is written apart.
func (l *Ledger) copy() *Ledger {
	if l == nil {
		return &Ledger{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return &Ledger{reserved: l.reserved, tried: slices.Clone(l.tried)}
}
