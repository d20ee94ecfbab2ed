// Package plan keeps what a sweep would stop in a file, for a person to review
// and for a later sweep to carry out.
//
// A [File] says all that it was made of: the policy's text, the endpoint, the
// region, and of each execution its flow's Id and when it started. What of that
// has changed since is not stopped. [Write] writes one, [Read] reads one back
// and refuses what it doesn't understand, and [File.Check] says whether it fits
// where it is to be applied.
//
// Nothing in the file seals it: whoever can write it can rewrite all of it, its
// policy and hash together. Its [Fingerprint], kept elsewhere, does.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/strictjson"
	"github.com/flowreaper/flowreaper/policy"
)

// File is a saved plan.
type File struct {
	Version   int              `json:"version"` // 1
	CreatedAt time.Time        `json:"createdAt"`
	Endpoint  string           `json:"endpoint"` // scheme and host
	Region    string           `json:"region"`
	Policy    Policy           `json:"policy"`
	Stops     result.Recording `json:"stops"` // in the order of stopping
}

// Policy is the policy that a plan was made by.
type Policy struct {
	Name  string       `json:"name"`
	Hash  string       `json:"hash"`
	Text  string       `json:"text"`
	Files []PolicyFile `json:"files,omitzero"`
}

// PolicyFile is a file that the policy names. What a person can read stands in it as it is.
type PolicyFile struct {
	Name   string `json:"name"`
	Text   string `json:"text,omitzero"`
	Base64 []byte `json:"base64,omitzero"` // of what is no UTF-8
}

// PolicyOf is a policy with its text, and with the files that were read with it.
func PolicyOf(p *policy.Policy, text []byte) Policy {
	carried := Policy{Name: p.Name, Hash: p.Hash, Text: string(text)}
	for _, f := range p.Files() {
		file := PolicyFile{Name: f.Name, Base64: f.Text}
		if utf8.Valid(f.Text) {
			file = PolicyFile{Name: f.Name, Text: string(f.Text)}
		}
		carried.Files = append(carried.Files, file)
	}
	return carried
}

// files are what the policy's text names.
func (p *Policy) files() policy.Files {
	var all policy.Files
	for _, f := range p.Files {
		all = append(all, policy.File{Name: f.Name, Text: append(f.Base64, f.Text...)})
	}
	return all
}

const (
	version = 1

	// largest keeps a file that is no plan out of memory: 10,000 stops with a
	// policy of 1 MB are a tenth of it.
	largest = 64 << 20

	// ahead is how far in the future a plan may have been made, for clocks to
	// differ.
	ahead = 2 * time.Minute
)

var form = strictjson.Form{Kind: "plan", Version: version, Remedy: "apply it with the flowreaper that made it, or make the plan anew"}

// Replaceable says why a plan can't be written to a file of that name; nil where
// it can. A file that is there already must be a plan: no other is lost.
func Replaceable(name string) error {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return nil // Write tells what is wrong with it
	}
	text, err := readFile(name)
	if err == nil {
		_, err = decode(text)
	}
	if err != nil {
		return fmt.Errorf("%s exists and is no plan, so it is not overwritten: %w\nGive another name, or remove it first", name, err)
	}
	return nil
}

// Write writes the plan to a file of that name, in place of the plan before, and
// returns the file's fingerprint. A person reads the file as it is: what could
// deceive the eye is escaped in it.
func Write(name string, f *File) (Fingerprint, error) {
	if err := Replaceable(name); err != nil {
		return "", err
	}
	f.Version = version
	text, err := json.Marshal(f, jsontext.WithIndent("  ")) // stops that are nil are written as []
	if err != nil {
		return "", fmt.Errorf("the plan can't be written: %w", err)
	}
	text = append([]byte(plain.JSON(string(text))), '\n')
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return "", fmt.Errorf("the plan can't be written: %w", err)
	}
	return fingerprint(text), nil
}

// Fingerprint is a file's SHA-256, as sha256:<hex>.
type Fingerprint string

const fingerprintPrefix = "sha256:"

func fingerprint(text []byte) Fingerprint {
	sum := sha256.Sum256(text)
	return Fingerprint(fingerprintPrefix + hex.EncodeToString(sum[:]))
}

// ParseFingerprint reads a whole fingerprint, as Write returned it or as
// sha256sum prints it. A part of one holds nobody to anything.
func ParseFingerprint(text string) (Fingerprint, error) {
	digits := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), fingerprintPrefix)
	if sum, err := hex.DecodeString(digits); err != nil || len(sum) != sha256.Size {
		return "", fmt.Errorf("%q is no fingerprint: give all of what 'flowreaper plan --out' printed, sha256: and %d hex digits", text, 2*sha256.Size)
	}
	return Fingerprint(fingerprintPrefix + digits), nil
}

// Read reads a plan, which must be the very file of the fingerprint unless that
// is "", and compiles its policy. The plan's stops are never nil.
func Read(name string, expected Fingerprint) (*File, *policy.Policy, error) {
	text, err := readFile(name)
	if err != nil {
		return nil, nil, fmt.Errorf("the plan can't be read: %w", err)
	}
	if got := fingerprint(text); expected != "" && got != expected {
		return nil, nil, fmt.Errorf("%s is not the plan that was expected: its fingerprint is %s, not %s; make the plan anew, or find out who changed it", name, got, expected)
	}
	f, err := decode(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s is no plan of this flowreaper's: %w", name, err)
	}
	p, err := policy.ParseWith(name+" (its policy)", []byte(f.Policy.Text), f.Policy.files().Read)
	if err != nil {
		return nil, nil, err
	}
	if p.Hash != f.Policy.Hash {
		return nil, nil, fmt.Errorf("%s has been changed: the text of its policy has the hash %s, not %s; make the plan anew", name, p.Hash, f.Policy.Hash)
	}
	return f, p, nil
}

// decode decodes a plan that lacks nothing.
func decode(text []byte) (*File, error) {
	f := &File{}
	if err := strictjson.Read(text, f, form); err != nil {
		return nil, err
	}
	return f, f.complete()
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, largest+1))
	if err == nil && len(text) > largest {
		err = fmt.Errorf("%s is larger than any plan: more than %d MiB", name, largest>>20)
	}
	return text, err
}

// complete says what the plan lacks; nil if nothing.
func (f *File) complete() error {
	switch {
	case f.Stops == nil:
		return errors.New("it has no stops, not even none")
	case f.CreatedAt.IsZero() || f.Endpoint == "":
		return errors.New("it doesn't say when and for which endpoint it was made")
	}
	for i, s := range f.Stops {
		if s.Flow == "" || s.Execution == "" || s.StartedTime.IsZero() {
			return fmt.Errorf("its stop %d lacks its flow, its execution or its startedTime", i+1)
		}
	}
	return nil
}

// Check says why the plan can't be applied at this time, with this endpoint,
// region and policy; nil where it can. An empty hash is no policy.
func (f *File) Check(now time.Time, oldest time.Duration, endpoint, region, hash string) error {
	age := now.Sub(f.CreatedAt)
	switch {
	case age > oldest:
		return fmt.Errorf("the plan is %s old, and at most %s are allowed: make it anew, or say --max-plan-age", duration.Rough(age), duration.Format(oldest))
	case age < -ahead:
		return fmt.Errorf("the plan was made %s from now: set this machine's clock, or make the plan anew", duration.Rough(age.Abs()))
	case endpoint != f.Endpoint:
		return fmt.Errorf("the plan was made for the endpoint %s, not for %s", f.Endpoint, endpoint)
	case region != f.Region:
		return fmt.Errorf("the plan was made for the region %q, not for %q", f.Region, region)
	case hash != "" && hash != f.Policy.Hash:
		return fmt.Errorf("the plan was made by a policy with the hash %s, not %s: make it anew, or leave --policy out (the plan carries its policy)", f.Policy.Hash, hash)
	}
	return nil
}
