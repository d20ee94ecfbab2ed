package record

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
)

const (
	keptEvery = 2 * time.Minute // so much is lost when the process is killed
	keptBytes = 32 << 20

	manyFiles = 24 // of executions that have ended; more are put into one

	// fullBytes is a file that stays as it is: MaxCompute reads none of over 2 GB.
	fullBytes = 256 << 20
)

// keeper keeps what came in the folder: executions that have ended in files that are
// added to it, those that are live in one that is written anew. history.json comes
// last, so that what it says is covered is there. Its methods may be called side by
// side.
type keeper struct {
	mu       sync.Mutex
	dir      string
	coverage *history.Coverage
	saved    []byte // history.json as we know it; nil: it wasn't there

	live    map[string]*history.Flow // by Id, as they were seen last
	pending map[string]*history.Flow // by Id: ended, and not on the disk yet
	bytes   int                      // of them, about
	keptAt  time.Time
	failed  error // of the folder: nothing is written after it

	redacted []string // the globs of keys that the run before blanked

	killed bool // the run before was, so that files may tell the same twice
	odd    []Strange
	rows   int
}

// open reads the folder as the run before left it. It refuses one that is no history,
// or another account's, or that can't be read whole.
func open(o Options) (*keeper, error) {
	k := &keeper{dir: o.Dir, live: map[string]*history.Flow{}, pending: map[string]*history.Flow{}, keptAt: time.Now()}
	coverage, err := history.ReadCoverage(o.Dir)
	switch {
	case errors.Is(err, history.ErrNone):
		k.coverage = &history.Coverage{Account: o.Account, Region: o.Region, Endpoint: o.Endpoint}
		return k, nil
	case err != nil:
		return nil, err
	}
	k.coverage = coverage
	if err := k.sameAccount(o); err != nil {
		return nil, err
	}
	if k.saved, err = os.ReadFile(k.file()); err != nil {
		return nil, err
	}
	if last := len(coverage.Recordings) - 1; last >= 0 {
		k.killed, k.redacted = coverage.Recordings[last].FinishedAt.IsZero(), coverage.Recordings[last].Redact
	}
	if err := k.asSecret(o.Redact); err != nil {
		return nil, err
	}
	return k, k.readLive()
}

func (k *keeper) file() string { return filepath.Join(k.dir, history.CoverageFile) }

// sameAccount says why a folder can't be added to; nil where it can. Where it isn't
// known whose the credentials are, they may be anybody's.
func (k *keeper) sameAccount(o Options) error {
	c := k.coverage
	for _, is := range []struct{ what, folder, now string }{{"account", c.Account, o.Account}, {"region", c.Region, o.Region}} {
		switch {
		case is.folder == "" || is.folder == is.now:
		case is.now == "":
			return fmt.Errorf("%s is of the %s %s, and which one this is could not be found out\nTry again, or record into another folder", k.dir, is.what, is.folder)
		default:
			return fmt.Errorf("%s is of the %s %s, not of %s\nRecord each into a folder of its own", k.dir, is.what, is.folder, is.now)
		}
	}
	c.Account, c.Region, c.Endpoint = cmp.Or(c.Account, o.Account), cmp.Or(c.Region, o.Region), o.Endpoint
	return nil
}

// asSecret says why a folder can't be added to: some of what was blanked in it would not be
// any more, forgotten on one command line of many.
func (k *keeper) asSecret(globs []string) error {
	for _, g := range k.redacted {
		if !slices.Contains(globs, g) {
			return fmt.Errorf("%s was recorded with --redact %q, and this recording would not blank that\nGive --redact %[2]q again, or record into another folder", k.dir, g)
		}
	}
	for _, g := range globs {
		if len(k.redacted) > 0 && strings.HasPrefix(g, "!") && !slices.Contains(k.redacted, g) {
			return fmt.Errorf("%s was recorded without --redact %q, which shows what was blanked before\nLeave it out, or record into another folder", k.dir, g)
		}
	}
	return nil
}

// readLive reads what was live. It opens all files, so that one that is torn is told
// of before anything is asked.
func (k *keeper) readLive() error {
	all, err := history.Open(k.dir, history.Options{})
	if err != nil {
		return err
	}
	all.Close()
	h, err := history.Open(k.dir, history.Options{Input: true, Files: isLive})
	if err != nil {
		return err
	}
	defer h.Close()
	for f, err := range h.Flows() {
		if err != nil {
			return err
		}
		k.live[f.ID] = &history.Flow{ID: f.ID, Name: f.Name, Executions: f.Executions}
	}
	return nil
}

func isLive(name string) bool { return name == history.LiveFile }

// recordedTo is until when a flow was recorded; the zero time: never.
func (k *keeper) recordedTo(id string) time.Time {
	if c := k.coverage.Flow(id); c != nil {
		return c.To
	}
	return time.Time{}
}

// begin makes the folder, and says in it that a recording goes on.
func (k *keeper) begin(r history.Recording) error {
	if k.saved != nil {
		if err := k.alone(); err != nil {
			return err
		}
	}
	if err := history.MakeFolder(k.dir); err != nil {
		return err
	}
	history.RemoveLeftovers(k.dir)
	k.coverage.Recordings = append(k.coverage.Recordings, r)
	return k.saveCoverage()
}

// keep takes in what came of a flow: what is known of it now, what has ended, and all
// that is live. It writes when there is enough.
func (k *keeper) keep(c history.FlowCoverage, ended, live []history.Execution) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.coverage.Put(c)
	k.live[c.ID] = &history.Flow{ID: c.ID, Name: c.Name, Executions: live}
	k.ended(c.ID, c.Name, ended)
	if k.bytes >= keptBytes || time.Since(k.keptAt) >= keptEvery {
		return k.write()
	}
	return k.failed
}

// ended takes in executions that nobody asks for again.
func (k *keeper) ended(id, name string, executions []history.Execution) {
	if len(executions) == 0 {
		return
	}
	f := k.pending[id]
	if f == nil {
		f = &history.Flow{ID: id, Name: name}
		k.pending[id] = f
	}
	f.Executions = append(f.Executions, executions...)
	for i := range executions {
		k.bytes += size(&executions[i])
	}
}

func size(e *history.Execution) int {
	n := 200 + len(e.Name) + len(e.Cause)
	if e.Input != nil {
		n += len(*e.Input)
	}
	return n
}

// write puts all that came on the disk. When it fails the folder tells what it told
// before, and perhaps some of it twice.
func (k *keeper) write() error {
	if k.failed == nil {
		k.failed = k.tryWrite()
	}
	return k.failed
}

func (k *keeper) tryWrite() error {
	if err := k.alone(); err != nil {
		return err
	}
	if len(k.pending) > 0 {
		if err := k.writeFlows(newName(), k.pending); err != nil {
			return err
		}
	}
	if err := k.writeFlows(history.LiveFile, k.live); err != nil {
		return err
	}
	k.pending, k.bytes, k.keptAt = map[string]*history.Flow{}, 0, time.Now()
	return k.saveCoverage()
}

// newName is the name of a file that isn't there, and that comes after those that are.
func newName() string {
	return "executions-" + time.Now().UTC().Format("20060102T150405.000000Z") + ".parquet"
}

func (k *keeper) writeFlows(name string, flows map[string]*history.Flow) error {
	w, err := history.NewWriter(k.dir, name)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(flows)) {
		if err := w.Add(flows[id]); err != nil {
			w.Abort()
			return err
		}
		if name != history.LiveFile { // which tells of the same again and again
			k.rows += len(flows[id].Executions)
			k.strange(flows[id])
		}
	}
	return w.Commit()
}

func (k *keeper) saveCoverage() error {
	if err := k.coverage.Save(k.dir); err != nil {
		return err
	}
	var err error
	k.saved, err = os.ReadFile(k.file())
	return err
}

// alone says whether another process has written to the folder meanwhile. Two that
// record at once would undo each other's.
func (k *keeper) alone() error {
	now, err := os.ReadFile(k.file())
	switch {
	case err != nil:
		return fmt.Errorf("the history can't be read any more: %w", err)
	case !bytes.Equal(now, k.saved):
		return fmt.Errorf("another flowreaper record has written to %s meanwhile\nLet it end, and run this again", k.dir)
	}
	return nil
}

// end writes what is left, and makes of many files one.
func (k *keeper) end(r *Result, now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	last := &k.coverage.Recordings[len(k.coverage.Recordings)-1]
	last.FinishedAt, last.Complete, last.Pages = now, r.Complete, r.Pages
	last.Rows = k.rows
	for _, f := range k.pending {
		last.Rows += len(f.Executions)
	}
	if err := k.write(); err != nil {
		return err
	}
	r.count(k)
	return k.tidy()
}

// tidy puts many small files into one, and once what files tell twice.
func (k *keeper) tidy() error {
	files, err := history.Files(k.dir)
	if err != nil {
		return err
	}
	small := map[string]bool{}
	for _, name := range files {
		info, err := os.Stat(name)
		if base := filepath.Base(name); err == nil && base != history.LiveFile && info.Size() < fullBytes {
			small[base] = true
		}
	}
	if len(small) < 2 || !k.killed && len(small) <= manyFiles {
		return nil
	}
	return history.Merge(k.dir, newName(), func(name string) bool { return small[name] })
}

func (k *keeper) strange(f *history.Flow) {
	for _, odd := range f.Odd {
		k.odd = append(k.odd, Strange{f.Name, odd.Execution, odd.What})
	}
}

// count tells what was kept.
func (r *Result) count(k *keeper) {
	r.Executions.Ended = k.rows
	for _, id := range slices.Sorted(maps.Keys(k.live)) {
		r.Executions.Live += len(k.live[id].Executions)
		k.strange(k.live[id])
	}
	r.Odd = k.odd[:min(len(k.odd), maxOdd)]
	r.OddOmitted = len(k.odd) - len(r.Odd)
}
