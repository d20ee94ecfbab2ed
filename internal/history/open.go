package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// Options say what of the rows is wanted.
type Options struct {
	Input bool // inputs, too, which may be most of what there is

	// Files says which files are read, by their names in the folder; nil: all.
	Files func(name string) bool
}

// History is a folder that has been opened.
type History struct {
	Coverage *Coverage

	options Options
	files   []*file // by name
}

// file is one Parquet file, whose columns are those of a history.
type file struct {
	*parquet.File
	name string
	disk *os.File
}

// Open opens a folder that is a history. Its error tells of every file that can't be
// read, why, and how much could be.
func Open(dir string, o Options) (*History, error) {
	c, err := ReadCoverage(dir)
	if err != nil {
		return nil, err
	}
	names, err := Files(dir)
	if err != nil {
		return nil, err
	}
	h := &History{Coverage: c, options: o}
	var wrong []error
	for _, name := range names {
		if o.Files != nil && !o.Files(filepath.Base(name)) {
			continue
		}
		f, err := openFile(name)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		h.files = append(h.files, f)
	}
	if len(wrong) > 0 {
		h.Close()
		return nil, errors.Join(append(wrong, h.rest(len(names)))...)
	}
	return h, nil
}

// LiveFile has the executions that were live when they were recorded last, and those
// that were stopped and of which it is still to be asked why. It is written anew by each
// recording, the others are added to.
const LiveFile = "executions-live.parquet"

// anyFile is what the names of files of executions are like.
const anyFile = "executions-*.parquet"

// Files are the files of executions in a folder.
func Files(dir string) ([]string, error) {
	return filepath.Glob(filepath.Join(literal(dir), anyFile))
}

// literal is a folder's name as a pattern that names nothing else.
func literal(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// rest counts what of so many files could be read, and says what to do about the
// others.
func (h *History) rest(files int) error {
	return fmt.Errorf("%d of %d files could be read, with %d executions\n"+
		"Put back the others from a copy, or record into a new folder what CloudFlow still has", len(h.files), files, h.Rows())
}

// Rows is how many rows the files have, those of one execution in two files counted
// twice.
func (h *History) Rows() int64 {
	var n int64
	for _, f := range h.files {
		n += f.NumRows()
	}
	return n
}

// Close closes the files.
func (h *History) Close() {
	for _, f := range h.files {
		_ = f.disk.Close()
	}
}

func openFile(name string) (f *file, err error) {
	disk, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", name, withoutPath(err))
	}
	defer func() {
		if err != nil {
			_ = disk.Close()
		}
	}()
	p, err := parse(disk)
	if err != nil {
		return nil, fmt.Errorf("%s is torn, or no Parquet file: %w", name, err)
	}
	if err := check(p.Schema()); err != nil {
		return nil, fmt.Errorf("%s is not of a history: %w", name, err)
	}
	return &file{p, name, disk}, nil
}

// withoutPath is an error whose path is told anyway.
func withoutPath(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

// parse reads a file's footer. What is no footer may take the library by surprise.
func parse(disk *os.File) (p *parquet.File, err error) {
	defer surprised(&err)
	info, err := disk.Stat()
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case info.Size() == 0:
		return nil, errors.New("it is empty")
	}
	p, err = parquet.OpenFile(disk, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err == nil && !countsAgree(p) {
		err = errors.New("its footer contradicts itself")
	}
	return p, err
}

// countsAgree holds the rows that a footer counts in all against those of its parts: a
// footer has no sum of its own.
func countsAgree(p *parquet.File) bool {
	rows := int64(0)
	for _, g := range p.Metadata().RowGroups {
		rows += g.NumRows
		for _, c := range g.Columns {
			if c.MetaData.NumValues != g.NumRows {
				return false
			}
		}
	}
	return rows == p.NumRows()
}

// surprised turns a panic over what a file holds into an error.
func surprised(err *error) {
	if what := recover(); what != nil {
		*err = fmt.Errorf("what it holds makes no sense (%v)", what)
	}
}
