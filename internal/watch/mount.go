package watch

import (
	"cmp"
	"io"
	"os"
)

// Mount is where a [File] is kept: what it asks of a file system, a mounted
// bucket's above all. The names are whole paths.
type Mount interface {
	Open(name string) (io.ReadCloser, error)
	// Write makes or replaces a file. When it returns nil the file was closed and
	// nothing of it was refused.
	Write(name string, parts ...[]byte) error
	Mkdir(name string) error
	List(folder string) ([]string, error)
	Remove(name string) error
}

// disk is the operating system's, which a bucket is mounted in.
type disk struct{}

func (disk) Open(name string) (io.ReadCloser, error) { return os.Open(name) }

func (disk) Mkdir(name string) error { return os.Mkdir(name, 0o700) }

func (disk) Remove(name string) error { return os.Remove(name) }

func (disk) Write(name string, parts ...[]byte) (err error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, file.Close()) }()
	for _, part := range parts {
		if _, err := file.Write(part); err != nil {
			return err
		}
	}
	return file.Sync()
}

func (disk) List(folder string) ([]string, error) {
	dir, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}
