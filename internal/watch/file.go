package watch

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// File keeps a Watch where it outlives the process: in two slots, the file
// named and a second beside it with the suffix ".2". They are written in turn,
// since a mounted bucket can't rename in one step: a write that is cut short
// tears one slot and leaves the other.
//
// A slot is one line and a body:
//
//	flowreaper-state <version> <generation> <length of the body> <SHA-256>
//
// The sum is over the line before it and the body. A slot in which anything
// differs is not believed, nor one with bytes to spare.
type File struct {
	path  string
	slots [2]slot // as last read or written by us
}

// ErrLost is wrapped by Load's error when stops may have been counted in what
// can't be believed: the Watch's ledger is known since the loading only.
var ErrLost = errors.New("the stops that were tried before are not all known")

// NewFile names the file; it reads and writes nothing.
func NewFile(path string) *File { return &File{path: path} }

func (f *File) name(i int) string { return f.path + [2]string{"", ".2"}[i] }

// Load makes a Watch of what the file knows. The Watch is never nil and always
// usable; an error says what of the file was not believed, and why. A file
// that doesn't exist yet is none. One torn slot is what a killed process
// leaves: it costs nothing but is worth a line in the log. ErrLost is worth an
// alarm.
func (f *File) Load(o Options, now time.Time) (*Watch, error) {
	w := New(o)
	f.slots = [2]slot{}
	err := f.absorb(w, now)
	return w, err
}

// Refresh merges what another process wrote since into w. Its error tells of each
// slot that exists and isn't believed.
func (f *File) Refresh(w *Watch, now time.Time) error { return f.absorb(w, now) }

// Save writes the Watch to the slot that is torn, foreign or older, once it has
// merged what another process wrote since. When it returns both slots are there:
// the first time it writes them both. Two processes may write; but a stop
// that one of them counts between the other's reading and writing can be lost,
// so let one instance run at a time. After an error nothing is certain to be
// saved: don't stop on the strength of it.
func (f *File) Save(w *Watch, now time.Time) error {
	if err := f.absorb(w, now); f.unreadable(0) || f.unreadable(1) {
		return fmt.Errorf("saving the state: %w", err)
	}
	w.Ledger.prune(now)
	w.Emergencies.prune(now)
	body, err := json.Marshal(w.state())
	if err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	i := f.expendable()
	err = f.put(i, body)
	if err == nil && f.absent(1-i) {
		err = f.put(1-i, body)
	}
	if err != nil {
		return fmt.Errorf("saving the state: %w; FLOWREAPER_STATE must name a file in a folder that exists and can be written", err)
	}
	return nil
}

// put writes one slot, as the newest.
func (f *File) put(i int, body []byte) error {
	next := stamp{generation: max(f.slots[0].generation, f.slots[1].generation) + 1}
	header, sum := seal(next.generation, body)
	next.sum = sum
	f.slots[i] = slot{}
	if err := write(f.name(i), header, body); err != nil {
		return err
	}
	f.slots[i] = slot{stamp: next, believed: true}
	return nil
}

func (f *File) absent(i int) bool { return errors.Is(f.slots[i].problem, fs.ErrNotExist) }

func (f *File) unreadable(i int) bool {
	return errors.As(f.slots[i].problem, new(*fs.PathError)) && !f.absent(i)
}

// expendable picks the slot to write, never the only one that is believed.
func (f *File) expendable() int {
	a, b := f.slots[0], f.slots[1]
	if a.believed && (!b.believed || b.generation < a.generation) {
		return 1
	}
	return 0
}

// lost says that stops may have been counted in what isn't believed: in the
// newest slot that is whole, which is foreign or of a later version, or, where
// none is whole, in those that were.
//
// A slot that is torn beside a whole one was being written when its process was
// killed, and the stops that it counts were not tried yet. So was the first
// slot when it is torn and the second was never there: before both are, nothing
// is stopped. And what can't be read at the moment isn't lost, for until it can
// be nothing is saved, and so nothing stopped.
func (f *File) lost() bool {
	newest := f.slots[0]
	if f.slots[1].generation > newest.generation {
		newest = f.slots[1]
	}
	switch {
	case f.unreadable(0) || f.unreadable(1):
		return false
	case newest.generation > 0:
		return !newest.believed
	}
	return !f.absent(1)
}

// absorb merges the slots that changed since we last saw them into w. Its
// error tells of each slot that exists and isn't believed, and ErrLost.
func (f *File) absorb(w *Watch, now time.Time) error {
	var problems []error
	var states []generationOf
	for i := range f.slots {
		fresh, s, err := f.read(i)
		if err == nil && s != nil {
			err = w.fits(*s)
		}
		if err == nil && s != nil {
			states = append(states, generationOf{fresh.generation, *s})
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, fmt.Errorf("%s was not believed: %w", f.name(i), err))
		}
		f.slots[i] = slot{fresh, err == nil, err}
	}
	if f.lost() {
		w.Ledger.Lose(now)
		problems = append(problems, ErrLost)
	}
	// The newer first: of two that tell of the same look, it knows more ends.
	slices.SortFunc(states, func(a, b generationOf) int { return cmp.Compare(b.generation, a.generation) })
	for _, s := range states {
		w.absorb(s.state, now)
	}
	return errors.Join(problems...)
}

type generationOf struct {
	generation uint64
	state
}

// read returns a slot's stamp and what it says: nil when that was read before.
func (f *File) read(i int) (stamp, *state, error) {
	if f.unchanged(i) {
		return f.slots[i].stamp, nil, nil
	}
	data, err := os.ReadFile(f.name(i))
	if err != nil {
		return stamp{}, nil, err
	}
	fresh, body, err := unseal(data)
	if err != nil {
		return fresh, nil, err
	}
	s := new(state)
	if err := json.Unmarshal(body, s); err != nil {
		return fresh, nil, fmt.Errorf("its body isn't what this version writes: %w", err)
	}
	return fresh, s, nil
}

// unchanged says that the slot is the one that we read or wrote last, going by
// its first line.
func (f *File) unchanged(i int) bool {
	if !f.slots[i].believed {
		return false
	}
	file, err := os.Open(f.name(i))
	if err != nil {
		return false
	}
	defer file.Close()
	line, err := bufio.NewReader(file).ReadString('\n')
	return err == nil && strings.HasSuffix(line, " "+hex.EncodeToString(f.slots[i].sum[:])+"\n")
}
