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
	var last *record
	for len(cursors) > 0 {
		i := least(cursors)
		next := &record{cursors[i].flow(), cursors[i].execution()}
		switch {
		case last == nil:
			last = next
		case last.goesWith(next):
			last = later(last, next)
		default:
			if err := w.write(last.row()); err != nil {
				return err
			}
			last = next
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
	return w.write(last.row())
}

// record is an execution, and its flow.
type record struct {
	flowOf
	Execution
}

func (r *record) row() row { return rowOf(r.id, r.name, &r.Execution) }

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
func (r *record) goesWith(next *record) bool {
	return r.id == next.id && r.Name == next.Name && r.StartedTime.Equal(next.StartedTime) &&
		(r.Live() || next.Live() || r.end() == next.end())
}

// later is the row that counts of two of one execution, with what the other knew
// besides, as readers settle it.
func later(a, b *record) *record {
	f := Flow{Executions: []Execution{a.Execution, b.Execution}}
	f.once()
	return &record{b.flowOf, f.Executions[0]}
}
