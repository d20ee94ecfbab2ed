package history

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// Writer writes one file of executions. Nothing is there before Commit.
type Writer struct {
	part *part
	rows *parquet.GenericWriter[row]

	last     string // the Id of the flow that was added last
	any      bool
	buffered int // bytes of inputs that are not on the disk
}

const (
	rowsAGroup  = 64 << 10
	bytesAGroup = 16 << 20 // of inputs
)

// NewWriter begins a file of that name, such as executions-live.parquet.
func NewWriter(dir, name string) (*Writer, error) {
	p, err := begin(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	return &Writer{part: p, rows: parquet.NewGenericWriter[row](p,
		parquet.DataPageVersion(1), // which every reader reads
		parquet.MaxRowsPerRowGroup(rowsAGroup),
		parquet.CreatedBy("flowreaper", fmt.Sprint(version), ""),
		parquet.SortingWriterConfig(parquet.SortingColumns(
			parquet.Ascending("flowId"), parquet.NullsFirst(parquet.Ascending("startedTime")), parquet.Ascending("execution"))),
	)}, nil
}

// Add writes a flow's executions. Flows come by Id, each once. It puts the executions
// in order, each once, and notes in f.Odd what is odd.
func (w *Writer) Add(f *Flow) error {
	if w.any && f.ID <= w.last {
		return fmt.Errorf("flow %q is written after flow %q: flows are written by Id, each once", f.ID, w.last)
	}
	w.any, w.last = true, f.ID
	f.settle()
	for part := range slices.Chunk(f.Executions, batch) {
		rows := make([]row, len(part))
		for i := range part {
			rows[i] = rowOf(f.ID, f.Name, &part[i])
		}
		if err := w.write(rows...); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) write(rows ...row) error {
	for i := range rows {
		if in := rows[i].Input; in != nil {
			w.buffered += len(*in)
		}
	}
	_, err := w.rows.Write(rows)
	if err == nil && w.buffered >= bytesAGroup {
		w.buffered = 0
		err = w.rows.Flush()
	}
	if err != nil {
		return unwritten(w.part.name, withoutPath(err))
	}
	return nil
}

// Commit has the file appear.
func (w *Writer) Commit() error {
	if err := w.rows.Close(); err != nil {
		w.part.drop()
		return unwritten(w.part.name, withoutPath(err))
	}
	return w.part.appear()
}

// Abort takes away what was written.
func (w *Writer) Abort() { w.part.drop() }

// Write writes flows, which come by Id, into a folder that is made if need be, and the
// coverage beside them. A flow that the coverage doesn't tell of is taken to be
// covered from its first start to when it was seen last.
func Write(dir string, c *Coverage, flows iter.Seq[*Flow]) error {
	if err := MakeFolder(dir); err != nil {
		return err
	}
	w, err := NewWriter(dir, "executions-0.parquet")
	if err != nil {
		return err
	}
	for f := range flows {
		if err := w.Add(f); err != nil {
			w.Abort()
			return err
		}
		if c.Flow(f.ID) == nil {
			c.Put(f.spanned())
		}
	}
	if err := w.Commit(); err != nil {
		return err
	}
	return c.Save(dir)
}

// spanned is a coverage of what is there.
func (f *Flow) spanned() FlowCoverage {
	c := FlowCoverage{ID: f.ID, Name: f.Name, Rows: len(f.Executions)}
	for i := range f.Executions {
		e := &f.Executions[i]
		if c.From.IsZero() || e.StartedTime.Before(c.From) {
			c.From = e.StartedTime
		}
		if e.SeenTime.After(c.To) {
			c.To = e.SeenTime
		}
	}
	if c.To.Before(c.From) {
		c.To = c.From
	}
	return c
}
