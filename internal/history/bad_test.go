package history_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/flowreaper/flowreaper/internal/history"
)

// written is a folder with a history of two flows.
func written(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "history")
	if err := history.Write(dir, &history.Coverage{}, slices.Values([]*history.Flow{
		{ID: "1", Name: "etl", Executions: []history.Execution{ended("a", "10:00:00"), ended("b", "10:00:00")}},
		{ID: "2", Name: "app", Executions: []history.Execution{ended("a", "10:00:00")}},
	})); err != nil {
		t.Fatal(err)
	}
	return dir
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// foreign writes rows of another shape.
func foreign[T any](t *testing.T, dir, name string, rows ...T) {
	t.Helper()
	if err := parquet.WriteFile(filepath.Join(dir, name), rows); err != nil {
		t.Fatal(err)
	}
}

// read reads a folder whole, and returns the first error.
func read(dir string) error {
	h, err := history.Open(dir, history.Options{Input: true})
	if err != nil {
		return err
	}
	defer h.Close()
	for _, err := range h.Flows() {
		if err != nil {
			return err
		}
	}
	return nil
}

const mend = "Put back the others from a copy, or record into a new folder what CloudFlow still has"

func TestBadFolders(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string // with DIR for the folder
	}{
		"none": {
			func(_ *testing.T, dir string) { _ = os.RemoveAll(dir) },
			"there is no history: there is no folder DIR; flowreaper record --out DIR makes one"},
		"empty": {
			func(_ *testing.T, dir string) { _ = os.RemoveAll(dir); _ = os.Mkdir(dir, 0o700) },
			"there is no history: the folder DIR is empty; flowreaper record --out DIR fills it"},
		"a file": {
			func(t *testing.T, dir string) {
				_ = os.RemoveAll(dir)
				put(t, filepath.Dir(dir), "history", "")
			},
			"DIR is no history, but a file\nName the folder that flowreaper record wrote, or one that isn't there yet to record into"},
		"something else": {
			func(t *testing.T, dir string) {
				_ = os.Remove(dir + "/history.json")
				put(t, dir, "b", "")
				put(t, dir, "c", "")
				put(t, dir, "d", "")
			},
			"DIR is no history: it has no history.json, but \"b\", \"c\", \"d\", …\nName the folder that flowreaper record wrote, or one that isn't there yet to record into"},
		"no JSON": {
			func(t *testing.T, dir string) { put(t, dir, "history.json", "hello") },
			"DIR/history.json is not what flowreaper record writes: invalid character 'h' at start of value"},
		"a list": {
			func(t *testing.T, dir string) { put(t, dir, "history.json", "[]") },
			"DIR/history.json is not what flowreaper record writes: it is no JSON object"},
		"torn JSON": {
			func(t *testing.T, dir string) { put(t, dir, "history.json", `{"version": 1, "flo`) },
			"DIR/history.json is not what flowreaper record writes: unexpected EOF after offset 19"},
		"no version": {
			func(t *testing.T, dir string) { put(t, dir, "history.json", `{}`) },
			"DIR/history.json is not what flowreaper record writes: it has no version"},
		"another version": {
			func(t *testing.T, dir string) { put(t, dir, "history.json", `{"version": 2, "what": {}}`) },
			"DIR/history.json is not what flowreaper record writes: its version is 2, and this flowreaper reads version 1: use the flowreaper that wrote it, or record into a new folder"},
		"an unknown key": {
			func(t *testing.T, dir string) {
				put(t, dir, "history.json", `{"version": 1, "flows": [{"nmae": "etl"}]}`)
			},
			"DIR/history.json is not what flowreaper record writes: it has a key that no history of version 1 has, /flows/0/nmae"},
		"a flow without an id": {
			func(t *testing.T, dir string) {
				put(t, dir, "history.json", `{"version": 1, "flows": [{"name": "etl"}]}`)
			},
			"DIR/history.json is not what flowreaper record writes: its /flows/0 has no id, or no name"},
		"a flow twice": {
			func(t *testing.T, dir string) {
				put(t, dir, "history.json", `{"version": 1, "flows": [{"id": "1", "name": "etl"}, {"id": "1", "name": "etl"}]}`)
			},
			`DIR/history.json is not what flowreaper record writes: its /flows/1 is there twice, or out of order: "1" after "1"`},
		"a flow that ends before it begins": {
			func(t *testing.T, dir string) {
				put(t, dir, "history.json", `{"version": 1, "flows": [{"id": "1", "name": "etl", "from": "2026-11-28T10:00:00Z", "to": "2026-11-27T10:00:00Z"}]}`)
			},
			"DIR/history.json is not what flowreaper record writes: its /flows/0 ends before it begins: from 2026-11-28T10:00:00Z to 2026-11-27T10:00:00Z"},
		"no Parquet": {
			func(t *testing.T, dir string) { put(t, dir, "executions-1.parquet", "flow,flowId,execution\n") },
			"DIR/executions-1.parquet is torn, or no Parquet file: invalid magic header of parquet file: \"flow\"\n1 of 2 files could be read, with 3 executions\n" + mend},
		"an empty file": {
			func(t *testing.T, dir string) { put(t, dir, "executions-1.parquet", "") },
			"DIR/executions-1.parquet is torn, or no Parquet file: it is empty\n1 of 2 files could be read, with 3 executions\n" + mend},
		"a torn file, and another": {
			func(t *testing.T, dir string) {
				put(t, dir, "executions-0.parquet", "PAR1"+strings.Repeat("x", 500))
				foreign(t, dir, "executions-1.parquet", struct{ A string }{"a"})
			},
			"DIR/executions-0.parquet is torn, or no Parquet file: invalid magic footer of parquet file: \"xxxx\"\n" +
				"DIR/executions-1.parquet is not of a history: it has no column \"flow\", which a history of version 1 has\n0 of 2 files could be read, with 0 executions\n" + mend},
		"a missing column": {
			func(t *testing.T, dir string) {
				foreign(t, dir, "executions-1.parquet", struct {
					Flow      string `parquet:"flow"`
					FlowID    string `parquet:"flowId"`
					Execution string `parquet:"execution"`
				}{})
			},
			"DIR/executions-1.parquet is not of a history: it has no column \"status\", which a history of version 1 has\n1 of 2 files could be read, with 3 executions\n" + mend},
		"a time in microseconds": {
			func(t *testing.T, dir string) {
				foreign(t, dir, "executions-1.parquet", struct {
					Flow      string `parquet:"flow"`
					FlowID    string `parquet:"flowId"`
					Execution string `parquet:"execution"`
					Status    string `parquet:"status"`
					Started   int64  `parquet:"startedTime,timestamp(microsecond)"`
				}{})
			},
			"DIR/executions-1.parquet is not of a history: its column \"startedTime\" is TIMESTAMP(isAdjustedToUTC=true,unit=MICROS), not TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS)\n1 of 2 files could be read, with 3 executions\n" + mend},
		"a number for a text": {
			func(t *testing.T, dir string) {
				foreign(t, dir, "executions-1.parquet", struct {
					Flow int64 `parquet:"flow"`
				}{})
			},
			"DIR/executions-1.parquet is not of a history: its column \"flow\" is INT(64,true), not STRING\n1 of 2 files could be read, with 3 executions\n" + mend},
		"a folder for a file": {
			func(_ *testing.T, dir string) { _ = os.Mkdir(dir+"/executions-1.parquet", 0o700) },
			"DIR/executions-1.parquet is torn, or no Parquet file: it is a folder\n1 of 2 files could be read, with 3 executions\n" + mend},
		"rows that are not sorted": {
			func(t *testing.T, dir string) {
				foreign(t, dir, "executions-1.parquet", unsorted("3"), unsorted("2"))
			},
			"DIR/executions-1.parquet is not of a history: its rows are not sorted by flowId: in row 2 \"2\" comes after \"3\"\nSort them by flowId, startedTime and execution\n3 executions of 2 flows could be read before"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := written(t)
			test.spoil(t, dir)
			err := read(dir)
			if err == nil {
				t.Fatal("no error")
			}
			if got := strings.ReplaceAll(err.Error(), dir, "DIR"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if got, want := errors.Is(err, history.ErrNone), name == "none" || name == "empty"; got != want {
				t.Errorf("a new history may be begun: %v", got)
			}
		})
	}
}

// asRow is a row as another program may write it: nothing optional, one column more.
type asRow struct {
	Flow        string `parquet:"flow"`
	FlowID      string `parquet:"flowId,optional"`
	Execution   string `parquet:"execution,dict"`
	Status      string `parquet:"status"`
	StartedTime int64  `parquet:"startedTime,timestamp"`
	StoppedTime int64  `parquet:"stoppedTime,timestamp"`
	SeenTime    int64  `parquet:"seenTime,timestamp"`
	Input       string `parquet:"input"`
	Environment string `parquet:"environment"`
	Error       string `parquet:"error"`
	Cause       string `parquet:"cause"`
	More        int32  `parquet:"more"`
}

func unsorted(id string) asRow { return asRow{Flow: "f", FlowID: id, Execution: "e" + id} }

func TestAnotherWritersFile(t *testing.T) {
	dir := written(t)
	foreign(t, dir, "executions-1.parquet", unsorted("2"), unsorted("3"))
	if err := read(dir); err != nil {
		t.Error(err)
	}
}

// Whatever happens to a file's bytes, it is an error that names the file, or what is
// read is what was written.
func TestSpoiltBytes(t *testing.T) {
	dir := written(t)
	name := dir + "/executions-0.parquet"
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := contents(dir)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		bad := slices.Clone(good)
		where := random.IntN(len(bad))
		switch random.IntN(3) {
		case 0:
			bad[where] ^= 1 << random.IntN(8)
		case 1:
			bad = bad[:where]
		case 2:
			bad[where] = byte(random.IntN(256))
		}
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := contents(dir)
		switch {
		case err != nil && !strings.Contains(err.Error(), name):
			t.Errorf("byte %d: %v", where, err)
		case err == nil && got != want:
			t.Errorf("byte %d: %q became %q, and no error\n%s", where, good[where], bad[where], got)
		}
	}
}

func contents(dir string) (string, error) {
	h, err := history.Open(dir, history.Options{Input: true})
	if err != nil {
		return "", err
	}
	defer h.Close()
	var text strings.Builder
	for f, err := range h.Flows() {
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&text, f.ID, f.Name)
		for _, e := range f.Executions {
			fmt.Fprintln(&text, e.Name, e.Status, e.StartedTime, e.StoppedTime, e.SeenTime)
		}
	}
	return text.String(), nil
}
