package watch

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/order"
)

// File keeps a Watch where it outlives the process: in two slots, the file
// named and a second beside it with the suffix ".2". They are written in turn,
// since a mounted bucket can't rename in one step: a write that is cut short
// tears one slot and leaves the other. Several processes may write them. What
// one of them overwrites of another's costs calls, and comes again when that one
// saves; but for the stops that they count, which are kept in claims, too.
//
// A slot is one line and a body:
//
//	flowreaper-state <version> <generation> <length of the body> <SHA-256>
//
// The sum is over the line before it and the body. A slot in which anything
// differs is not believed, nor one with bytes to spare.
type File struct {
	path   string
	mount  Mount
	slots  [2]slot         // as last read or written by us
	claims map[string]bool // those read, by name: whether they are of this account and region

	settling time.Duration // what seems lost is given so long, some times over
}

// ErrLost is wrapped by Load's error when stops may have been counted in what
// can't be believed: the Watch's ledger is known since the loading only.
var ErrLost = errors.New("the stops that were tried before are not all known")

// NewFile names the file; it reads and writes nothing.
func NewFile(path string) *File { return NewFileOn(disk{}, path) }

// NewFileOn names the file on a mount.
func NewFileOn(m Mount, path string) *File {
	return &File{path: path, mount: m, claims: map[string]bool{}, settling: settling}
}

func (f *File) name(i int) string { return f.path + [2]string{"", ".2"}[i] }

// Load makes a Watch of what the file knows. The Watch is never nil and always
// usable; an error says what of the file was not believed, and why. A file
// that doesn't exist yet is none. One torn slot is what a killed process
// leaves: it costs nothing but is worth a line in the log. ErrLost is worth an
// alarm.
func (f *File) Load(o Options, now time.Time) (*Watch, error) {
	w := New(o)
	f.slots, f.claims = [2]slot{}, map[string]bool{}
	err := f.absorb(w, now)
	return w, err
}

// Refresh merges what another process wrote since into w. Its error tells of each
// slot that exists and isn't believed.
func (f *File) Refresh(w *Watch, now time.Time) error { return f.absorb(w, now) }

// Save writes the Watch to the slot that is torn, foreign or older, once it has
// merged what other processes wrote since. When it returns both slots are there:
// the first time it writes them both. After an error nothing is certain to be
// saved, nor all known that others have: don't stop on the strength of it.
func (f *File) Save(w *Watch, now time.Time) error {
	if err := f.absorb(w, now); errors.As(err, new(unread)) {
		return fmt.Errorf("saving the state: %w", err)
	}
	f.dropClaims(w, now)
	w.Ledger.prune(now)
	w.Emergencies.prune(now)
	w.Warnings.prune(now)
	body, err := w.encode()
	if err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	i := f.expendable()
	err = f.put(i, body)
	if err == nil && f.absent(1-i) {
		err = f.put(1-i, body)
	}
	if err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	return nil
}

// put writes one slot, as the newest.
func (f *File) put(i int, body []byte) error {
	next := stamp{generation: max(f.slots[0].generation, f.slots[1].generation) + 1}
	header, sum := seal(next.generation, body)
	next.sum = sum
	f.slots[i] = slot{}
	if err := f.mount.Write(f.name(i), header, body); err != nil {
		return err
	}
	f.slots[i] = slot{stamp: next, believed: true}
	return nil
}

func (f *File) absent(i int) bool { return errors.Is(f.slots[i].problem, fs.ErrNotExist) }

func (f *File) unreadable(i int) bool { return errors.As(f.slots[i].problem, new(unread)) }

// expendable picks the slot to write, never the only one that is believed.
func (f *File) expendable() int {
	a, b := f.slots[0], f.slots[1]
	if a.believed && (!b.believed || b.generation < a.generation) {
		return 1
	}
	return 0
}

// torn says that a slot is there, and not whole.
func (f *File) torn() bool {
	return slices.ContainsFunc(f.slots[:], func(s slot) bool { return s.generation == 0 && !errors.Is(s.problem, fs.ErrNotExist) })
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

// settling is how long, and how often, what seems lost is given time: two
// processes that write at once may tear both slots, until they have written.
const (
	settling = 500 * time.Millisecond
	settles  = 3
)

// absorb merges what changed since we last saw it into w: slots, then claims. Its
// error tells of each that exists and isn't believed, and ErrLost.
func (f *File) absorb(w *Watch, now time.Time) error {
	problems, states := f.readSlots(w)
	for i := 0; i < settles && f.lost() && f.torn(); i++ {
		time.Sleep(f.settling)
		var more []generationOf
		problems, more = f.readSlots(w)
		states = append(states, more...)
	}
	if f.lost() {
		w.Ledger.Lose(now)
		problems = append(problems, ErrLost)
	}
	// The newer first: of two that tell of the same look, it knows more ends.
	order.By(states, func(a, b generationOf) int { return cmp.Compare(b.generation, a.generation) })
	for _, s := range states {
		w.absorb(s.state, now)
	}
	if err := f.absorbClaims(w, now); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// readSlots reads the slots that changed. Its problems tell of each that exists and
// isn't believed.
func (f *File) readSlots(w *Watch) (problems []error, states []generationOf) {
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
	return problems, states
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
	data, err := f.readAll(f.name(i))
	if err != nil {
		return stamp{}, nil, err
	}
	return parse(data)
}

// unread is the error of what is there and can't be read at the moment. It may
// tell of stops, so nothing may be stopped until it can.
type unread struct{ error }

func (u unread) Unwrap() error { return u.error }

func (f *File) readAll(name string) ([]byte, error) {
	file, err := f.mount.Open(name)
	if err != nil {
		return nil, unreadUnlessAbsent(err)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	return data, unreadUnlessAbsent(err)
}

func unreadUnlessAbsent(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return unread{err}
}

// unchanged says that the slot is the one that we read or wrote last, going by
// its first line.
func (f *File) unchanged(i int) bool {
	if !f.slots[i].believed {
		return false
	}
	file, err := f.mount.Open(f.name(i))
	if err != nil {
		return false
	}
	defer file.Close()
	line, err := bufio.NewReader(file).ReadString('\n')
	return err == nil && strings.HasSuffix(line, " "+hex.EncodeToString(f.slots[i].sum[:])+"\n")
}
