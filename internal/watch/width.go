package watch

import "time"

// pageSize is how many executions CloudFlow puts in a page.
const pageSize = 99

// width says how the next look at a flow is cut. A look of width wide asks for
// what is due within wide from now; the wider, the rarer the looks. Wide is the
// flow's least age as long as one page holds the answer. When it doesn't, wide
// is halved; when it might again, wide is doubled once, and if that fails not
// tried again for 2, 4, … 64 looks.
//
// Where the answer can't fit one page however narrow (a hundred overdue ones
// that nobody stops), pages is what it took. A wider look is then worth having
// as long as it costs less than twice the pages.
type width struct {
	wide    time.Duration
	pages   int  // of the latest complete look; 1 before the first
	growing bool // the next look tries twice the width that last worked
	rest    int  // looks to wait before wide is doubled again
	refused int  // doublings refused in a row
	cuts    []instant
}

func newWidth(leastAge time.Duration) width { return width{wide: leastAge, pages: 1} }

// fit makes a width that came from a file one that this code could have made.
func (w *width) fit(leastAge time.Duration) {
	if w.wide <= 0 || w.wide > leastAge {
		w.wide = leastAge
	}
	w.pages = max(w.pages, 1)
}

// budget is how many pages a look may take before a narrower one is cheaper.
func (w *width) budget() int { return 2*w.pages - 1 }

// narrow halves the width after more pages than the budget, not below least.
func (w *width) narrow(least time.Duration) {
	if w.growing {
		w.growing = false
		w.refused = min(w.refused+1, 6)
		w.rest = 1 << w.refused
	}
	w.wide = max(w.wide/2, least)
}

// grow settles the width after a complete look with so many rows, of which so
// many were overdue: those would be in a wider answer once, not twice.
func (w *width) grow(rows, overdue int, widest time.Duration) {
	if w.growing {
		w.growing, w.refused = false, 0
	}
	if w.wide >= widest {
		return
	}
	if w.rest > 0 {
		w.rest--
		return
	}
	wider := overdue + 2*(rows-overdue)
	if wider <= pageSize*w.budget() {
		w.growing = true
		w.wide = min(2*w.wide, widest)
	}
}

// leastWidth is the narrowest look: a sweep a tick can't look more often.
func leastWidth(leastAge, tick time.Duration) time.Duration {
	return min(leastAge, max(leastAge/64, 2*tick))
}
