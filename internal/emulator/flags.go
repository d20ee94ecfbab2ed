package emulator

import (
	"fmt"
	"os"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/signature"
)

// Flags are a server as a command line asks for it.
type Flags struct {
	Account    string        // the account's file
	Quota      string        // on or off
	Latency    time.Duration // added to every answer
	AccessKeys []string      // each ID:SECRET or ID:SECRET:TOKEN
}

// Server makes the server that the flags ask for. Its errors are the user's.
func (f *Flags) Server() (*Server, error) {
	if f.Account == "" {
		return nil, fmt.Errorf("emulate needs --account FILE, such as testdata/accounts/demo.yaml\nSee 'flowreaper emulate --help'")
	}
	options, err := f.options()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(f.Account)
	if err != nil {
		return nil, fmt.Errorf("the account file can't be read: %w", err)
	}
	a, err := account.Parse(f.Account, text)
	if err != nil {
		return nil, err
	}
	return New(a, options)
}

func (f *Flags) options() (Options, error) {
	options := Options{NoQuota: f.Quota == "off", Latency: f.Latency}
	if f.Quota != "on" && f.Quota != "off" {
		return options, fmt.Errorf("--quota is on or off, not %q", f.Quota)
	}
	for _, text := range f.AccessKeys {
		key, err := signature.ParseKey(text)
		if err != nil {
			return options, fmt.Errorf("--access-key: %w", err)
		}
		options.AccessKeys = append(options.AccessKeys, key)
	}
	return options, nil
}
