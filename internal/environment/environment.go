// Package environment knows the variables by which people configure flowreaper, the
// brake among them, and refuses what was probably meant to be one: FLOWREAPER_MOD=off
// that is passed over stops production.
package environment

import (
	"errors"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/spelling"
)

const prefix = "FLOWREAPER_"

// known are the variables that the function, or the terminal, reads, without their
// prefix.
var known = []string{"ENDPOINT", "FLEET", "MODE", "POLICY", "RATES", "REGION", "STATE", "TICK"}

// wished are the words that people reach for who want one of them.
var wished = []struct{ words, write string }{
	{"DRY DRYRUN NOOP PLAN PLANONLY TEST", "MODE=plan"},
	{"OFF STOP STOPPED BRAKE DISABLE DISABLED PAUSE PAUSED SUSPEND KILL KILLSWITCH", "MODE=off"},
	{"ON ENABLE ENABLED ENFORCE ACTIVE", "MODE"},
	{"CONFIG FILE POLICYFILE RULES", "POLICY"},
	{"INTERVAL EVERY PERIOD", "TICK"},
	{"QUOTA QUOTAS LIMITS", "RATES"},
	{"STATEFILE MEMORY", "STATE"},
	{"URL HOST", "ENDPOINT"},
	{"PLACES ACCOUNTS", "FLEET"},
}

// Check refuses what looks like a variable of flowreaper's in an environment, as
// [os.Environ] returns one, and is none. Others are passed over: those that the
// policy names. An empty variable is an unset one. What a variable holds is not
// said: it may be a secret.
func Check(environ, others []string) error {
	var wrong []string
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		end, exact := strings.CutPrefix(name, prefix)
		if value == "" || exact && slices.Contains(known, end) || slices.Contains(others, name) {
			continue
		}
		if meant, ours := meaning(name); ours {
			wrong = append(wrong, name+" is none of flowreaper's variables"+meant)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return errors.New(strings.Join(append(slices.Compact(wrong), nextStep), "\n"))
}

var nextStep = "Nothing is done until it is renamed, or unset. There are " + prefix + strings.Join(known, ", "+prefix) +
	", and those that the policy names with urlEnv and secretEnv"

// meaning says whether a name was meant for flowreaper, and for which variable: it
// begins as they do, in whatever case and with or without a dash between words; or
// it is one but for two letters.
func meaning(name string) (meant string, ours bool) {
	first := strings.TrimSuffix(prefix, "_")
	end, ours := strings.CutPrefix(bare(name), first)
	if !ours {
		var whole []string
		for _, k := range known {
			whole = append(whole, first+k)
		}
		near := spelling.Within(2, bare(name), whole)
		if near == "" {
			return "", false
		}
		end = strings.TrimPrefix(near, first)
	}
	near := spelling.Nearest(end, known)
	if end == "" { // it is what a flow's own environment has
		near = "MODE"
	}
	if near != "" {
		return "; did you mean " + prefix + near + "?", true
	}
	for _, w := range wished {
		if slices.Contains(strings.Fields(w.words), end) {
			return "; did you mean " + prefix + w.write + "?", true
		}
	}
	return "", true
}

// bare is a name in capital letters, without what separates its words.
func bare(name string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if strings.ContainsRune("_-. ", r) {
			return -1
		}
		return r
	}, name))
}
