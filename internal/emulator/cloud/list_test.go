package cloud

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// listNames lists flow f whole, page by page.
func listNames(t interface {
	Helper()
	Fatal(...any)
}, c *Cloud, now time.Time, q Query) (names []string) {
	t.Helper()
	q.Flow, q.Limit = "f", cmp.Or(q.Limit, 99)
	for {
		page, next, err := c.List(now, q)
		if err != nil || len(page) > q.Limit || next != nil && len(page) < q.Limit {
			t.Fatal("a page of ", len(page), " rows, limit ", q.Limit, ", next ", next, ", ", err)
		}
		for _, e := range page {
			names = append(names, e.Name)
		}
		if next == nil {
			return names
		}
		q.After = *next
	}
}

// A listing in pages shows what a naive filter over all executions shows, each
// row once, whatever the order and the cursor.
func TestListAgainstNaiveFilter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAccount(t)
		c := New(a, noon)
		now := noon.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds passed")) * time.Second)
		for range rapid.IntRange(0, 5).Draw(t, "stops") {
			name := fmt.Sprintf("run-%d", rapid.IntRange(0, len(a.Flows[0].Executions)).Draw(t, "stopped"))
			c.Stop(noon.Add(now.Sub(noon)/2), "f", name, "", "") // whether it can be or not
		}
		q := drawQuery(t)

		var want []string
		for e := range c.Executions(now, "f") {
			if naiveFits(e, q, a.Behaviour) {
				want = append(want, e.Name)
			}
		}
		got := listNames(t, c, now, q)
		if !sameRows(got, want) {
			t.Fatalf("%+v at %s lists %v, want %v", q, now, got, want)
		}
	})
}

func drawAccount(t *rapid.T) *account.Account {
	b := account.Behaviour{
		Order:             rapid.SampledFrom([]string{"random", "newest", "oldest"}).Draw(t, "order"),
		PageCursor:        rapid.SampledFrom([]string{"key", "offset"}).Draw(t, "cursor"),
		StartedTimeBounds: rapid.SampledFrom([]string{"inclusive", "exclusive"}).Draw(t, "bounds"),
	}
	f := account.Flow{Name: "f"}
	for i := range rapid.IntRange(0, 150).Draw(t, "executions") {
		e := account.Execution{Name: fmt.Sprintf("run-%d", i), StartedAgo: account.Duration(rapid.IntRange(0, 20).Draw(t, "ago")) * account.Duration(time.Minute)}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			e.EndsIn = new(account.Duration(rapid.IntRange(0, 7200).Draw(t, "ends in")) * account.Duration(time.Second))
		case 1:
			e.Status = account.Failed
		case 2:
			e.Status = account.Starting
		}
		f.Executions = append(f.Executions, e)
	}
	return &account.Account{Behaviour: b, Flows: []account.Flow{f}}
}

func drawQuery(t *rapid.T) Query {
	q := Query{
		Status:     rapid.SampledFrom([]string{"", "Running", "Starting", "Failed", "Stopped", "Succeeded"}).Draw(t, "status"),
		NamePrefix: rapid.SampledFrom([]string{"", "run-1", "x"}).Draw(t, "prefix"),
		Limit:      rapid.IntRange(1, 99).Draw(t, "limit"),
	}
	if rapid.Bool().Draw(t, "has begin") {
		q.Begin = noon.Add(-time.Duration(rapid.IntRange(0, 20).Draw(t, "begin")) * time.Minute)
	}
	if rapid.Bool().Draw(t, "has end") {
		q.End = noon.Add(-time.Duration(rapid.IntRange(0, 20).Draw(t, "end")) * time.Minute)
	}
	return q
}

func naiveFits(e Execution, q Query, b account.Behaviour) bool {
	early, late := e.StartedTime.Before(q.Begin), !q.End.IsZero() && e.StartedTime.After(q.End)
	if b.StartedTimeBounds == "exclusive" {
		early = early || e.StartedTime.Equal(q.Begin)
		late = late || e.StartedTime.Equal(q.End)
	}
	return !early && !late && (q.Status == "" || q.Status == e.Status) && strings.HasPrefix(e.Name, q.NamePrefix)
}

func sameRows(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func TestOrder(t *testing.T) {
	const flows = "\nflows: [{name: f, executions: [{name: b, startedAgo: 2h}, {name: a, startedAgo: 1h}, {name: c, startedAgo: 3h}, {name: d, startedAgo: 3h}]}]"
	for order, want := range map[string]string{"newest": "a b c d", "oldest": "c d b a"} {
		got := strings.Join(listNames(t, load(t, "behaviour: {order: "+order+"}"+flows), noon, Query{Limit: 1}), " ")
		if got != want {
			t.Errorf("%s: %s, want %s", order, got, want)
		}
	}
	many := "generate: [{flows: 1, prefix: f, live: 100}]"
	c := load(t, many)
	random, _, err := c.List(noon, Query{Flow: "f0", Limit: 99})
	if err != nil || slices.IsSortedFunc(random, func(a, b Execution) int { return a.StartedTime.Compare(b.StartedTime) }) {
		t.Errorf("the random order is by started time; %v", err)
	}
}

// With offset cursors, rows that end between two pages push others to where
// the reader has been already; with keys nothing is missed.
func TestPagesShift(t *testing.T) {
	for cursor, want := range map[string]int{"key": 6, "offset": 4} {
		c := load(t, "behaviour: {order: oldest, pageCursor: "+cursor+`}
flows: [{name: f, executions: [{name: a, startedAgo: 6m, endsIn: 1s}, {name: b, startedAgo: 5m, endsIn: 1s},
  {name: c, startedAgo: 4m}, {name: d, startedAgo: 3m}, {name: e, startedAgo: 2m}, {name: g, startedAgo: 1m}]}]`)
		q := Query{Flow: "f", Status: account.Running, Limit: 2}
		first, next, err := c.List(noon, q)
		if err != nil || next == nil {
			t.Fatal(next, err)
		}
		rest := listNames(t, c, noon.Add(time.Second), Query{Status: account.Running, After: *next})
		if got := len(first) + len(rest); got != want {
			t.Errorf("%s: %d rows seen of 6, want %d", cursor, got, want)
		}
	}
}

func TestListLag(t *testing.T) {
	c := load(t, `
behaviour: {listLag: 10s}
flows: [{name: f, executions: [{name: new, startedIn: 1s}, {name: old, startedAgo: 1h, endsIn: 2s}, {name: own, startedAgo: 1h, endsIn: 3s, listLag: 0s},
  {name: over, startedAgo: 1h, endedAgo: 5s}]}]`)
	for _, test := range []struct {
		second int
		want   []string
	}{
		{0, []string{"old", "own", "over"}},
		{4, []string{"old", "over"}},
		{5, []string{"old"}},
		{11, []string{"new", "old"}},
		{12, []string{"new"}},
	} {
		// Others that look meanwhile must not make the list forget.
		if _, err := c.Execution(clock(12, 0, test.second), "f", "old"); err != nil {
			t.Fatal(err)
		}
		got := listNames(t, c, clock(12, 0, test.second), Query{Status: account.Running})
		if !sameRows(got, test.want) {
			t.Errorf("at second %d: %v running, want %v", test.second, got, test.want)
		}
	}
}

func TestMapRuns(t *testing.T) {
	c := load(t, "flows: [{name: f, executions: [{name: parent}, {name: child, mapRunName: m}]}]")
	if all, children := listNames(t, c, noon, Query{}), listNames(t, c, noon, Query{MapRunName: "m"}); len(all) != 2 || !slices.Equal(children, []string{"child"}) {
		t.Errorf("all %v, children %v", all, children)
	}
}
