package policy

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/order"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// File is a file that a policy names and that was read with it.
type File struct {
	Name string // as fs.FS has it: relative to the policy's folder, with slashes
	Text []byte
}

// Files are the files that a policy named, in the order of their names.
type Files []File

// Read is a read for [ParseWith] that knows no other files.
func (f Files) Read(name string) ([]byte, error) {
	for _, file := range f {
		if file.Name == name {
			return file.Text, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// Files returns what was read with the policy: whatever takes its text along must
// take these along, too, and parse it with their Read.
func (p *Policy) Files() Files { return slices.Clone(p.files) }

// maxFile is how large a file may be that a policy names.
const maxFile = 1 << 20

// namedFile reads the file that a node names. ok is false where that can't be, of
// which no more need be said.
func (d *decoder) namedFile(n *yamltree.Node, key, such string) (file File, ok bool) {
	text, ok := d.text(n, key)
	if !ok {
		return File{}, false
	}
	if wrong := wrongName(text); wrong != "" {
		d.fail(n.Position, "%s must be the name of a file beside the policy, such as %s, but is %s%s", key, such, n.Describe(), wrong)
		return File{}, false
	}
	name := path.Join(d.folder(n.Line), text)
	if i := slices.IndexFunc(d.files, func(f File) bool { return f.Name == name }); i >= 0 {
		return d.files[i], true
	}
	file, wrong := d.readFile(name)
	if wrong != "" {
		d.fail(n.Position, "%s: %s", key, wrong)
		return File{}, false
	}
	d.files = append(d.files, file)
	return file, true
}

// readFile reads a file, or says what is wrong.
func (d *decoder) readFile(name string) (file File, wrong string) {
	if d.read == nil {
		return file, name + " can't be read: the policy's text is here without its folder"
	}
	text, err := d.read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file, "there is no " + name + " beside the policy: put it there, or correct the name"
	case err != nil:
		return file, name + " can't be read: " + err.Error()
	case len(text) > maxFile:
		return file, fmt.Sprintf("%s is larger than %d MiB: leave out what isn't needed", name, maxFile>>20)
	}
	return File{name, bytes.Clone(text)}, ""
}

// wrongName ends the error of a text that can't name a file beside the policy; "" of
// one that can.
func wrongName(text string) string {
	slashes := strings.ReplaceAll(text, `\`, "/")
	switch clean := path.Clean(text); {
	case strings.Contains(text, "://"):
		return ": download it, and give the file's name"
	case path.IsAbs(slashes) || len(text) > 1 && text[1] == ':':
		return ": put the file into the policy's folder, or into a folder there"
	case strings.HasPrefix(path.Clean(slashes), ".."):
		return ": what lies outside of the policy's folder isn't in the function's package: put the file in there, or the policy into a folder above both"
	case slashes != text:
		return ": write " + quote(slashes)
	case clean == "." || strings.HasSuffix(text, "/") || !fs.ValidPath(clean) || !isLine(clean, 200):
		return ": that is no file"
	}
	return ""
}

// beside is how a file is called in errors, beside the policy.
func (d *decoder) beside(name string) string {
	return filepath.Join(filepath.Dir(d.file), filepath.FromSlash(name))
}

// hash is the text's SHA-256. With files it is that of the text and of what sha256sum
// prints for the files, in the order of their names.
func hash(text []byte, files Files) string {
	all := bytes.Clone(text)
	for _, f := range files {
		all = fmt.Appendf(all, "%x  %s\n", sha256.Sum256(f.Text), f.Name)
	}
	sum := sha256.Sum256(all)
	return hashPrefix + hex.EncodeToString(sum[:])
}

func (f Files) sort() {
	order.By(f, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
}
