package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// noLedger is the --ledger that counts a sweep's own stops alone.
const noLedger = "none"

func (s *settings) addLedger(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.ledger, "ledger", "", "the `FILE` that counts the stops tried, for the policy's limits, or none "+
		"(default: one an account, region and endpoint, under $XDG_STATE_HOME or ~/.local/state)")
}

const otherLedger = "\nName a ledger with --ledger FILE, or do without one with --ledger none"

// countIn has the sweeps count their stops in the ledger.
func (t *terminal) countIn(s *sweeping) error {
	if s.ledger == noLedger {
		return nil
	}
	l := &sweep.Ledger{File: s.ledger, Region: s.at.Host}
	if l.File != "" {
		if err := someonesElse(l.File, l.File+".2"); err != nil {
			return usageError(err)
		}
	} else {
		var err error
		if l.Account, err = s.account(); err != nil {
			return err
		}
		if l.File, err = t.ledgerFile(s.at.Host, s.region, l.Account); err != nil {
			return err
		}
	}
	s.options.Ledger = l
	return nil
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
			return fmt.Errorf("%s is there and is no ledger of flowreaper's: it is left alone, and nothing was stopped%s", report.Plain(name), otherLedger)
		}
	}
	return nil
}

// account tells accounts apart: by their number or, at an endpoint that isn't
// CloudFlow's own and knows none, by the key.
func (s *sweeping) account() (string, error) {
	if !strings.HasSuffix(strings.TrimSuffix(s.at.Host, ":443"), ".fnf.aliyuncs.com") {
		return s.accessKey, nil
	}
	if id, ok := s.identity(); ok {
		return id.Account, nil
	}
	return "", errors.New("whose account this is could not be asked of STS, so the stops tried before can't be counted" + otherLedger)
}

// ledgerFile is in the folder where a program keeps what must outlive it: not the
// cache, which anybody may empty.
func (t *terminal) ledgerFile(parts ...string) (string, error) {
	state := t.getenv("XDG_STATE_HOME")
	if home := t.getenv("HOME"); !filepath.IsAbs(state) && filepath.IsAbs(home) {
		state = filepath.Join(home, ".local", "state")
	}
	if !filepath.IsAbs(state) {
		return "", usageError(errors.New("neither HOME nor XDG_STATE_HOME is set, so there is no folder to count the stops tried in" + otherLedger))
	}
	folder := filepath.Join(state, "flowreaper")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("the stops tried can't be counted: %w%s", err, otherLedger)
	}
	return filepath.Join(folder, strings.NewReplacer(":", "-", "/", "-").Replace(strings.Join(parts, "_"))), nil
}
