package connect

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

const otherLedger = "\nName a ledger with --ledger FILE, or do without one with --ledger none"

// Ledger counts the stops tried in the file of that name or, where that is "", in one an
// account, region and endpoint.
func (c *Connection) Ledger(file string) (*sweep.Ledger, error) {
	l := &sweep.Ledger{File: file, Region: c.at.Host}
	if file != "" {
		if err := someonesElse(file, file+".2"); err != nil {
			return nil, Refusal{err}
		}
		return l, nil
	}
	var err error
	if l.Account, err = c.account(); err != nil {
		return nil, err
	}
	if l.File, err = c.ledgerFile(c.at.Host, c.Region, l.Account); err != nil {
		return nil, err
	}
	return l, nil
}

// someonesElse refuses files that can't be a ledger, not even a torn one, such as a
// policy that was named by a slip: they would be written over.
func someonesElse(names ...string) error {
	const begins = "flowreaper-state "
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			continue // whoever reads it says so
		}
		head := make([]byte, len(begins))
		n, _ := io.ReadFull(file, head)
		_ = file.Close()
		if !strings.HasPrefix(begins, string(head[:n])) {
			return fmt.Errorf("%s is there and is no ledger of flowreaper's: it is left alone, and nothing was stopped%s", plain.Text(name), otherLedger)
		}
	}
	return nil
}

// account tells accounts apart: by their number or, where nobody gave it, at an endpoint that isn't
// CloudFlow's own and knows none, by the key.
func (c *Connection) account() (string, error) {
	if c.Account != "" {
		return c.Account, nil
	}
	if !strings.HasSuffix(strings.TrimSuffix(c.at.Host, ":443"), ".fnf.aliyuncs.com") {
		return c.Keys.AccessKeyID, nil
	}
	if id, ok := c.Identity(); ok {
		return id.Account, nil
	}
	return "", errors.New("whose account this is could not be asked of STS, so the stops tried before can't be counted" + otherLedger)
}

// ledgerFile is in the folder where a program keeps what must outlive it: not the
// cache, which anybody may empty.
func (c *Connection) ledgerFile(parts ...string) (string, error) {
	state := c.Getenv("XDG_STATE_HOME")
	if home := c.Getenv("HOME"); !filepath.IsAbs(state) && filepath.IsAbs(home) {
		state = filepath.Join(home, ".local", "state")
	}
	if !filepath.IsAbs(state) {
		return "", Refusal{errors.New("neither HOME nor XDG_STATE_HOME is set, so there is no folder to count the stops tried in" + otherLedger)}
	}
	folder := filepath.Join(state, "flowreaper")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("the stops tried can't be counted: %w%s", err, otherLedger)
	}
	return filepath.Join(folder, strings.NewReplacer(":", "-", "/", "-").Replace(strings.Join(parts, "_"))), nil
}
