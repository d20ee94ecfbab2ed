package history

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// Flows goes through the history flow by flow, by Id: each flow that has executions
// once, with all that the files tell of them. A flow is the caller's to keep. An
// error, which names the file, is the last that comes.
func (h *History) Flows() iter.Seq2[*Flow, error] {
	return func(yield func(*Flow, error) bool) {
		cursors, err := h.start()
		defer func() {
			for _, c := range cursors {
				c.closeChunks()
			}
		}()
		flows, rows := 0, 0
		for err == nil && len(cursors) > 0 {
			var f *Flow
			if f, cursors, err = h.gather(cursors); err != nil {
				break
			}
			flows, rows = flows+1, rows+len(f.Executions)
			if !yield(f, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, fmt.Errorf("%w\n%d executions of %d flows could be read before", err, rows, flows))
		}
	}
}

// start makes a cursor of every file that has rows.
func (h *History) start() ([]*cursor, error) {
	var cursors []*cursor
	for _, f := range h.files {
		c := f.cursor(h.options)
		more, err := c.start()
		if err != nil {
			return cursors, err
		}
		if more {
			cursors = append(cursors, c)
		}
	}
	return cursors, nil
}

// gather takes the next flow's rows from every cursor, and returns the cursors that
// have more.
func (h *History) gather(cursors []*cursor) (*Flow, []*cursor, error) {
	least := slices.MinFunc(cursors, func(a, b *cursor) int { return cmp.Compare(a.flow().id, b.flow().id) })
	f := &Flow{ID: least.flow().id, Name: least.flow().name, Covered: h.Coverage.Flow(least.flow().id)}
	if f.Covered != nil {
		f.Name = f.Covered.Name
		f.Executions = make([]Execution, 0, min(f.Covered.Rows, int(h.Rows())))
	}
	var going []*cursor
	for _, c := range cursors {
		more, err := c.take(f)
		if err != nil {
			return nil, cursors, err
		}
		if more {
			going = append(going, c)
		} else {
			c.closeChunks()
		}
	}
	f.settle()
	return f, going, nil
}

// take moves the flow's rows to it. more is false where the file ends with them.
func (c *cursor) take(f *Flow) (more bool, err error) {
	for c.flow().id == f.ID {
		f.Executions = append(f.Executions, c.execution())
		if more, err := c.next(); !more {
			return false, err
		}
	}
	return true, nil
}
