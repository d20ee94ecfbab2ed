package history_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/flowreaper/flowreaper/internal/history"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// ended is an execution of a minute that began at a time of one day.
func ended(name, clock string) history.Execution {
	start := at("2026-11-28T" + clock + "Z")
	return history.Execution{Name: name, Status: "Succeeded", StartedTime: start, StoppedTime: start.Add(time.Minute), SeenTime: at("2026-11-29T00:00:00Z")}
}

// opened reads a folder whole.
func opened(t *testing.T, dir string, o history.Options) []*history.Flow {
	t.Helper()
	h, err := history.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var flows []*history.Flow
	for f, err := range h.Flows() {
		if err != nil {
			t.Fatal(err)
		}
		flows = append(flows, f)
	}
	return flows
}

// file writes one file of executions, of flows that come by Id.
func file(t *testing.T, dir, name string, flows ...*history.Flow) {
	t.Helper()
	w, err := history.NewWriter(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range flows {
		if err := w.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestWrittenIsRead(t *testing.T) {
	all := ended("b", "10:00:00.123")
	all.Input, all.Environment, all.Error, all.Cause = new(`{"a":"\u0000 <语>"}`), new(`{"STAGE":"prod"}`), "Broken", "it broke"
	live := history.Execution{Name: "a", Status: "Running", StartedTime: at("2026-11-28T10:00:00.123Z"), SeenTime: at("2026-11-29T00:00:00Z")}
	bare := history.Execution{Name: "c", Status: ""}
	dir := t.TempDir()
	c := &history.Coverage{Region: "cn-hangzhou"}
	flows := []*history.Flow{
		{ID: "1", Name: "etl", Executions: []history.Execution{all, live, bare}},
		{ID: "2", Name: "never"},
		{ID: "3", Name: "app", Executions: []history.Execution{ended("x", "12:00:00")}},
	}
	if err := history.Write(dir, c, slices.Values(flows)); err != nil {
		t.Fatal(err)
	}
	got := opened(t, dir, history.Options{Input: true})
	want := []*history.Flow{
		{ID: "1", Name: "etl", Covered: c.Flow("1"), Executions: []history.Execution{bare, live, all}},
		{ID: "3", Name: "app", Covered: c.Flow("3"), Executions: []history.Execution{ended("x", "12:00:00")}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, e := range opened(t, dir, history.Options{})[0].Executions {
		if e.Input != nil {
			t.Errorf("%s: an input that nobody asked for", e.Name)
		}
	}
}

// docs/replay.md tells every column, and none that isn't there.
func TestColumnsAreTold(t *testing.T) {
	dir := written(t)
	names := columnsOf(t, dir+"/executions-0.parquet")
	text, err := os.ReadFile("../../docs/replay.md")
	if err != nil {
		t.Fatal(err)
	}
	_, columns, _ := strings.Cut(string(text), "\n## The columns\n")
	var told []string
	for line := range strings.Lines(columns) {
		if cells := strings.Split(line, "|"); len(cells) == 5 && strings.Contains(cells[1], "`") {
			for name := range strings.SplitSeq(cells[1], ",") {
				told = append(told, strings.Trim(name, " `"))
			}
		}
	}
	if diff := cmp.Diff(names, told[:min(len(told), len(names))]); diff != "" {
		t.Error(diff)
	}
}

func columnsOf(t *testing.T, name string) (names []string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range p.Schema().Fields() {
		names = append(names, field.Name())
	}
	return names
}

func TestLaterKnowledgeCounts(t *testing.T) {
	dir := t.TempDir()
	lived := ended("a", "10:00:00")
	lived.Status, lived.StoppedTime, lived.Input = "Running", time.Time{}, new("{}")
	same, contradicted, contradiction := ended("b", "11:00:00"), ended("c", "12:00:00"), ended("c", "12:00:00")
	contradiction.Status, contradiction.SeenTime = "Failed", contradicted.SeenTime.Add(time.Hour)
	again := ended("a", "10:00:00")
	again.SeenTime = again.SeenTime.Add(time.Hour)
	moved, movedTo := ended("d", "13:00:00"), ended("d", "09:00:00")
	movedTo.SeenTime = moved.SeenTime.Add(time.Hour)
	backwards := ended("e", "14:00:00")
	backwards.StoppedTime = backwards.StartedTime.Add(-time.Second)
	if err := history.Write(dir, &history.Coverage{}, slices.Values([]*history.Flow{
		{ID: "1", Name: "etl", Executions: []history.Execution{lived, same, contradiction, moved, backwards}},
	})); err != nil {
		t.Fatal(err)
	}
	file(t, dir, "executions-1.parquet",
		&history.Flow{ID: "0", Name: "zero", Executions: []history.Execution{ended("z", "00:00:00")}},
		&history.Flow{ID: "1", Name: "etl", Executions: []history.Execution{again, same, contradicted, movedTo}})

	flows := opened(t, dir, history.Options{Input: true})
	if len(flows) != 2 || flows[0].ID != "0" || flows[0].Covered != nil {
		t.Fatalf("%d flows", len(flows))
	}
	again.Input = lived.Input // is kept
	if diff := cmp.Diff([]history.Execution{movedTo, again, same, contradiction, backwards}, flows[1].Executions); diff != "" {
		t.Error(diff)
	}
	want := []history.Odd{
		{Execution: "c", What: "it is there twice, and ended Succeeded at 2026-11-28T12:01:00.000Z, and Failed at 2026-11-28T12:01:00.000Z"},
		{Execution: "d", What: "it is there twice, and started at 2026-11-28T13:00:00.000Z, and at 2026-11-28T09:00:00.000Z"},
		{Execution: "e", What: "it started at 2026-11-28T14:00:00.000Z, and stopped before, at 2026-11-28T13:59:59.000Z"},
	}
	if diff := cmp.Diff(want, flows[1].Odd); diff != "" {
		t.Error(diff)
	}
}

// An execution that was begun anew under the name of one that CloudFlow had forgotten
// has nothing of it: neither the input nor who stopped it.
func TestANameUsedAgain(t *testing.T) {
	first, second := ended("a", "10:00:00"), ended("a", "12:00:00")
	first.Status, first.Input, first.Environment, first.Error, first.Cause = "Stopped", new("{}"), new("{}"), "E", "too long [flowreaper/1 …]"
	second.Status, second.SeenTime = "Stopped", first.SeenTime.Add(time.Hour)
	dir := t.TempDir()
	if err := history.Write(dir, &history.Coverage{}, slices.Values([]*history.Flow{{ID: "1", Name: "etl", Executions: []history.Execution{second, first}}})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]history.Execution{second}, opened(t, dir, history.Options{Input: true})[0].Executions); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&second, second.Since(&first)); diff != "" {
		t.Error(diff)
	}
}

// A clock that was set back between two recordings makes no execution go on that has
// ended, as files are read and as they are merged.
func TestTheClockWasSetBack(t *testing.T) {
	lived, over := ended("a", "10:00:00"), ended("a", "10:00:00")
	lived.Status, lived.StoppedTime, lived.Input = "Running", time.Time{}, new("{}")
	over.SeenTime = lived.SeenTime.Add(-time.Hour)
	dir := t.TempDir()
	for name, e := range map[string]history.Execution{"executions-0.parquet": lived, "executions-1.parquet": over} {
		file(t, dir, name, &history.Flow{ID: "1", Name: "etl", Executions: []history.Execution{e}})
	}
	if err := (&history.Coverage{}).Save(dir); err != nil {
		t.Fatal(err)
	}
	over.Input = lived.Input
	for _, how := range []string{"read", "merged"} {
		if got := opened(t, dir, history.Options{Input: true})[0]; len(got.Odd) > 0 || !cmp.Equal(got.Executions, []history.Execution{over}) {
			t.Errorf("%s: %+v", how, got)
		}
		if err := history.Merge(dir, "executions-2.parquet", func(string) bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
}

// What a killed recording left is taken away, and nothing that anybody else put there.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"history.json.123.part", "executions-live.parquet.4.part", "film.mkv.part", "executions.part"} {
		put(t, dir, name, "x")
	}
	if _, err := history.ReadCoverage(dir); err == nil || errors.Is(err, history.ErrNone) {
		t.Errorf("a folder with somebody's files is taken for an empty one: %v", err)
	}
	history.RemoveLeftovers(dir)
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff([]string{"executions.part", "film.mkv.part"}, names); diff != "" {
		t.Error(diff)
	}
}
