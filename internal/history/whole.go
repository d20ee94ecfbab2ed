package history

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A file of a history appears whole, under its name, or not at all: it is written
// beside, under a name that no reader looks at, and renamed once it is on the disk.

const (
	folderMode = 0o700 // inputs may tell more than everybody on this machine should know
	fileMode   = 0o600

	partSuffix = ".part"
)

// leftover says that a file of this name is what a killed process didn't finish.
func leftover(name string) bool { return strings.HasSuffix(name, partSuffix) }

// part is a file that isn't there yet.
type part struct {
	*os.File
	name string // that it will have
}

func begin(name string) (*part, error) {
	f, err := os.OpenFile(name+partSuffix, os.O_CREATE|os.O_TRUNC|os.O_RDWR, fileMode)
	if err != nil {
		return nil, unwritten(name, err)
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
		err = os.Rename(p.name+partSuffix, p.name)
	}
	if err != nil {
		_ = os.Remove(p.name + partSuffix)
		return unwritten(p.name, err)
	}
	return syncFolder(filepath.Dir(p.name))
}

// drop takes away what was written.
func (p *part) drop() {
	_ = p.Close()
	_ = os.Remove(p.name + partSuffix)
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
		return unwritten(name, err)
	}
	return p.appear()
}

var _ io.Writer = (*part)(nil)
