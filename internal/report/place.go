package report

import (
	"strings"

	"github.com/flowreaper/flowreaper/internal/result"
)

// place says where it was, as far as that is known: who looks after many accounts
// must not mend another.
func place(r *result.Report) string {
	var parts []string
	for _, part := range []struct{ what, value string }{
		{"account ", r.Account}, {"region ", r.Region}, {"", r.Endpoint},
	} {
		if part.value != "" {
			parts = append(parts, part.what+Plain(part.value))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	text := "In " + strings.Join(parts, ", ")
	if r.Flowreaper != "" {
		text += ", by flowreaper " + Plain(r.Flowreaper)
	}
	return text + "."
}
