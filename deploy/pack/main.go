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
	case 5:
		var entries []entry
		if entries, err = readFleet(os.Args[2], os.Args[3], os.Args[4]); err == nil {
			err = writePackage(os.Args[1], entries)
		}
	case 4:
		err = pack(os.Args[1], os.Args[2], os.Args[3])
	default:
		fmt.Fprintln(os.Stderr, "usage: pack DIR BINARY POLICY\n       pack DIR BINARY --fleet FLEET\n       pack FOLDER")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func pack(dir, binary, policyFile string) error {
	entries, err := read(binary, policyFile)
	if err != nil {
		return err
	}
	return writePackage(dir, entries)
}

func writePackage(dir string, entries []entry) error {
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

// read returns the package's entries, sorted by name.
func read(binary, policyFile string) ([]entry, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(policyFile)
	if err != nil {
		return nil, err
	}
	p, err := policy.ParseWith(policyFile, text, beside.Of(policyFile))
	if err != nil {
		return nil, err
	}
	entries := []entry{{handler, 0o755, program}, {policyName, 0o644, text}}
	for _, f := range p.Files() {
		if taken := strings.ToLower(f.Name); taken == handler || taken == policyName {
			return nil, fmt.Errorf("%s names the file %s, but in the package that is another: rename it", policyFile, f.Name)
		}
		entries = append(entries, entry{f.Name, 0o644, f.Text})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}

// readFleet returns the entries of a fleet's package, sorted by name.
func readFleet(binary, option, fleetFile string) ([]entry, error) {
	if option != "--fleet" {
		return nil, fmt.Errorf("%s is no option: there is --fleet", option)
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(fleetFile)
	if err != nil {
		return nil, err
	}
	f, err := fleet.Parse(fleetFile, text, beside.Of(fleetFile))
	if err != nil {
		return nil, err
	}
	entries := []entry{{handler, 0o755, program}, {fleetName, 0o644, text}}
	for _, file := range f.Files {
		if taken := strings.ToLower(file.Name); taken == handler || taken == fleetName {
			return nil, fmt.Errorf("%s names the file %s, but in the package that is another: rename it", fleetFile, file.Name)
		}
		entries = append(entries, entry{file.Name, 0o644, file.Text})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
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
