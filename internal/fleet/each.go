package fleet

import (
	"context"
	"sync"
)

// AtOnce is how many places are worked on at a time: each waits for its own quota most of the
// time.
const AtOnce = 10

// Part is what came of one place. Both may be there: what was found, and why it isn't all.
type Part[R any] struct {
	Place  *Place
	Result *R
	Err    error
}

// Each does something in each of the places, AtOnce at a time. What fails in one leaves the
// others alone. The parts are in the places' order; done is told of each as it comes, one
// at a time.
func Each[R any](ctx context.Context, places []*Place, do func(context.Context, *Place) (*R, error), done func(Part[R])) []Part[R] {
	parts := make([]Part[R], len(places))
	turns := make(chan struct{}, AtOnce)
	var all sync.WaitGroup
	var one sync.Mutex
	for i, p := range places {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			found, err := do(ctx, p)
			one.Lock()
			defer one.Unlock()
			parts[i] = Part[R]{p, found, err}
			done(parts[i])
		})
	}
	all.Wait()
	return parts
}
