package record_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/record"
)

func ago(d time.Duration) account.Duration { return account.Duration(d) }

// flow is a flow with one execution, begun so long ago, that ends in a while.
func flow(name string, started, endsIn time.Duration) account.Flow {
	return account.Flow{Name: name, Executions: []account.Execution{{Name: "run", StartedAgo: ago(started), EndsIn: new(ago(endsIn))}}}
}

// A long stretch is cut until each part is listed at once, in whatever order the rows
// come; what an interruption leaves the next run lists.
func TestManyExecutionsOfOneFlow(t *testing.T) {
	for _, order := range []string{"random", "newest", "oldest"} {
		synctest.Test(t, func(t *testing.T) {
			c := emulate(t, &account.Account{
				Behaviour: account.Behaviour{Order: order},
				Generate:  []account.Generate{{Flows: 1, Prefix: "f-", Ended: 8_000, Live: 50, MaxAge: ago(48 * time.Hour), Seed: 7}},
			})
			dir := filepath.Join(t.TempDir(), "history")
			longest := 0
			r := c.record(t, dir, func(o *record.Options) { o.Source = measuring{c.client, &longest} })
			c.holds(t, dir, false)
			if longest > 50 {
				t.Errorf("%s: %d pages at once", order, longest)
			}
			if best := 8_050 / 99; r.Pages < best || r.Pages > 4*best {
				t.Errorf("%s: %d pages, where %d are needed", order, r.Pages, best)
			}
		})
	}
}

// What starts at the moment that ends one recording is the next one's, whether
// CloudFlow's bounds are inclusive or not.
func TestAtTheBoundary(t *testing.T) {
	for _, bounds := range []string{"inclusive", "exclusive"} {
		synctest.Test(t, func(t *testing.T) {
			boundary := 59*time.Minute + 500*time.Millisecond
			c := emulate(t, &account.Account{
				Behaviour: account.Behaviour{StartedTimeBounds: bounds},
				Flows:     []account.Flow{{Name: "etl", Executions: []account.Execution{{Name: "run", StartedIn: ago(boundary), EndsIn: new(ago(61 * time.Minute))}}}},
			})
			start := time.Now()
			dir := filepath.Join(t.TempDir(), "history")
			time.Sleep(time.Hour)
			c.record(t, dir)
			if to := read(t, dir).Flows[0].To; to.Sub(start) != boundary {
				t.Fatalf("recorded to %s after the start", to.Sub(start))
			}
			c.holds(t, dir, true)
			time.Sleep(time.Hour)
			c.record(t, dir)
			c.holds(t, dir, true)
		})
	}
}

// What ran when its flow was deleted is kept as it was seen last, and so is what
// CloudFlow has forgotten. Nobody asks for it again.
func TestWhatCloudFlowHasNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forgetful := &account.Account{
			Behaviour: account.Behaviour{Retention: ago(time.Hour)},
			Flows:     []account.Flow{flow("kept", time.Hour, time.Minute), flow("deleted", 2*time.Hour, 1000*time.Hour)},
		}
		c := emulate(t, forgetful)
		dir := filepath.Join(t.TempDir(), "history")
		c.record(t, dir)
		time.Sleep(24 * time.Hour)
		if _, err := cloudflow.Raw(t.Context(), c.client, cloudflow.RawCall{Operation: "DeleteFlow", Method: "POST", Params: map[string]string{"Name": "deleted"}}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			r := c.record(t, dir)
			if !r.Complete {
				t.Error(r.Problems)
			}
			time.Sleep(time.Hour)
		}
		all := read(t, dir)
		for _, f := range all.Flows {
			if f.Lost != 1 || f.GoneAt.IsZero() != (f.Name == "kept") {
				t.Errorf("%s: %d lost, gone at %s", f.Name, f.Lost, f.GoneAt)
			}
			if e := all.execution(t, f.Name, "run"); e.Status != "Running" || !e.StoppedTime.IsZero() {
				t.Errorf("%s: %s", f.Name, e.Status)
			}
		}
		if got := c.Stats().Calls["DescribeExecution"]; got != 2 { // of each flow's, once
			t.Errorf("%d descriptions, want 2", got)
		}
	})
}

// A listing that lacks a flow, whose pages shifted perhaps, gives up nothing that runs.
func TestAFlowThatAListingLacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := emulate(t, &account.Account{Flows: []account.Flow{flow("lacking", time.Hour, 24*time.Hour), flow("there", time.Hour, 24*time.Hour)}})
		dir := filepath.Join(t.TempDir(), "history")
		c.record(t, dir)
		time.Sleep(time.Hour)
		c.record(t, dir, func(o *record.Options) { o.Source = without{c.client, "lacking"} })
		time.Sleep(48 * time.Hour)
		if r := c.record(t, dir); r.Executions.Lost > 0 || r.Executions.Ended != 2 {
			t.Errorf("%+v", r.Executions)
		}
		c.holds(t, dir, true)
	})
}

// An error and a cause are known of what was stopped.
func TestWhyItWasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := emulate(t, &account.Account{Flows: []account.Flow{flow("etl", time.Hour, 1000*time.Hour)}})
		if _, err := c.client.StopExecution(t.Context(), cloudflow.Stop{FlowName: "etl", ExecutionName: "run", Error: "TooLong", Cause: "ran 1h [flowreaper/1 policy=01234567 rule=r run=x]"}); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "history")
		c.record(t, dir)
		e := read(t, dir).execution(t, "etl", "run")
		if e.Status != "Stopped" || e.Error != "TooLong" || !strings.HasPrefix(e.Cause, "ran 1h [flowreaper/1") {
			t.Errorf("%+v", e)
		}
	})
}

// Why something was stopped is asked again, until CloudFlow says it: a stop of
// flowreaper's own must not be taken for anybody's.
func TestAsksAgainWhyItWasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := emulate(t, &account.Account{Flows: []account.Flow{flow("old", 2*time.Hour, 1000*time.Hour), flow("new", time.Minute, 1000*time.Hour)}})
		dir := filepath.Join(t.TempDir(), "history")
		c.record(t, dir) // new is the next recording's
		for _, name := range []string{"old", "new"} {
			if _, err := c.client.StopExecution(t.Context(), cloudflow.Stop{FlowName: name, ExecutionName: "run", Error: "TooLong", Cause: "ran 1h [flowreaper/1 policy=01234567 rule=r run=x]"}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		for denied := range 3 {
			if denied < 2 {
				c.AddFaults(account.Fault{Operation: "GetExecutionHistory", Kind: "error", Status: 403, Code: "AccessDenied"})
			}
			if r := c.record(t, dir); r.Complete != (denied == 2) || r.Executions.Lost > 0 {
				t.Errorf("%+v", r)
			}
			c.ClearFaults()
			c.holds(t, dir, false)
			time.Sleep(time.Hour)
		}
		for _, name := range []string{"old", "new"} {
			if e := read(t, dir).execution(t, name, "run"); e.Status != "Stopped" || e.Error != "TooLong" {
				t.Errorf("%s: %+v", name, e)
			}
		}
	})
}

// What is to be blanked is so in environments, errors and causes that are JSON, too, and
// in what an earlier recording, which blanked nothing, knew of what is live.
func TestBlanksWhatItRecordsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etl := flow("etl", time.Hour, 1000*time.Hour)
		etl.Environment = map[string]string{"CONFIG": `{"password":"hush"}`, "PASSWORD": "hush", "STAGE": "prod"}
		etl.Executions[0].Input = account.Payload(`{"password":"hush"}`)
		c := emulate(t, &account.Account{Flows: []account.Flow{etl}})
		dir := filepath.Join(t.TempDir(), "history")
		c.record(t, dir, func(o *record.Options) { o.Input = true })
		blank := func(o *record.Options) { o.Redact = []string{"password"} }
		time.Sleep(time.Hour)
		c.record(t, dir, blank)
		e := read(t, dir).execution(t, "etl", "run")
		const environment = `{"CONFIG":"{\"password\":\"\"}","PASSWORD":"","STAGE":"prod"}`
		if *e.Input != `{"password":""}` || *e.Environment != environment || strings.Contains(readFile(t, dir, history.CoverageFile), "hush") {
			t.Errorf("%s, %s", *e.Input, *e.Environment)
		}
		if _, err := c.client.StopExecution(t.Context(), cloudflow.Stop{FlowName: "etl", ExecutionName: "run", Error: `{"password":"hush"}`, Cause: `{"password":"hush"}`}); err != nil {
			t.Fatal(err)
		}
		c.record(t, dir, blank)
		if e := read(t, dir).execution(t, "etl", "run"); e.Error != `{"password":""}` || e.Cause != `{"password":""}` {
			t.Errorf("%s, %s", e.Error, e.Cause)
		}
	})
}

// A process that is killed leaves what files tell twice; the run after it puts that in
// order. So does one that finds many files.
func TestTidies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := emulate(t, &account.Account{
			Flows:    []account.Flow{flow("etl", time.Hour, time.Minute)},
			Generate: []account.Generate{{Flows: 1, Prefix: "f-", Every: ago(20 * time.Minute), Seed: 3}},
		})
		dir := filepath.Join(t.TempDir(), "history")
		c.record(t, dir)
		before := readFile(t, dir, history.CoverageFile)
		time.Sleep(time.Hour)
		c.record(t, dir)
		// It was killed when the files were there, and history.json wasn't.
		put(t, dir, history.CoverageFile, unfinished(t, before))
		time.Sleep(time.Hour)
		c.record(t, dir)
		c.holds(t, dir, true)

		for i := range 60 {
			name := fmt.Sprintf("day-%d", i)
			if _, err := cloudflow.Raw(t.Context(), c.client, cloudflow.RawCall{Operation: "StartExecution", Method: "POST", Params: map[string]string{"FlowName": "etl", "ExecutionName": name}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			if _, err := c.client.StopExecution(t.Context(), cloudflow.Stop{FlowName: "etl", ExecutionName: name, Error: "E", Cause: "C"}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			c.record(t, dir)
			c.holds(t, dir, true)
			if files, _ := history.Files(dir); len(files) > 26 {
				t.Fatalf("%d files", len(files))
			}
		}
	})
}

func unfinished(t *testing.T, text string) string {
	t.Helper()
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.Contains(line, `"finishedAt"`) })
	return strings.Join(lines, "\n")
}

func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Of two that record at once one gives up, before it undoes what the other did.
func TestTwoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := emulate(t, &account.Account{Generate: []account.Generate{{Flows: 30, Prefix: "f-", Ended: 10, Seed: 1}}})
		dir := filepath.Join(t.TempDir(), "history")
		c.record(t, dir)
		time.Sleep(time.Hour)
		ends := make(chan error)
		for range 2 {
			go func() {
				_, err := record.Run(t.Context(), record.Options{Source: c.client, Dir: dir, Since: week})
				ends <- err
			}()
			time.Sleep(time.Second)
		}
		failed := slices.DeleteFunc([]error{<-ends, <-ends}, func(err error) bool { return err == nil })
		want := "another flowreaper record has written to " + dir + " meanwhile\nLet it end, and run this again"
		if len(failed) != 1 || failed[0].Error() != want {
			t.Errorf("%v, want one of: %s", failed, want)
		}
		c.record(t, dir)
		c.holds(t, dir, true)
	})
}

// One listing may tell of an execution twice, and of what is odd.
func TestOddAnswers(t *testing.T) {
	start := time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)
	row := func(name, status string, length time.Duration) cloudflow.Execution {
		return cloudflow.Execution{Name: name, Status: status, StartedTime: start, StoppedTime: start.Add(length)}
	}
	nameless := cloudflow.Execution{Name: "no-start", Status: "Succeeded", StoppedTime: start}
	source := answering{
		flows: []cloudflow.Flow{{Name: "etl"}}, // without an Id
		rows: []cloudflow.Execution{row("a", "Running", time.Minute), row("a", "Failed", time.Minute), row("b", "Succeeded", -time.Minute),
			nameless, {Name: "future", Status: "Running", StartedTime: start.Add(100 * time.Hour)}},
	}
	dir := filepath.Join(t.TempDir(), "history")
	r, err := record.Run(t.Context(), record.Options{Source: source, Dir: dir, Since: week})
	if err != nil || !r.Complete {
		t.Fatal(err, r)
	}
	const form = "2006-01-02T15:04:05.000Z"
	odd := []record.Strange{{Flow: "etl", Execution: "b", What: fmt.Sprintf("it started at %s, and stopped before, at %s", start.Format(form), start.Add(-time.Minute).Format(form))}}
	if diff := cmp.Diff(odd, r.Odd); diff != "" {
		t.Error(diff)
	}
	all := read(t, dir)
	if id := all.flows["etl"].ID; id != "name:etl" {
		t.Error(id)
	}
	var names []string
	for _, e := range all.flows["etl"].Executions {
		names = append(names, e.Name+" "+e.Status)
	}
	if diff := cmp.Diff([]string{"no-start Succeeded", "a Failed", "b Succeeded"}, names); diff != "" {
		t.Error(diff)
	}
}

// Where no call can fare better the run ends, and says why; what one flow alone lacks is told.
func TestNothingToHopeFor(t *testing.T) {
	for _, test := range []struct {
		err  error
		ends bool
	}{
		{&cloudflow.Error{Operation: "ListExecutions", Code: "SignatureNotMatch", Class: cloudflow.Fatal}, true},
		{fmt.Errorf("the next call comes %w", cloudflow.ErrOutOfTime), true},
		{&cloudflow.Error{Operation: "ListExecutions", Code: "AccessDenied", Class: cloudflow.Item}, false},
	} {
		source := answering{flows: []cloudflow.Flow{{Name: "a"}}, err: test.err}
		r, err := record.Run(t.Context(), record.Options{Source: source, Dir: filepath.Join(t.TempDir(), "history"), Since: week})
		if errors.Is(err, test.err) != test.ends || r.Complete || len(r.Problems) > 0 == test.ends {
			t.Errorf("%v: %+v, error %v", test.err, r, err)
		}
	}
}

// What the folder can't take in ends a run at once, and is told once.
func TestAFolderThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := emulate(t, &account.Account{Generate: []account.Generate{{Flows: 3, Prefix: "f-", Ended: 10, Seed: 1}}})
		dir := filepath.Join(t.TempDir(), "history")
		c.record(t, dir)
		time.Sleep(time.Hour)
		source := spoiling{c.client, func() { _ = os.Rename(dir, dir+".away") }}
		r, err := record.Run(t.Context(), record.Options{Source: source, Dir: dir, Since: week})
		if err == nil || r == nil || r.Kept || errors.As(err, new(record.Refusal)) {
			t.Error(r, err)
		}
		if err := os.Rename(dir+".away", dir); err != nil {
			t.Fatal(err)
		}
		c.record(t, dir)
		c.holds(t, dir, true)
	})
}
