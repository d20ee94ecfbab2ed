package watch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// share is a mount that does all that File doesn't rule out, for all processes
// that share it. Its operations take time; what is written appears piece by piece,
// in whatever order, by the time that its writer is told; a listing sees each name
// at a moment of its own.
type share struct {
	mu     sync.Mutex
	random *rand.Rand
	files  map[string]*object

	slow  time.Duration // how long an operation takes at most
	fails int           // in a thousand operations, before their effect or after
	late  time.Duration // after its writer was told others see a new file; not what is promised
}

type object struct {
	data   []byte
	writer *mounted
	seen   time.Time // by others
}

// mounted is the share as one process sees it.
type mounted struct{ *share }

func newShare(seed uint64) *share {
	return &share{random: rand.New(rand.NewPCG(seed, 0)), files: map[string]*object{}}
}

// takes lets some time pass.
func (b *share) takes() { time.Sleep(time.Duration(b.upTo(int(b.slow)))) }

func (b *share) upTo(n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.random.IntN(n + 1)
}

// broken is an error now and then, of a kind that File can't know.
func (b *share) broken() error {
	if b.upTo(999) < b.fails {
		return errors.New("transport endpoint is not connected")
	}
	return nil
}

func (m *mounted) find(name string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.files[name]
	if o == nil || o.writer != m && time.Now().Before(o.seen) {
		return nil, false
	}
	return bytes.Clone(o.data), true
}

func (m *mounted) Open(name string) (io.ReadCloser, error) {
	m.takes()
	data, there := m.find(name)
	if err := m.broken(); err != nil {
		return nil, err
	}
	if !there {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (m *mounted) Write(name string, parts ...[]byte) error {
	if err := m.broken(); err != nil {
		return err
	}
	whole := string(bytes.Join(parts, nil))
	for range 3 { // some part of it is there, then another
		m.takes()
		m.put(name, whole[:m.upTo(len(whole))])
		if err := m.broken(); err != nil {
			return err
		}
	}
	m.takes()
	m.put(name, whole)
	m.takes()
	return m.broken() // it is there, and nobody knows
}

func (m *mounted) put(name, data string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.files[name]
	if o == nil {
		o = &object{writer: m, seen: time.Now().Add(m.late)}
		m.files[name] = o
	}
	o.data = []byte(data)
}

func (m *mounted) Mkdir(string) error { return m.broken() }

func (m *mounted) List(folder string) ([]string, error) {
	m.mu.Lock()
	var names []string
	for name := range m.files {
		names = append(names, name)
	}
	slices.Sort(names)
	m.random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	m.mu.Unlock()
	var found []string
	for i, name := range names {
		if i%8 == 0 {
			m.takes()
		}
		base, in := strings.CutPrefix(name, folder+"/")
		if _, there := m.find(name); in && there {
			found = append(found, base)
		}
	}
	return found, m.broken()
}

func (m *mounted) Remove(name string) error {
	m.takes()
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, name)
	return nil
}

// sender is a process that stops what it has condemned as long as the limit allows,
// a batch at a time, and dies now and then.
type sender struct {
	*share
	random *rand.Rand
	max    int // stops that the limit allows
	dies   int // in a hundred batches
	send   func()
}

func (p sender) run(condemned int) {
	var f *File
	var w *Watch
	start := func() {
		f = NewFileOn(&mounted{p.share}, "state")
		w, _ = f.Load(here, time.Now())
		w.Ledger.Keep(time.Hour)
	}
	start()
	for idle := 0; condemned > 0 && idle < 20; {
		idle++
		time.Sleep(time.Duration(p.random.IntN(300)) * time.Millisecond)
		n := min(condemned, 1+p.random.IntN(10))
		if w.Ledger.Since(time.Time{})+n > p.max || !w.Ledger.KnownSince().IsZero() {
			continue // until the time is over: nothing is sent any more
		}
		var tries []Try
		for i := range n {
			tries = append(tries, Try{At: time.Now().Add(time.Duration(i)), Flow: "f", Execution: fmt.Sprintf("%p-%d-%d", w, condemned, i)})
		}
		err := f.Claim(w, time.Now(), tries...)
		if p.random.IntN(100) < p.dies {
			start()
			continue
		}
		if err != nil || w.Ledger.Since(time.Time{}) > p.max {
			continue
		}
		for range n {
			p.send()
			condemned--
			time.Sleep(500 * time.Millisecond)
		}
		idle = 0
	}
}

// together has processes send, and returns how many stops they sent.
func together(t *testing.T, seed uint64, b *share, max, dies int, condemned ...int) (sent int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var group sync.WaitGroup
		var mu sync.Mutex
		for i, n := range condemned {
			p := sender{b, rand.New(rand.NewPCG(seed, uint64(i))), max, dies, func() { mu.Lock(); sent++; mu.Unlock() }}
			group.Go(func() { p.run(n) })
		}
		group.Wait()
	})
	return sent
}

// Whatever the mount does that it may, what all processes send together never
// exceeds the limit.
func TestProcessesTogetherKeepToTheLimit(t *testing.T) {
	most := 0
	for seed := range uint64(40) {
		for _, test := range []struct {
			name  string
			slow  time.Duration
			fails int
			dies  int
		}{
			{"a fast mount", time.Millisecond, 0, 0},
			{"100 ms an operation", 100 * time.Millisecond, 0, 0},
			{"10 s an operation", 10 * time.Second, 0, 0},
			{"a failing mount", 50 * time.Millisecond, 30, 0},
			{"processes that are killed", 50 * time.Millisecond, 0, 10},
		} {
			b := newShare(seed)
			b.slow, b.fails = test.slow, test.fails
			sent := together(t, seed, b, 100, test.dies, 60, 60, int(seed%3)*40)
			if sent > 100 {
				t.Errorf("%s, seed %d: %d stops were sent, 100 are allowed", test.name, seed, sent)
			}
			most = max(most, sent)
		}
	}
	if most < 100 {
		t.Errorf("at most %d stops were sent, so this proves nothing", most)
	}
}

// What the limit allows is not held back since there are several.
func TestProcessesTogetherSendWhatTheLimitAllows(t *testing.T) {
	for seed := range uint64(15) {
		b := newShare(seed)
		b.slow = 100 * time.Millisecond
		if sent := together(t, seed, b, 100, 0, 30, 30, 40); sent != 100 {
			t.Errorf("seed %d: %d of the 100 allowed were sent", seed, sent)
		}
	}
}

// A mount that shows others later what was written doesn't keep its promise. The
// limit is exceeded by no more than the others claim meanwhile: of a batch that
// takes longer to send than that, one each.
func TestALateMountExceedsByWhatIsNotSeenYet(t *testing.T) {
	exceeded := false
	for seed := range uint64(40) {
		b := newShare(seed)
		b.slow, b.late = 10*time.Millisecond, 400*time.Millisecond
		sent := together(t, seed, b, 100, 0, 60, 60, 60)
		if sent > 100+2*10 {
			t.Errorf("seed %d: %d stops were sent", seed, sent)
		}
		exceeded = exceeded || sent > 100
	}
	if !exceeded {
		t.Error("it isn't exceeded: say so where the mount is asked for more")
	}
}

// forgetful is a disk that hides what was written for the first time.
type forgetful struct{ disk }

func (forgetful) List(string) ([]string, error) { return nil, nil }

func TestAClaimThatCannotBeReadBackStopsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f := NewFileOn(forgetful{}, path)
	err := f.Claim(New(here), midnight, try(0, "x"))
	if err == nil || !strings.HasPrefix(err.Error(), "saving the state: "+path+".tries/") || !strings.HasSuffix(err.Error(), " was written and can't be read back: where that is so no limit can be kept to") {
		t.Errorf("got %v", err)
	}
}

func TestClaimsThatCannotBeReadStopNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := newFile(path).Claim(New(here), midnight, try(0, "x")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path+".tries/1-folder", 0o700); err != nil {
		t.Fatal(err)
	}
	err := newFile(path).Claim(New(here), midnight, try(0, "y"))
	if want := "saving the state: read " + path + ".tries/1-folder: is a directory"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// The two slots may be lost to another process; the claims are what counts.
func TestWhatIsClaimedCountsWithoutTheSlots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, w := newFile(path), New(here)
	for i := range 3 {
		if err := f.Claim(w, midnight, try(time.Duration(i)*time.Second, "x"), try(time.Duration(i)*time.Second, "y")); err != nil {
			t.Fatal(err)
		}
	}
	for _, slot := range []string{path, path + ".2"} {
		if err := os.Remove(slot); err != nil {
			t.Fatal(err)
		}
	}
	if got := loaded(t, path, midnight).Ledger.Since(midnight); got != 6 {
		t.Errorf("%d stops count, want 6", got)
	}
	other := New(Options{Account: "77", Region: here.Region})
	if err := newFile(path).Refresh(other, midnight); err != nil || other.Ledger.Since(midnight) != 0 {
		t.Errorf("another account counts %d of them: %v", other.Ledger.Since(midnight), err)
	}
}

// Of a claim that was being written nothing was tried; of one that a later version
// wrote nobody knows.
func TestClaimsThatAreNotWhole(t *testing.T) {
	for _, c := range []struct {
		name, claim string
		lost        bool
	}{
		{"nothing yet", "", false},
		{"torn", "flowreaper-state 1 1 99", false},
		{"a later version's", string(sealed(stateVersion+1, 1, nil)), true},
		{"another body", string(sealed(stateVersion, 1, []byte("hello"))), true},
	} {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.Mkdir(path+".tries", 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, path+fmt.Sprintf(".tries/%d-x", midnight.UnixMilli()), []byte(c.claim))
		f := newFile(path)
		w, err := f.Load(here, midnight)
		if errors.Is(err, ErrLost) != c.lost || w.Ledger.KnownSince().IsZero() == c.lost {
			t.Errorf("%s: known since %v, error %v", c.name, w.Ledger.KnownSince(), err)
		}
		if err := f.Claim(w, midnight, try(0, "x")); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What can't be believed lies there for good: each process that starts finds it anew. It
// tells of no stop later than its name says, so it withholds none for longer than a window.
func TestAClaimThatIsNotBelievedIsOfItsTime(t *testing.T) {
	counted, now := midnight, midnight.Add(3*time.Hour)
	for name, since := range map[string]time.Time{
		fmt.Sprintf("%d-x", counted.UnixMilli()):              counted,
		fmt.Sprintf("%d-x", now.Add(time.Hour).UnixMilli()):   now, // by a clock that was ahead
		"of-another-version-x":                                now,
		fmt.Sprintf("%d-x", now.Add(-time.Hour).UnixMicro()):  now,
		fmt.Sprintf("%d0-x", now.Add(-time.Hour).UnixMicro()): now,
	} {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.Mkdir(path+".tries", 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, path+".tries/"+name, sealed(stateVersion+1, 1, nil))
		w, err := newFile(path).Load(here, now)
		if !errors.Is(err, ErrLost) || !w.Ledger.KnownSince().Equal(since) {
			t.Errorf("%s: known since %v, want %v; error %v", name, w.Ledger.KnownSince(), since, err)
		}
	}
}

func TestOldClaimsAreTakenAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, w := newFile(path), New(here)
	w.Ledger.Keep(48 * time.Hour)
	for hour := range 80 {
		now := midnight.Add(time.Duration(hour) * time.Hour)
		if err := f.Claim(w, now, try(now.Sub(midnight), "x")); err != nil {
			t.Fatal(err)
		}
		if hour == 40 { // the policy is edited, and another process goes on
			f, w = newFile(path), loaded(t, path, now)
			w.Ledger.Keep(time.Hour)
		}
		names, err := disk{}.List(path + ".tries")
		if want := min(hour+1, 49); err != nil || len(names) != want || w.Ledger.Since(time.Time{}) != want {
			t.Fatalf("hour %d: %d claims, %d tries, want %d of each (%v)", hour, len(names), w.Ledger.Since(time.Time{}), want, err)
		}
	}
}
