package look

import (
	"fmt"
	"io"
	"strings"

	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
)

// part is one of a fleet's report.
type part struct {
	Place   string `json:"place"`
	Account string `json:"account"`
	Region  string `json:"region"`
	Error   string `json:"error,omitempty"`
	Report  any    `json:"report,omitempty"`
}

// JSON writes one report with a part a place.
func JSON[R any](w io.Writer, parts []fleet.Part[R]) error {
	all := make([]part, len(parts))
	for i, p := range parts {
		all[i] = part{Place: p.Place.Name, Account: p.Place.Account, Region: p.Place.Region}
		if p.Err != nil {
			all[i].Error = plain.Lines(p.Err.Error())
		}
		if p.Result != nil {
			all[i].Report = p.Result
		}
	}
	return report.JSON(w, struct {
		Version int    `json:"version"`
		Places  []part `json:"places"`
	}{1, all})
}

// Text writes it for people. text writes one part's.
func Text[R any](w io.Writer, parts []fleet.Part[R], text func(*R) error) error {
	for _, p := range parts {
		if _, err := fmt.Fprintf(w, "== %s (account %s, %s)\n", p.Place.Name, p.Place.Account, p.Place.Region); err != nil {
			return err
		}
		if p.Result != nil {
			if err := text(p.Result); err != nil {
				return err
			}
		}
		ends := ""
		if p.Err != nil {
			ends = "not all is well: " + plain.Lines(p.Err.Error()) + "\n"
		}
		if _, err := fmt.Fprintln(w, ends); err != nil {
			return err
		}
	}
	return nil
}

const mostNamed = 10

// Shortfall says in which places not all is well; nil where all is. nothing says that no
// place told anything.
func Shortfall[R any](parts []fleet.Part[R]) (nothing bool, err error) {
	var ill []string
	nothing = true
	for _, p := range parts {
		nothing = nothing && p.Result == nil
		if p.Err != nil {
			ill = append(ill, p.Place.Name)
		}
	}
	n := len(ill)
	switch {
	case n == 0:
		return false, nil
	case nothing && len(parts) == 1:
		return true, fmt.Errorf("nothing could be done in %s; see the report", ill[0])
	case nothing:
		return true, fmt.Errorf("nothing could be done in any of %s; see the report", plain.Count(len(parts), "place"))
	}
	if n > mostNamed {
		ill = append(ill[:mostNamed:mostNamed], fmt.Sprintf("and %d more", n-mostNamed))
	}
	return false, fmt.Errorf("done in part: not all is well in %s of %d: %s; see the report", plain.Count(n, "place"), len(parts), strings.Join(ill, ", "))
}
