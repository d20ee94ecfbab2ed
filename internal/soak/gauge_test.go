package soak

import "sync"

// gauge counts what is open, and waits until nothing is. Unlike a WaitGroup it
// may go up from zero while somebody waits.
type gauge struct {
	mu    sync.Mutex
	open  int
	empty chan struct{} // closed when open comes to zero; nil while nobody waits
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open += n
	if g.open == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

func (g *gauge) wait() {
	g.mu.Lock()
	if g.open == 0 {
		g.mu.Unlock()
		return
	}
	if g.empty == nil {
		g.empty = make(chan struct{})
	}
	empty := g.empty
	g.mu.Unlock()
	<-empty
}
