package watch

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// Claims are how processes that share a file keep to one limit. The slots alone
// can't do it: two processes that write at once may choose the same one, and what
// the first had counted there is gone. Any number of places that all may write to
// is too small for that, where nothing can be locked or renamed. So who is about
// to stop says so first in a file of its own, which is written once and by nobody
// else: a claim. Claims lie in a folder beside the file, with the suffix ".tries".
//
// Their order makes it safe: a claim is written and closed, then all claims are
// read, and only what the limits allow with all of them is sent. Of all that was
// ever sent, take the claim that was closed last: the others had been closed by
// then, so whoever made it has read them all, and the limits allowed their sum.
// How long anything takes, and in which order it appears before it is closed,
// makes no difference; nor does a process that dies, since its claim stays.
//
// That asks one thing of the mount: a file that was closed without an error is
// there, whole, in every listing and reading that begins later, for every process.
// A local disk does that, and OSS promises it of objects. A mount that goes on
// showing what it has listed before (a client that caches folders, NFS with its
// attributes cached) doesn't. There each process may send, beyond the limits, what
// it claims before it sees the others' claims, at the two stops a second that
// CloudFlow grants; once it sees them it stops nothing more. A claim that its own
// writer can't read back at once stops nothing at all.

const (
	claimsSuffix = ".tries"
	claimTries   = 1 // the generation in a claim's first line: it has no second
)

func (f *File) claimsFolder() string { return f.path + claimsSuffix }

func (f *File) claimName(name string) string { return f.claimsFolder() + "/" + name }

// Claim counts stops that are about to be tried, and merges what every other
// process has claimed until then. What the ledger allows no more after that must
// not be tried, nor anything after an error. What is claimed counts, tried or not.
func (f *File) Claim(w *Watch, now time.Time, tries ...Try) error {
	w.Ledger.Add(tries...)
	name, err := f.writeClaim(w, asKept(tries))
	if err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	if err := f.Save(w, now); err != nil {
		return err
	}
	if !f.claims[name] {
		return fmt.Errorf("saving the state: %s was written and can't be read back: where that is so no limit can be kept to", f.claimName(name))
	}
	return nil
}

// writeClaim writes a claim, under a name that says how long it is kept: to every version,
// whatever is in it.
func (f *File) writeClaim(w *Watch, tries []Try) (string, error) {
	body, err := json.Marshal(state{Account: w.options.Account, Region: w.options.Region, Window: w.Ledger.longest.Milliseconds(), Ledger: tries})
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%d-%s", tries[len(tries)-1].At.UnixMilli(), strings.ToLower(rand.Text()))
	header, _ := seal(claimTries, body)
	err = f.mount.Write(f.claimName(name), header, body)
	if errors.Is(err, fs.ErrNotExist) { // the first; or somebody took the folder away
		if err := f.mount.Mkdir(f.claimsFolder()); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		err = f.mount.Write(f.claimName(name), header, body)
	}
	return name, err
}

// absorbClaims merges the claims that this process has not read yet. Its error tells
// of those that can't be read or believed.
func (f *File) absorbClaims(w *Watch, now time.Time) error {
	names, err := f.mount.List(f.claimsFolder())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	problems := []error{unreadUnlessAbsent(err)}
	for _, name := range names {
		if _, known := f.claims[name]; !known {
			problems = append(problems, f.absorbClaim(w, name, now))
		}
	}
	return errors.Join(problems...)
}

// absorbClaim merges a claim. One that is torn is being written, or was when its
// process was killed: its stops have not been tried, and who writes it reads ours
// before they are. Of one that a later version wrote nobody knows what it counts, but
// until when; it stays there, for each process to find.
func (f *File) absorbClaim(w *Watch, name string, now time.Time) error {
	data, err := f.readAll(f.claimName(name))
	if errors.Is(err, fs.ErrNotExist) { // it was too old
		return nil
	}
	if err != nil {
		return err
	}
	stamp, s, err := parse(data)
	switch {
	case stamp.generation == 0: // torn
		return nil
	case err != nil:
		w.Ledger.Lose(earlier(now, claimedAt(name)))
		f.claims[name] = false
		return fmt.Errorf("%s was not believed: %w\n%w", f.claimName(name), err, ErrLost)
	case w.fits(*s) == nil:
		w.Ledger.remember(milliseconds(s.Window))
		w.Ledger.merge(s.Ledger)
	}
	f.claims[name] = w.fits(*s) == nil
	return nil
}

// dropClaims takes away the claims of this account's that no window asks for any
// more. Nobody writes under their names again.
func (f *File) dropClaims(w *Watch, now time.Time) {
	for name, ours := range f.claims {
		if ours && claimedAt(name).Before(w.Ledger.horizon(now)) {
			_ = f.mount.Remove(f.claimName(name)) // the next saving tries again, or another process
			delete(f.claims, name)
		}
	}
}

// claimedAt is when the latest stop of a claim was counted; at the end of time, where
// its name doesn't say.
func claimedAt(name string) time.Time {
	text, _, _ := strings.Cut(name, "-")
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return end.time()
	}
	return time.UnixMilli(ms)
}
