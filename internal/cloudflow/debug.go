package cloudflow

import (
	"fmt"
	"slices"
	"strings"
)

// talkative are the words in DEBUG that have Alibaba Cloud's libraries print to
// stdout what they send and get, security tokens and signatures included. They
// read DEBUG before any code of ours runs, so it can't be silenced.
var talkative = []string{"dara", "tea", "credential"}

// CheckDebug refuses a value of the environment variable DEBUG that would show
// the credentials. New asks it about the process's own; who looks for
// credentials first must ask before.
func CheckDebug(value string) error {
	for word := range strings.SplitSeq(value, ",") {
		if slices.Contains(talkative, word) {
			return fmt.Errorf("DEBUG has the word %s, with which Alibaba Cloud's libraries print every request with its signature and token: take it out", word)
		}
	}
	return nil
}
