// Package beside reads the files that a policy names, which lie beside it.
//
//	p, err := policy.ParseWith(file, text, beside.Of(file))
package beside

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// most keeps out of memory what is no file of a policy's: policy.ParseWith refuses less.
const most = 8 << 20

// Of returns what reads a file by its name in the policy: relative to the policy's folder,
// with slashes.
func Of(policyFile string) func(name string) ([]byte, error) {
	folder := filepath.Dir(policyFile)
	return func(name string) ([]byte, error) {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is no regular file", path)
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return io.ReadAll(io.LimitReader(file, most))
	}
}
