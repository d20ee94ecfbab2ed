package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/flowreaper/flowreaper/internal/beside"
	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/environment"
	"github.com/flowreaper/flowreaper/policy"
)

// settings is what the environment says. An empty variable is an unset one.
type settings struct {
	policyFile string          // FLOWREAPER_POLICY
	off        bool            // FLOWREAPER_MODE=off: nothing is called, let alone stopped
	mode       policy.Mode     // FLOWREAPER_MODE=plan softens the policy's mode; enforce, the default, changes nothing
	endpoint   string          // FLOWREAPER_ENDPOINT; "" is the region's
	region     string          // FLOWREAPER_REGION; "" is the function's own
	state      string          // FLOWREAPER_STATE: where knowledge outlives the process; "" nowhere
	tick       time.Duration   // FLOWREAPER_TICK: the time between two timer events
	rates      cloudflow.Rates // FLOWREAPER_RATES; those that are missing have the default
}

const (
	defaultTick = time.Minute
	leastTick   = 15 * time.Second // ten of them are for verifying and reporting
	longestTick = 24 * time.Hour
)

func readSettings(getenv func(string) string) (settings, error) {
	s := settings{
		policyFile: inPackage(cmp.Or(getenv("FLOWREAPER_POLICY"), "policy.yaml"), getenv("FC_FUNC_CODE_PATH")),
		mode:       policy.ModeEnforce,
		endpoint:   getenv("FLOWREAPER_ENDPOINT"),
		region:     getenv("FLOWREAPER_REGION"),
		state:      getenv("FLOWREAPER_STATE"),
	}
	if err := s.readPace(getenv("FLOWREAPER_TICK"), getenv("FLOWREAPER_RATES")); err != nil {
		return s, err
	}
	if s.state != "" && !filepath.IsAbs(s.state) {
		return s, fmt.Errorf("FLOWREAPER_STATE is %q: give an absolute path, on a mounted OSS bucket or NAS; the function's own folder doesn't outlive its process", s.state)
	}
	switch mode := getenv("FLOWREAPER_MODE"); mode {
	case "", "enforce":
	case "plan":
		s.mode = policy.ModePlan
	case "off":
		s.off, s.mode = true, policy.ModePlan
	default:
		return s, fmt.Errorf("FLOWREAPER_MODE is %q: set it to plan, off or enforce, or leave it unset (which is enforce); nothing is done until then", mode)
	}
	if err := cloudflow.CheckDebug(getenv("DEBUG")); err != nil {
		return s, err
	}
	if s.endpoint != "" || s.region != "" {
		if _, err := cloudflow.ParseEndpoint(s.endpoint, s.region); err != nil {
			return s, fmt.Errorf("FLOWREAPER_ENDPOINT, FLOWREAPER_REGION: %w", err)
		}
	}
	return s, nil
}

// readPace reads how often sweeps come, and how fast they may call.
func (s *settings) readPace(tick, rates string) (err error) {
	s.tick = defaultTick
	if tick != "" {
		if s.tick, err = duration.Parse(tick); err != nil || s.tick < leastTick || s.tick > longestTick {
			return fmt.Errorf("FLOWREAPER_TICK is %q: set it to the time between two timer events, %s to %s, such as 1m, or leave it unset (which is 1m)", tick, duration.Format(leastTick), duration.Format(longestTick))
		}
	}
	s.rates, err = cloudflow.ParseRates(rates)
	return err
}

// inPackage resolves a relative path against the folder of the function's
// code, which is the binary's where Function Compute doesn't name it.
func inPackage(name, codePath string) string {
	if filepath.IsAbs(name) {
		return name
	}
	if codePath == "" {
		if binary, err := os.Executable(); err == nil {
			codePath = filepath.Dir(binary)
		}
	}
	return filepath.Join(codePath, name)
}

// readWith says what is wrong with a policy or a fleet that was read, err, or with the
// names in the environment. Mistakes come first: what has them may name variables of its
// own, which are others.
func readWith(environ, others []string, err error) error {
	if mistakes := policy.Errors(nil); errors.As(err, &mistakes) {
		return fail(policyError, err)
	}
	if misspelt := environment.Check(environ, others); misspelt != nil {
		return fail(configError, errors.Join(misspelt, err))
	}
	if err != nil {
		return fail(policyError, err)
	}
	return nil
}

// loadPolicy reads and compiles the policy. Its errors name file, line and
// column.
func loadPolicy(file string) (*policy.Policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the policy can't be read: %w; put it there, or set FLOWREAPER_POLICY to where it is", err)
	}
	return policy.ParseWith(file, text, beside.Of(file))
}
