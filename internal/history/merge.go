package history

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
)

// Merge puts the rows of files of a folder into one, and takes those away. It holds
// no flow whole. A process that is killed on the way leaves rows in two files, which
// readers take once.
func Merge(dir, into string, files func(name string) bool) error {
	h, err := Open(dir, Options{Input: true, Files: files})
	if err != nil {
		return err
	}
	defer h.Close()
	cursors, err := h.start()
	defer func() {
		for _, c := range cursors {
			c.closeChunks()
		}
	}()
	if err != nil {
		return err
	}
	w, err := NewWriter(dir, into)
	if err != nil {
		return err
	}
	if err := w.merge(slices.Clone(cursors)); err != nil {
		w.Abort()
		return err
	}
	if err := w.Commit(); err != nil {
		return err
	}
	for _, f := range h.files {
		if filepath.Base(f.name) != into {
			_ = os.Remove(f.name) // what stays is there twice
		}
	}
	return nil
}

// merge writes the cursors' rows in their order. Of two of one execution it writes
// what was recorded last; where they contradict each other both stay, for readers to
// say so.
func (w *Writer) merge(cursors []*cursor) error {
	var last *row
	for len(cursors) > 0 {
		i := least(cursors)
		next := cursors[i].row()
		switch {
		case last == nil:
			last = &next
		case last.goesWith(&next):
			last = later(last, &next)
		default:
			if err := w.write(*last); err != nil {
				return err
			}
			last = &next
		}
		more, err := cursors[i].next()
		switch {
		case err != nil:
			return err
		case !more:
			cursors = slices.Delete(cursors, i, i+1)
		}
	}
	if last == nil {
		return nil
	}
	return w.write(*last)
}

func (c *cursor) row() row {
	e := c.execution()
	return rowOf(c.flow().id, c.flow().name, &e)
}

// least is the cursor whose row is the next.
func least(cursors []*cursor) int {
	first := 0
	for i := range cursors {
		a, b := cursors[i], cursors[first]
		if cmp.Or(cmp.Compare(a.flow().id, b.flow().id), byStart(a.rows[a.at], b.rows[b.at])) < 0 {
			first = i
		}
	}
	return first
}

// goesWith says that two rows are of one execution, and that no reader need see both.
func (r *row) goesWith(next *row) bool {
	a, b := r.execution(), next.execution()
	return r.FlowID == next.FlowID && a.Name == b.Name && a.StartedTime.Equal(b.StartedTime) &&
		(a.Live() || b.Live() || a.end() == b.end())
}

// later is the row that counts of two of one execution, with what the other knew
// besides, as readers settle it.
func later(a, b *row) *row {
	f := Flow{Executions: []Execution{a.execution(), b.execution()}}
	f.once()
	both := rowOf(b.FlowID, b.Flow, &f.Executions[0])
	return &both
}

func (r *row) execution() Execution {
	return Execution{
		Name: r.Execution, Status: r.Status,
		StartedTime: ofMillis(r.StartedTime), StoppedTime: ofMillis(r.StoppedTime), SeenTime: ofMillis(r.SeenTime),
		Input: r.Input, Environment: r.Environment, Error: ofText(r.Error), Cause: ofText(r.Cause),
	}
}
