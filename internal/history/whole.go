package history

import (
	"fmt"
	"os"
	"path/filepath"
)

// A file of a history appears whole, under its name, or not at all: it is written
// beside, under a name that no reader looks at, and renamed once it is on the disk.

const partSuffix = ".part"

// MakeFolder makes a folder for a history, unless it is there: for its owner alone,
// since inputs tell more than everybody on this machine should know.
func MakeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the folder %s can't be made: %w", dir, withoutPath(err))
	}
	return nil
}

// leftover says that a file of this name is what a killed process didn't finish. Any
// other .part is somebody else's, such as a browser's.
func leftover(name string) bool {
	for _, pattern := range []string{CoverageFile + ".*" + partSuffix, anyFile + ".*" + partSuffix} {
		if ours, _ := filepath.Match(pattern, name); ours {
			return true
		}
	}
	return false
}

// RemoveLeftovers takes away what killed processes left behind.
func RemoveLeftovers(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if leftover(e.Name()) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// part is a file that isn't there yet.
type part struct {
	*os.File
	name string // that it will have
}

// begin begins a file under a name that no other process writes to; its mode is
// 0600, as of all temporary files.
func begin(name string) (*part, error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*"+partSuffix)
	if err != nil {
		return nil, unwritten(name, withoutPath(err))
	}
	return &part{f, name}, nil
}

// appear gives the file its name, in place of the file that had it.
func (p *part) appear() error {
	err := p.Sync()
	if closed := p.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(p.Name(), p.name)
	}
	if err != nil {
		_ = os.Remove(p.Name())
		return unwritten(p.name, withoutPath(err))
	}
	return syncFolder(filepath.Dir(p.name))
}

// drop takes away what was written.
func (p *part) drop() {
	_ = p.Close()
	_ = os.Remove(p.Name())
}

// syncFolder has the new name outlive a power cut, where the file system knows how.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return unwritten(dir, err)
	}
	defer d.Close()
	_ = d.Sync() // a mounted bucket has no such thing
	return nil
}

func unwritten(name string, err error) error {
	return fmt.Errorf("%s can't be written, and is as it was: %w", name, err)
}

// WriteFile writes a file of a history, whole or not at all.
func WriteFile(name string, text []byte) error {
	p, err := begin(name)
	if err != nil {
		return err
	}
	if _, err := p.Write(text); err != nil {
		p.drop()
		return unwritten(name, withoutPath(err))
	}
	return p.appear()
}
