package history

import (
	"fmt"
	"time"

	"github.com/parquet-go/parquet-go"
)

// row is a row of a file, column by column. What every reader of Parquet knows is
// asked for and nothing else: texts, timestamps of milliseconds in UTC, dictionaries,
// Snappy.
type row struct {
	Flow        string  `parquet:"flow,dict,snappy"`
	FlowID      string  `parquet:"flowId,dict,snappy"`
	Execution   string  `parquet:"execution,snappy"`
	Status      string  `parquet:"status,dict,snappy"`
	StartedTime *int64  `parquet:"startedTime,optional,timestamp(millisecond),snappy"`
	StoppedTime *int64  `parquet:"stoppedTime,optional,timestamp(millisecond),snappy"`
	SeenTime    *int64  `parquet:"seenTime,optional,timestamp(millisecond),dict,snappy"`
	Input       *string `parquet:"input,optional,snappy"`
	Environment *string `parquet:"environment,optional,dict,snappy"`
	Error       *string `parquet:"error,optional,dict,snappy"`
	Cause       *string `parquet:"cause,optional,dict,snappy"`
}

func rowOf(id, name string, e *Execution) row {
	return row{
		Flow: name, FlowID: id, Execution: e.Name, Status: e.Status,
		StartedTime: millis(e.StartedTime), StoppedTime: millis(e.StoppedTime), SeenTime: millis(e.SeenTime),
		Input: e.Input, Environment: e.Environment, Error: text(e.Error), Cause: text(e.Cause),
	}
}

func millis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMilli())
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// column is how one column gets into an Execution.
type column struct {
	name string
	time bool // a timestamp; else a text
	set  func(c *cursor, i int, v parquet.Value)
}

// columns are all that a file must have. Those of few values are interned: a name is
// not, and an input hardly.
var columns = []column{
	{"flow", false, func(c *cursor, i int, v parquet.Value) { c.flows[i].name = c.intern(v) }},
	{"flowId", false, func(c *cursor, i int, v parquet.Value) { c.flows[i].id = c.intern(v) }},
	{"execution", false, func(c *cursor, i int, v parquet.Value) { c.rows[i].Name = c.copied(v) }},
	{"status", false, func(c *cursor, i int, v parquet.Value) { c.rows[i].Status = c.intern(v) }},
	{"startedTime", true, func(c *cursor, i int, v parquet.Value) { c.rows[i].StartedTime = moment(v) }},
	{"stoppedTime", true, func(c *cursor, i int, v parquet.Value) { c.rows[i].StoppedTime = moment(v) }},
	{"seenTime", true, func(c *cursor, i int, v parquet.Value) { c.rows[i].SeenTime = moment(v) }},
	{inputColumn, false, func(c *cursor, i int, v parquet.Value) { c.rows[i].Input = c.optional(v) }},
	{"environment", false, func(c *cursor, i int, v parquet.Value) { c.rows[i].Environment = c.internOptional(v) }},
	{"error", false, func(c *cursor, i int, v parquet.Value) { c.rows[i].Error = c.intern(v) }},
	{"cause", false, func(c *cursor, i int, v parquet.Value) { c.rows[i].Cause = c.intern(v) }},
}

const inputColumn = "input"

func moment(v parquet.Value) time.Time {
	if v.IsNull() {
		return time.Time{}
	}
	return time.UnixMilli(v.Int64()).UTC()
}

// check says what is wrong with a file's columns; nil where they are those of a
// history. It may have more.
func check(schema *parquet.Schema) error {
	for _, c := range columns {
		leaf, ok := schema.Lookup(c.name)
		switch {
		case !ok:
			return fmt.Errorf("it has no column %q, which a history of version %d has", c.name, version)
		case leaf.Node.Repeated() || !c.holds(leaf.Node.Type()):
			return fmt.Errorf("its column %q is %s, not %s", c.name, leaf.Node.Type(), c.kind())
		}
	}
	return nil
}

func (c column) holds(t parquet.Type) bool {
	if c.time {
		return parquet.EqualTypes(t, timestamp)
	}
	return t.Kind() == parquet.ByteArray
}

var timestamp = parquet.Timestamp(parquet.Millisecond).Type()

func (c column) kind() string {
	if c.time {
		return timestamp.String()
	}
	return parquet.String().Type().String()
}
