package history

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// cursor goes through a file's rows, a batch at a time. Columns that nobody wants
// are not even decompressed.
type cursor struct {
	file   *file
	wanted []column
	groups []parquet.RowGroup // after the one that is being read
	chunks []parquet.ColumnChunkValueReader
	left   int64 // rows of the group that are not in a batch yet

	flows []flowOf // of the batch, as rows is
	rows  []Execution
	at    int

	read     int64 // rows that were passed, for errors
	values   []parquet.Value
	interned map[string]*string
	arena    strings.Builder
}

type flowOf struct{ id, name string }

const batch = 1024 // rows

func (f *file) cursor(o Options) *cursor {
	c := &cursor{file: f, groups: f.RowGroups(), interned: map[string]*string{},
		values: make([]parquet.Value, batch), flows: make([]flowOf, 0, batch), rows: make([]Execution, 0, batch)}
	for _, column := range columns {
		if column.name != inputColumn || o.Input {
			c.wanted = append(c.wanted, column)
		}
	}
	return c
}

// start makes the first row the current one. more is false where there is none.
func (c *cursor) start() (more bool, err error) { return c.fill() }

func (c *cursor) flow() flowOf { return c.flows[c.at] }

func (c *cursor) execution() Execution { return c.rows[c.at] }

// next goes to the next row. more is false where there is none.
func (c *cursor) next() (more bool, err error) {
	before := c.flow().id
	c.at++
	c.read++
	if c.at == len(c.rows) {
		if more, err := c.fill(); !more {
			return false, err
		}
	}
	if c.flow().id < before {
		return false, fmt.Errorf("%s is not of a history: its rows are not sorted by flowId: in row %d %q comes after %q\nSort them by flowId, startedTime and execution", c.file.name, c.read+1, c.flow().id, before)
	}
	return true, nil
}

// fill reads the next batch.
func (c *cursor) fill() (more bool, err error) {
	for c.left == 0 {
		c.closeChunks()
		if len(c.groups) == 0 {
			return false, nil
		}
		if err := c.open(c.groups[0]); err != nil {
			return false, c.torn(err)
		}
		c.groups = c.groups[1:]
	}
	if err := c.readBatch(int(min(c.left, batch))); err != nil {
		return false, c.torn(err)
	}
	return true, nil
}

func (c *cursor) torn(err error) error {
	return fmt.Errorf("%s is torn: %w\nPut it back from a copy, or record into a new folder what CloudFlow still has", c.file.name, err)
}

func (c *cursor) open(g parquet.RowGroup) (err error) {
	defer surprised(&err)
	chunks := g.ColumnChunks()
	for _, column := range c.wanted {
		leaf, _ := c.file.Schema().Lookup(column.name) // check has found it
		c.chunks = append(c.chunks, parquet.NewColumnChunkValueReader(chunks[leaf.ColumnIndex]))
	}
	c.left = g.NumRows()
	return nil
}

func (c *cursor) closeChunks() {
	for _, chunk := range c.chunks {
		_ = chunk.Close()
	}
	c.chunks = c.chunks[:0]
}

func (c *cursor) readBatch(n int) (err error) {
	defer surprised(&err)
	c.at, c.flows, c.rows = 0, c.flows[:n], c.rows[:n]
	clear(c.rows)
	for i, column := range c.wanted {
		if err := c.readColumn(c.chunks[i], column, n); err != nil {
			return fmt.Errorf("its column %q: %w", column.name, err)
		}
	}
	c.left -= int64(n)
	return nil
}

func (c *cursor) readColumn(chunk parquet.ColumnChunkValueReader, column column, n int) error {
	for done := 0; done < n; {
		got, err := chunk.ReadValues(c.values[:n-done])
		for i, v := range c.values[:got] {
			column.set(c, done+i, v)
		}
		done += got
		switch {
		case done == n:
		case errors.Is(err, io.EOF):
			return errors.New("it ends where more rows should come")
		case err != nil:
			return err
		}
	}
	return nil
}

// intern is a text of which there are few different ones; "" where there is none.
func (c *cursor) intern(v parquet.Value) string {
	if s := c.internOptional(v); s != nil {
		return *s
	}
	return ""
}

func (c *cursor) internOptional(v parquet.Value) *string {
	if v.IsNull() {
		return nil
	}
	bytes := v.ByteArray()
	if s, ok := c.interned[string(bytes)]; ok {
		return s
	}
	const most = 10_000 // there are more different ones than was thought
	if len(c.interned) == most {
		clear(c.interned)
	}
	s := new(string(bytes))
	c.interned[*s] = s
	return s
}

func (c *cursor) optional(v parquet.Value) *string {
	if v.IsNull() {
		return nil
	}
	return new(c.copied(v))
}

// copied is a text of which there are as many as rows. They lie together, but not so
// many that whoever keeps one keeps all of them.
func (c *cursor) copied(v parquet.Value) string {
	const together = 4 << 10
	bytes := v.ByteArray()
	if len(bytes) > together/4 {
		return string(bytes)
	}
	if c.arena.Cap()-c.arena.Len() < len(bytes) {
		c.arena = strings.Builder{}
		c.arena.Grow(together)
	}
	start := c.arena.Len()
	c.arena.Write(bytes)
	return c.arena.String()[start:]
}
