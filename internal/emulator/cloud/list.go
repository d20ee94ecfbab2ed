package cloud

import (
	"sort"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// Query is what a list of executions is asked. Zero fields ask nothing.
type Query struct {
	Flow       string
	Status     string
	Begin, End time.Time // of the started time
	NamePrefix string
	MapRunName string
	After      Cursor
	Limit      int
}

// Cursor is where a page begins. The zero Cursor is the first page's.
type Cursor struct {
	Rank   uint64 // after the row of this rank and name…
	Name   string
	Offset int // …or, where pages shift, after so many fitting rows
}

// List returns one page of a flow's executions, and the cursor of the next
// page if there is one.
func (c *Cloud) List(now time.Time, q Query) (page []Execution, next *Cursor, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.flows[q.Flow]
	if !ok {
		return nil, nil, ErrNoFlow
	}
	f.advance(milliseconds(now))
	page, next = f.list(q, milliseconds(now))
	return page, next, nil
}

func (f *flow) list(q Query, at int64) (page []Execution, next *Cursor) {
	runs := f.runs
	if q.Status != "" && !account.EndedStatus(q.Status) {
		runs = f.live
	}
	offset := f.behaviour.PageCursor == account.CursorOffset
	skip := 0
	if offset {
		skip = q.After.Offset
	} else {
		runs = runs[after(runs, q.After):]
	}
	var last *run
	fits := f.matcher(q, at)
	for _, r := range runs {
		switch {
		case !fits(r):
		case skip > 0:
			skip--
		case len(page) == q.Limit:
			if offset {
				return page, &Cursor{Offset: q.After.Offset + len(page)}
			}
			return page, &Cursor{Rank: last.rank, Name: last.name}
		default:
			page, last = append(page, r.snapshot(f, f.listed(r, at))), r
		}
	}
	return page, nil
}

// after is the index of the first run beyond a cursor.
func after(runs []*run, c Cursor) int {
	if c == (Cursor{}) {
		return 0
	}
	place := &run{rank: c.Rank, name: c.Name}
	return sort.Search(len(runs), func(i int) bool { return compareRuns(runs[i], place) > 0 })
}

func (f *flow) matcher(q Query, at int64) func(*run) bool {
	begin, end := bounds(q, f.behaviour.StartedTimeBounds)
	retention := time.Duration(f.behaviour.Retention)
	return func(r *run) bool {
		shown := f.listed(r, at)
		return r.started >= begin && r.started <= end &&
			r.visible(shown, retention) &&
			(q.Status == "" || r.status(shown) == q.Status) &&
			strings.HasPrefix(r.name, q.NamePrefix) &&
			(q.MapRunName == "" || r.details().mapRun == q.MapRunName)
	}
}

// bounds are the first and the last started time that fit.
func bounds(q Query, kind string) (begin, end int64) {
	begin, end = 0, never
	exclusive := int64(0)
	if kind == account.BoundsExclusive {
		exclusive = 1
	}
	if !q.Begin.IsZero() {
		begin = milliseconds(q.Begin) + exclusive
	}
	if !q.End.IsZero() {
		end = milliseconds(q.End) - exclusive
	}
	return begin, end
}
