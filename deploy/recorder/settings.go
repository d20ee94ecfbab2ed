package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/environment"
	"github.com/flowreaper/flowreaper/internal/history/record"
)

// own are the variables that the recorder reads and the function doesn't.
var own = []string{"FLOWREAPER_HISTORY", "FLOWREAPER_SINCE", "FLOWREAPER_WITH_INPUT", "FLOWREAPER_REDACT"}

// settings is what the environment says. An empty variable is an unset one.
type settings struct {
	off      bool             // FLOWREAPER_MODE=off: nothing is called
	endpoint string           // FLOWREAPER_ENDPOINT; "" is the region's
	region   string           // FLOWREAPER_REGION; "" is the function's own
	quota    *cloudflow.Quota // by FLOWREAPER_RATES
	options  record.Options   // FLOWREAPER_HISTORY and the other three
}

func readSettings(getenv func(string) string, environ []string) (settings, error) {
	s := settings{off: getenv("FLOWREAPER_MODE") == "off", endpoint: getenv("FLOWREAPER_ENDPOINT"), region: getenv("FLOWREAPER_REGION")}
	if err := environment.Check(environ, own); err != nil {
		return s, err
	}
	rates, err := cloudflow.ParseRates(getenv("FLOWREAPER_RATES"))
	if err != nil {
		return s, err
	}
	if s.quota, err = cloudflow.NewQuota(rates); err != nil {
		return s, err
	}
	s.options = record.Options{Dir: getenv("FLOWREAPER_HISTORY"), Flowreaper: version, Since: 7 * 24 * time.Hour}
	if !filepath.IsAbs(s.options.Dir) {
		return s, fmt.Errorf("FLOWREAPER_HISTORY is %q: give the absolute path of a folder on a mounted OSS bucket or NAS; the function's own folder doesn't outlive its process", s.options.Dir)
	}
	if since := getenv("FLOWREAPER_SINCE"); since != "" {
		if s.options.Since, err = duration.Parse(since); err != nil || s.options.Since <= 0 {
			return s, fmt.Errorf("FLOWREAPER_SINCE is %q: set it to how far back the first recording goes, such as 30d, or leave it unset (which is 7d)", since)
		}
	}
	if redact := getenv("FLOWREAPER_REDACT"); redact != "" {
		s.options.Redact = strings.Split(redact, ",")
	}
	switch with := getenv("FLOWREAPER_WITH_INPUT"); with {
	case "", "off":
	case "on":
		s.options.Input = true
	default:
		return s, fmt.Errorf("FLOWREAPER_WITH_INPUT is %q: set it to on or off, or leave it unset (which is off)", with)
	}
	if err := s.options.Check(); err != nil {
		return s, fmt.Errorf("FLOWREAPER_REDACT: %w", errors.Unwrap(err)) // which names a flag
	}
	return s, cloudflow.CheckDebug(getenv("DEBUG"))
}
