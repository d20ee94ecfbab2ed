package watch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var here = Options{Account: "1234", Region: "cn-hangzhou"}

// newFile gives what seems lost no time: in these tests nobody else writes.
func newFile(path string) *File {
	f := NewFile(path)
	f.settling = 0
	return f
}

func loaded(t rapid.TB, path string, now time.Time) *Watch {
	t.Helper()
	w, err := newFile(path).Load(here, now)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func save(t rapid.TB, f *File, w *Watch, now time.Time) {
	t.Helper()
	if err := f.Save(w, now); err != nil {
		t.Fatal(err)
	}
}

func read(t rapid.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return data
}

func put(t rapid.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// busyWatch knows something of everything that is saved.
func busyWatch(t *testing.T) *stage {
	s := watching(t, here, time.Hour, 3)
	s.TooMany(s.wantLook("a"), nil, s.now)
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": -2 * time.Hour, "y": -40 * time.Minute})
	s.answer(s.wantLook("b"), map[string]time.Duration{"z": 0})
	s.Mark("id-a", "x", Mark{Policy: "p", Outcome: "withheld"})
	s.Ledger.Add(try(0, "x"), try(-time.Minute, "w"))
	s.Emergencies.Latch(Emergency{ID: "e", Rule: "r", Policy: "p", Event: []byte(`{}`), Time: s.now, Until: s.now.Add(time.Hour)})
	s.Buckets = Buckets{"ListExecutions": {3.5, 1.96, s.now}}
	return s
}

// What is written flow by flow is the whole, whoever's it is.
func TestWhatIsEncodedIsTheState(t *testing.T) {
	once := busyWatch(t)
	once.options.OneShot = true
	for name, w := range map[string]*Watch{"new": New(here), "busy": busyWatch(t).Watch, "one shot": once.Watch} {
		body, err := w.encode()
		var got state
		if err := errors.Join(err, json.Unmarshal(body, &got)); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, body)
		}
		if diff := cmp.Diff(w.state(), got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAStateIsLoadedAsItWasSaved(t *testing.T) {
	s, path := busyWatch(t), filepath.Join(t.TempDir(), "state")
	save(t, newFile(path), s.Watch, s.now)
	w := loaded(t, path, s.now)
	want := s.state()
	if diff := cmp.Diff(want, w.state()); diff != "" {
		t.Fatalf("as loaded:\n%s", diff)
	}
	w.Begin(s.now)
	w.SetFlows(flowsOf(time.Hour, 3), time.Hour, s.now)
	checkInvariants(t, w)
	if diff := cmp.Diff(want, w.state()); diff != "" {
		t.Errorf("once the flows are told:\n%s", diff)
	}
	if diff := cmp.Diff(overdueOf(s.Watch), overdueOf(w)); diff != "" {
		t.Errorf("overdue:\n%s", diff)
	}
	again := &stage{T: t, Watch: w, now: s.now}
	again.wantLook("c") // the only flow that nobody looked at
	again.wantNothing()
}

// Whatever a Watch has come to know, the file brings back.
func TestStatesSurviveTheFile(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		a := newAccount(t, filepath.Join(dir, fmt.Sprint(n)))
		a.watches, a.files = a.watches[:1], a.files[:1]
		for range rapid.IntRange(1, 60).Draw(t, "ticks") {
			a.now = a.now.Add(time.Minute)
			a.sweep()
			a.compare()
		}
		a.save(0)
		w, err := a.files[0].Load(a.options, a.now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a.watches[0].state(), w.state(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestNoFileYet(t *testing.T) {
	w, err := newFile(filepath.Join(t.TempDir(), "state")).Load(here, midnight)
	if err != nil || w.knownCount != 0 {
		t.Errorf("got %v, %d known", err, w.knownCount)
	}
}

func TestSlotsAreWrittenInTurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, w := newFile(path), New(here)
	var got []string
	for i := range 4 {
		if i == 2 { // another process goes on
			f, w = newFile(path), loaded(t, path, midnight)
		}
		save(t, f, w, midnight)
		line, _, _ := strings.Cut(string(read(t, path)), "\n")
		other, _, _ := strings.Cut(string(read(t, path+".2")), "\n")
		got = append(got, generationIn(line)+"/"+generationIn(other))
	}
	if want := []string{"1/2", "3/2", "3/4", "5/4"}; !slices.Equal(got, want) {
		t.Errorf("generations %v, want %v", got, want)
	}
}

func generationIn(line string) string {
	if fields := strings.Fields(line); len(fields) == 5 {
		return fields[2]
	}
	return ""
}

// Wherever a write is cut short, the slot is not believed and the other is.
func TestATornSlotIsNeverBelieved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, s := newFile(path), busyWatch(t)
	save(t, f, s.Watch, s.now)
	before := s.state()
	before.Ledger = slices.Clone(before.Ledger)
	s.Ledger.Add(try(time.Second, "more"))
	save(t, f, s.Watch, s.now.Add(time.Second))
	whole := read(t, path)
	for n := range len(whole) {
		put(t, path, whole[:n])
		wantTorn(t, path, before)
	}
	put(t, path, append(bytes.Clone(whole), '\n'))
	wantTorn(t, path, before)
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1 << (i % 8)
		put(t, path, damaged)
		wantTorn(t, path, before)
	}
	put(t, path, whole)
	if w := loaded(t, path, s.now.Add(time.Second)); w.Ledger.Since(midnight) != 2 {
		t.Error("whole, it isn't believed either")
	}
}

func wantTorn(t *testing.T, path string, before state) {
	t.Helper()
	w, err := newFile(path).Load(here, midnight)
	if err == nil || errors.Is(err, ErrLost) || !strings.HasPrefix(err.Error(), path+" was not believed: it is torn") {
		t.Fatalf("got the error %v", err)
	}
	if diff := cmp.Diff(before, w.state()); diff != "" {
		t.Fatal(diff)
	}
}

func TestATornSlotIsTheNextToBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, w := newFile(path), New(here)
	for range 2 {
		save(t, f, w, midnight)
	}
	put(t, path, []byte("flowreaper-state 1 3 9")) // the newest is torn; .2 has generation 2
	f = newFile(path)
	w, _ = f.Load(here, midnight)
	good := read(t, path+".2")
	save(t, f, w, midnight)
	if !bytes.Equal(good, read(t, path+".2")) {
		t.Error("the only valid slot was overwritten")
	}
	loaded(t, path, midnight)
}

func TestAForeignSlotIsTheNextToBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f := newFile(path)
	save(t, f, New(here), midnight)
	put(t, path+".2", sealed(1, 99, []byte(`{"account":"77"}`)))
	good := read(t, path)
	save(t, f, New(here), midnight)
	if !bytes.Equal(good, read(t, path)) {
		t.Error("the only slot that is ours was overwritten")
	}
	line, _, _ := strings.Cut(string(read(t, path+".2")), "\n")
	if got := generationIn(line); got != "100" {
		t.Errorf("the generation after 99 is %s", got)
	}
}

func TestStatesThatAreNotBelieved(t *testing.T) {
	s := busyWatch(t)
	valid := func(o Options) []byte {
		path := filepath.Join(t.TempDir(), "state")
		w := *s.Watch
		w.options = o
		save(t, newFile(path), &w, s.now)
		return read(t, path)
	}
	future := []byte(`{"account":"1234"}`)
	for _, c := range []struct {
		name, want string
		slot       []byte
	}{
		{"empty", "it is torn, or no state of flowreaper's", nil},
		{"anything", "it is torn, or no state of flowreaper's", []byte("hello\nworld")},
		{"another account", `it is another account's or region's: account "77", region "cn-hangzhou"`, valid(Options{Account: "77", Region: "cn-hangzhou"})},
		{"another region", `it is another account's or region's: account "1234", region "cn-beijing"`, valid(Options{Account: "1234", Region: "cn-beijing"})},
		{"a later version", "it is of version 2, this flowreaper reads version 1", sealed(2, 7, future)},
		{"another body", "its body isn't what this version writes: invalid character 'h' looking for beginning of value", sealed(1, 7, []byte("hello"))},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			put(t, path, c.slot)
			put(t, path+".2", c.slot)
			f := newFile(path)
			w, err := f.Load(here, midnight)
			want := path + " was not believed: " + c.want + "\n" +
				path + ".2 was not believed: " + c.want + "\n" + ErrLost.Error()
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if !errors.Is(err, ErrLost) {
				t.Error("it doesn't say that the ledger is lost")
			}
			nothing := New(here)
			nothing.Ledger.Lose(midnight)
			if diff := cmp.Diff(nothing.state(), w.state()); diff != "" {
				t.Error(diff)
			}
			save(t, f, w, midnight) // what isn't believed gives way, in time
			save(t, f, w, midnight)
			loaded(t, path, midnight)
		})
	}
}

func sealed(version int, generation uint64, body []byte) []byte {
	line := fmt.Sprintf("%s %d %d %d", stateMagic, version, generation, len(body))
	return fmt.Appendf(nil, "%s %x\n%s", line, sumOf(line, body), body)
}

// What is in each of the two slots, and whether a stop may have been counted in
// what isn't believed.
func TestWhenTheLedgerIsLost(t *testing.T) {
	type slots struct{ first, second string }
	ours := func(generation uint64) string {
		return string(sealed(stateVersion, generation, []byte(`{"account":"1234","region":"cn-hangzhou"}`)))
	}
	foreign := func(generation uint64) string {
		return string(sealed(stateVersion, generation, []byte(`{"account":"77","region":"cn-hangzhou"}`)))
	}
	later := func(generation uint64) string { return string(sealed(stateVersion+1, generation, []byte("?"))) }
	const torn, folder = "flowreaper-state 1 9", "a folder"
	for _, c := range []struct {
		name string
		slots
		lost bool
	}{
		{"a first start", slots{"", ""}, false},
		{"killed in the very first write", slots{torn, ""}, false},
		{"killed in the write after it", slots{ours(1), torn}, false},
		{"killed in any other", slots{torn, ours(8)}, false},
		{"both whole", slots{ours(9), ours(8)}, false},
		{"both torn", slots{torn, torn}, true},
		{"one torn, one taken away", slots{"", torn}, true},
		{"another account's alone", slots{foreign(9), ""}, true},
		{"another account wrote over ours", slots{foreign(9), ours(8)}, true},
		{"another account's, which ours has outlived", slots{foreign(9), ours(10)}, false},
		{"a later version's", slots{ours(8), later(9)}, true},
		{"a later version's, which ours has outlived", slots{ours(10), later(9)}, false},
		{"a later version's that is torn", slots{ours(8), later(9)[1:]}, false},
		{"one that can't be read", slots{folder, torn}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			for name, content := range map[string]string{path: c.first, path + ".2": c.second} {
				switch content {
				case "":
				case folder:
					if err := os.Mkdir(name, 0o700); err != nil {
						t.Fatal(err)
					}
				default:
					put(t, name, []byte(content))
				}
			}
			w, err := newFile(path).Load(here, midnight)
			known := w.Ledger.KnownSince()
			if errors.Is(err, ErrLost) != c.lost || known.IsZero() == c.lost {
				t.Errorf("known since %v, error %v; lost: %v", known, err, c.lost)
			}
		})
	}
}

// However often a process starts anew, the ledger was lost when that was found
// out, last by the process that first saved what it knew.
func TestALossIsKnownToTheProcessesAfterIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	put(t, path, []byte("torn"))
	put(t, path+".2", []byte("torn"))
	f := newFile(path)
	w, _ := f.Load(here, midnight.Add(-time.Second))
	save(t, f, w, midnight)
	for i := range 4 {
		now := midnight.Add(time.Duration(i) * time.Minute)
		f = newFile(path)
		w, err := f.Load(here, now)
		if got := w.Ledger.KnownSince(); !got.Equal(midnight) || errors.Is(err, ErrLost) {
			t.Fatalf("start %d: known since %v, error %v", i, got, err)
		}
		save(t, f, w, now)
	}
}

// A process that goes on while a later version's takes over knows that it
// doesn't know what that one stops.
func TestALossIsFoundWhenSaving(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, w := newFile(path), New(here)
	save(t, f, w, midnight)
	put(t, path, sealed(stateVersion+1, 3, nil))
	save(t, f, w, midnight.Add(time.Minute))
	if got, want := loaded(t, path, midnight).Ledger.KnownSince(), midnight.Add(time.Minute); !got.Equal(want) {
		t.Errorf("known since %v, want %v", got, want)
	}
}

// Two slots tell of the same stops, and each was read by another clock: by one
// that is behind CloudFlow's, by which the stops are still to come.
func TestAStopCountsOnce(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n))
		made := 0
		f, w := newFile(path), New(here)
		for i := range rapid.IntRange(1, 8).Draw(t, "batches") {
			now := midnight.Add(time.Duration(i) * time.Second)
			for n := range rapid.IntRange(1, 10).Draw(t, "stops") {
				w.Ledger.Add(try(now.Sub(midnight), fmt.Sprint(n)))
				made++
			}
			save(t, f, w, now)
			if rapid.Bool().Draw(t, "restart") {
				behind := time.Duration(rapid.IntRange(-5000, 5000).Draw(t, "ms behind")) * time.Millisecond
				f = newFile(path)
				w, _ = f.Load(here, now.Add(-behind))
			}
		}
		if got := w.Ledger.Since(midnight); got != made {
			t.Fatalf("after %d stops the ledger counts %d", made, got)
		}
	})
}

// Facts from the future would put off looks, and emergencies would stop what
// they shouldn't; stops count all the same, as long as they would by the clock
// that they were counted with.
func TestFactsFromTheFutureAreNotBelieved(t *testing.T) {
	s, path := busyWatch(t), filepath.Join(t.TempDir(), "state")
	save(t, newFile(path), s.Watch, s.now)
	w := loaded(t, path, midnight.Add(-2*time.Second)) // clocks differ by so much
	if len(w.flows) != 2 || len(w.Buckets) != 1 || len(w.Emergencies.all()) != 1 {
		t.Errorf("two seconds ahead: %+v", w.state())
	}
	w = loaded(t, path, midnight.Add(-time.Hour))
	got := w.state()
	if len(got.Flows) != 0 || len(got.Buckets) != 0 || len(got.Emergencies) != 0 || w.knownCount != 0 {
		t.Errorf("an hour ahead: %+v", got)
	}
	if n := w.Ledger.Since(midnight.Add(-2 * time.Hour)); n != 2 {
		t.Errorf("%d stops count, want 2", n)
	}
	save(t, newFile(path), w, midnight.Add(-time.Hour))
	if diff := cmp.Diff(s.state().Ledger, loaded(t, path, midnight).state().Ledger); diff != "" {
		t.Errorf("saved by that clock, and read by ours:\n%s", diff)
	}
}

func TestASightingFromTheFutureDoesNotPutOffAReCheck(t *testing.T) {
	w := New(here)
	w.absorb(state{Account: "1234", Region: "cn-hangzhou", Flows: []flowState{{
		ID: "id-a", Query: "q1", Looked: instantOf(midnight), Reach: 3_600_000, Live: -1,
		Known: []knownState{{Name: "x", Started: instantOf(midnight.Add(-2 * time.Hour)), Seen: never, Checks: 9}},
	}}}, midnight)
	s := &stage{T: t, Watch: w, now: midnight}
	s.SetFlows(flowsOf(time.Hour, 1), time.Hour, s.now)
	s.sweepAt(15 * time.Minute)
	s.wantCheck("x", 1)
}

func TestAnUnknownQueryIsAskedAnew(t *testing.T) {
	s, path := busyWatch(t), filepath.Join(t.TempDir(), "state")
	save(t, newFile(path), s.Watch, s.now)
	edited := flowsOf(time.Hour, 2)
	edited[0].Query = "q2"
	again := &stage{T: t, Watch: loaded(t, path, s.now), now: s.now}
	again.SetFlows(edited, time.Hour, s.now)
	if again.knownCount != 1 || len(again.overdue) != 0 {
		t.Errorf("%d known, %d overdue; want 1 and 0", again.knownCount, len(again.overdue))
	}
	again.wantLook("a")
}

// While a policy is rolled out, two processes may ask different questions.
func TestAnAnswerToAnotherQuestionIsNotMerged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	ours, theirs := watching(t, here, time.Hour, 1), watching(t, here, time.Hour, 1)
	edited := flowsOf(time.Hour, 1)
	edited[0].Query = "q2"
	theirs.SetFlows(edited, time.Hour, theirs.now)
	theirs.answer(theirs.wantLook("a"), many(3, 0))
	save(t, newFile(path), theirs.Watch, theirs.now)
	save(t, newFile(path), ours.Watch, ours.now)
	if ours.knownCount != 0 {
		t.Errorf("%d known", ours.knownCount)
	}
	ours.wantLook("a")
}

func TestTheLaterLookIsMerged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	ours, theirs := watching(t, here, time.Hour, 2), watching(t, here, time.Hour, 2)
	ours.answer(ours.wantLook("a"), many(1, 0))
	theirs.sweepAt(time.Minute)
	theirs.answer(theirs.wantLook("a"), many(2, 0))
	theirs.answer(theirs.wantLook("b"), many(4, 0))
	mine, their := newFile(path), newFile(path)
	save(t, mine, ours.Watch, ours.now)
	save(t, their, theirs.Watch, theirs.now)
	save(t, mine, ours.Watch, theirs.now)
	if ours.knownCount != 6 || ours.Live() != 6 {
		t.Errorf("%d known, %d live; want the other process's 6", ours.knownCount, ours.Live())
	}
	checkInvariants(t, ours.Watch)
	ours.now = theirs.now
	ours.wantNothing()
}

// In whatever order two states are merged, what counts is the same.
func TestMergingIsCommutative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawState(t, "a"), drawState(t, "b")
		x, y := New(here), New(here)
		for _, s := range []state{a, b} {
			x.absorb(copyOf(s), midnight)
		}
		for _, s := range []state{b, a, b} {
			y.absorb(copyOf(s), midnight)
		}
		if diff := cmp.Diff(x.state(), y.state(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		if x.Ledger.Since(time.Time{}) < max(len(a.Ledger), len(b.Ledger)) {
			t.Fatal("the ledger counts less than one of the two did")
		}
	})
}

func copyOf(s state) state {
	s.Ledger, s.Emergencies, s.Buckets = slices.Clone(s.Ledger), slices.Clone(s.Emergencies), Buckets{}
	return s
}

func drawState(t *rapid.T, who string) state {
	s := state{Account: here.Account, Region: here.Region}
	for i := range rapid.IntRange(0, 3).Draw(t, "flows") {
		looked := instantOf(midnight.Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "looked")) * time.Minute))
		if who == "b" {
			looked++ // never the same look
		}
		s.Flows = append(s.Flows, flowState{ID: fmt.Sprint(i), Query: who, Looked: looked, Pages: 1, Live: 1, Known: []knownState{{Name: who}}})
	}
	if rapid.Bool().Draw(t, "lost") {
		s.KnownSince = midnight.Add(-time.Duration(rapid.IntRange(0, 5).Draw(t, "lost at")) * time.Second)
	}
	seen := map[string]bool{}
	for range rapid.IntRange(0, 5).Draw(t, "tries") {
		x := try(-time.Duration(rapid.IntRange(0, 5).Draw(t, "at"))*time.Second, rapid.SampledFrom([]string{"x", "y"}).Draw(t, "execution"))
		if key := fmt.Sprint(x); !seen[key] {
			seen[key] = true
			s.Ledger = append(s.Ledger, x)
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "emergencies") {
		s.Emergencies = append(s.Emergencies, Emergency{ID: fmt.Sprint(i), Until: midnight.Add(time.Hour), Done: rapid.Bool().Draw(t, "done")})
	}
	return s
}

// A process is killed at any point of its work: before, in and after a write,
// and between the stops. Two processes take turns.
func TestTheLedgerNeverCountsTooFew(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		c := newCrashes(t, filepath.Join(dir, fmt.Sprint(n)))
		for range rapid.IntRange(1, 12).Draw(t, "batches") {
			c.batch(rapid.IntRange(0, 1).Draw(t, "process"))
			fresh, _ := newFile(c.path).Load(here, c.now)
			if got := fresh.Ledger.Since(midnight); got < c.stopped {
				t.Fatalf("after %d stops the ledger counts %d", c.stopped, got)
			}
		}
	})
}

type crashes struct {
	*rapid.T
	path    string
	now     time.Time
	files   [2]*File
	watches [2]*Watch
	stopped int // stops made
}

func newCrashes(t *rapid.T, path string) *crashes {
	c := &crashes{T: t, path: path, now: midnight}
	c.restart(0)
	c.restart(1)
	return c
}

func (c *crashes) restart(who int) {
	c.files[who] = newFile(c.path)
	c.watches[who], _ = c.files[who].Load(here, c.now)
}

// batch counts some stops, saves and stops, until it is killed.
func (c *crashes) batch(who int) {
	c.now = c.now.Add(time.Second)
	size := rapid.IntRange(1, 10).Draw(c.T, "stops")
	for i := range size {
		c.watches[who].Ledger.Add(try(c.now.Sub(midnight), fmt.Sprint(i)))
	}
	switch rapid.SampledFrom([]string{"lives", "before the write", "in the write", "between the stops"}).Draw(c.T, "killed") {
	case "lives":
		save(c.T, c.files[who], c.watches[who], c.now)
		c.stopped += size
		return
	case "in the write":
		c.tear(who)
	case "between the stops":
		save(c.T, c.files[who], c.watches[who], c.now)
		c.stopped += rapid.IntRange(0, size).Draw(c.T, "stopped")
	}
	c.restart(who)
}

// tear saves, and cuts off what was written at some byte.
func (c *crashes) tear(who int) {
	slots := [2]string{c.path, c.path + ".2"}
	before := [2][]byte{read(c.T, slots[0]), read(c.T, slots[1])}
	save(c.T, c.files[who], c.watches[who], c.now)
	for i, slot := range slots {
		if after := read(c.T, slot); !bytes.Equal(before[i], after) {
			put(c.T, slot, after[:rapid.IntRange(0, len(after)).Draw(c.T, "written")])
		}
	}
}

func TestSaveSaysWhatFailed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "state")
	err := newFile(path).Save(New(here), midnight)
	want := "saving the state: open " + path + ": no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// What can't be read may hold stops of another process: nothing is written.
func TestSaveDoesNotWriteOverWhatItCannotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(path+".2", 0o700); err != nil {
		t.Fatal(err)
	}
	err := newFile(path).Save(New(here), midnight)
	want := "saving the state: " + path + ".2 was not believed: read " + path + ".2: is a directory"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if len(read(t, path)) > 0 {
		t.Error("it was written")
	}
}

// What a later flowreaper added to the same version of the form is left out: whoever goes
// back to this one loses that, and nothing else.
func TestKeysOfALaterFlowreaperAreLeftOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	put(t, path, sealed(1, 7, []byte(`{"account":"1234","region":"cn-hangzhou","new":{"a":1},`+
		`"flows":[{"id":"f","q":"q","at":1,"w":1,"live":2,"next":1,"pages":1,"new":true,"known":[{"n":"e","s":1,"new":3}]}],`+
		`"ledger":[{"at":"`+midnight.Add(-time.Minute).Format(time.RFC3339)+`","flow":"f","execution":"e","new":"x"}],"window":3600000}`)))
	w, err := newFile(path).Load(here, midnight)
	if err != nil {
		t.Fatal(err)
	}
	if w.Ledger.Since(midnight.Add(-time.Hour)) != 1 || w.Live() != 2 {
		t.Errorf("it knows %d stops and %d that run, want 1 and 2", w.Ledger.Since(midnight.Add(-time.Hour)), w.Live())
	}
}

// state is what is saved, put together at once.
func (w *Watch) state() state {
	s := w.frame()
	for _, id := range slices.Sorted(maps.Keys(w.flows)) {
		if f := w.flows[id]; f.looked != 0 && !w.options.OneShot {
			s.Flows = append(s.Flows, f.state())
		}
	}
	return s
}
