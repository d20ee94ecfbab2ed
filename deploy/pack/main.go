// Command pack lays out the function's package: a folder, which s.yaml's code
// points to, and the same as a zip for the console, Terraform or the aliyun CLI.
//
//	pack DIR BINARY POLICY
//	pack DIR BINARY --fleet FLEET
//
// writes DIR/function and DIR/function.zip, with the files that the policy names beside
// it, as there; or a fleet with all of its policies. Equal files give equal bytes: the
// entries are sorted, their times fixed, their modes those that Function
// Compute needs.
//
//	pack FOLDER
//
// writes FOLDER.zip in the same manner, with all that is in the folder.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/beside"
	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/policy"
)

// handler and policyName are the handler's name in s.yaml, and the default of FLOWREAPER_POLICY; fleetName is what
// FLOWREAPER_FLEET is set to (docs/fleet.md).
const (
	handler    = "flowreaper-function"
	policyName = "policy.yaml"
	fleetName  = "fleet.yaml"
)

// A zip can't say less; it stands for "no time".
var noTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

type entry struct {
	name string
	mode os.FileMode
	data []byte
}

func main() {
	var err error
	switch len(os.Args) {
	case 2:
		err = packFolder(os.Args[1])
	case 4:
		err = pack(os.Args[1], os.Args[2], os.Args[3], policyName)
	case 5:
		err = packFleet(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	default:
		fmt.Fprintln(os.Stderr, "usage: pack DIR BINARY POLICY\n       pack DIR BINARY --fleet FLEET\n       pack FOLDER")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func packFleet(dir, binary, option, file string) error {
	if option != "--fleet" {
		return fmt.Errorf("%s is no option: there is --fleet", option)
	}
	return pack(dir, binary, file, fleetName)
}

// pack packs the file of a policy or, as its name in the package says, of a fleet.
func pack(dir, binary, file, name string) error {
	entries, err := entriesOf(binary, file, name)
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, "function")
	if err := writeFolder(folder, entries); err != nil {
		return err
	}
	return writeArchive(folder, entries)
}

// packFolder keeps of the modes whether a file can be run.
func packFolder(folder string) error {
	var entries []entry
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		within, err := filepath.Rel(folder, name)
		mode := os.FileMode(0o644)
		if info.Mode()&0o100 != 0 { // the umask took its share of the others' bits
			mode = 0o755
		}
		entries = append(entries, entry{filepath.ToSlash(within), mode, data})
		return err
	})
	if err != nil {
		return err
	}
	return writeArchive(folder, entries)
}

func writeArchive(folder string, entries []entry) error {
	archive, err := archiveOf(entries)
	if err != nil {
		return err
	}
	if err := os.WriteFile(folder+".zip", archive, 0o644); err != nil {
		return err
	}
	for _, e := range entries {
		fmt.Printf("%s  %11d bytes\n", filepath.Join(folder, e.name), len(e.data))
	}
	fmt.Printf("%s  %d bytes, sha256 %x\n", folder+".zip", len(archive), sha256.Sum256(archive))
	return nil
}

// entriesOf returns the package's entries, sorted by name.
func entriesOf(binary, file, name string) ([]entry, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	files, err := namedIn(file, text, name)
	if err != nil {
		return nil, err
	}
	entries := []entry{{handler, 0o755, program}, {name, 0o644, text}}
	for _, f := range files {
		if taken := strings.ToLower(f.Name); taken == handler || taken == name {
			return nil, fmt.Errorf("%s names the file %s, but in the package that is another: rename it", file, f.Name)
		}
		entries = append(entries, entry{f.Name, 0o644, f.Text})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}

// namedIn are the files that a policy or a fleet names.
func namedIn(file string, text []byte, name string) (policy.Files, error) {
	if name == fleetName {
		f, err := fleet.Parse(file, text, beside.Of(file))
		if err != nil {
			return nil, err
		}
		return f.Files, nil
	}
	p, err := policy.ParseWith(file, text, beside.Of(file))
	if err != nil {
		return nil, err
	}
	return p.Files(), nil
}

// writeFolder replaces folder: what an earlier package held and this one
// doesn't must not be deployed.
func writeFolder(folder string, entries []entry) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(folder, filepath.FromSlash(e.name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, e.data, e.mode); err != nil {
			return err
		}
		// The umask took its share of the mode.
		if err := os.Chmod(name, e.mode); err != nil {
			return err
		}
		if err := os.Chtimes(name, noTime, noTime); err != nil {
			return err
		}
	}
	return nil
}

func archiveOf(entries []entry) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: noTime}
		h.SetMode(e.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(e.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
