package watch

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// slot is what is known of one slot.
type slot struct {
	stamp
	believed bool
	problem  error // why it isn't; fs.ErrNotExist: it isn't there
}

// stamp tells one writing of a slot from another; zero when it is torn.
type stamp struct {
	generation uint64
	sum        [sha256.Size]byte
}

const (
	stateMagic   = "flowreaper-state"
	stateVersion = 1
)

// seal makes the line before the body, and its sum.
func seal(generation uint64, body []byte) ([]byte, [sha256.Size]byte) {
	line := fmt.Sprintf("%s %d %d %d", stateMagic, stateVersion, generation, len(body))
	sum := sumOf(line, body)
	return []byte(line + " " + hex.EncodeToString(sum[:]) + "\n"), sum
}

func sumOf(line string, body []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write([]byte(line))
	h.Write(body)
	h.Sum(sum[:0])
	return sum
}

// unseal checks a slot and returns its stamp and body. A version that this code
// doesn't know has a stamp and an error: it isn't read, but counts as newer.
func unseal(data []byte) (stamp, []byte, error) {
	header, body, ok := bytes.Cut(data, []byte("\n"))
	fields := strings.Split(string(header), " ")
	if !ok || len(fields) != 5 || fields[0] != stateMagic {
		return stamp{}, nil, errors.New("it is torn, or no state of flowreaper's")
	}
	version, err1 := strconv.Atoi(fields[1])
	generation, err2 := strconv.ParseUint(fields[2], 10, 64)
	length, err3 := strconv.Atoi(fields[3])
	if err := cmp.Or(err1, err2, err3); err != nil || length != len(body) {
		return stamp{}, nil, errors.New("it is torn: its first line doesn't fit its length")
	}
	s := stamp{generation: generation, sum: sumOf(strings.Join(fields[:4], " "), body)}
	if fields[4] != hex.EncodeToString(s.sum[:]) {
		return stamp{}, nil, errors.New("it is torn: its SHA-256 doesn't match")
	}
	if version != stateVersion {
		return s, nil, fmt.Errorf("it is of version %d, this flowreaper reads version %d", version, stateVersion)
	}
	return s, body, nil
}

// parse reads a slot or a claim.
func parse(data []byte) (stamp, *state, error) {
	fresh, body, err := unseal(data)
	if err != nil {
		return fresh, nil, err
	}
	s := new(state)
	if err := json.Unmarshal(body, s); err != nil {
		return fresh, nil, fmt.Errorf("its body isn't what this version writes: %w", err)
	}
	return fresh, s, nil
}
