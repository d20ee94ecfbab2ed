package ram

import (
	"fmt"
	"io"
	"strings"
)

// Text writes each document beneath a line that says where it goes.
func (f *Fleet) Text(w io.Writer) error {
	page := &page{w: w}
	for i, d := range f.Policies {
		which := ""
		if n := len(f.Policies); n > 1 {
			which = fmt.Sprintf(", %d of %d", i+1, n)
		}
		page.put(fmt.Sprintf("A policy for %s%s:", strings.Join(f.Trusted, " and "), which), d)
	}
	for _, r := range f.Roles {
		places := strings.Join(r.Places, ", ")
		page.put(fmt.Sprintf("The trust policy of %s, the role of %s:", r.ARN, places), r.Trust)
		page.put(fmt.Sprintf("A policy for %s, the role of %s:", r.ARN, places), r.Policy)
	}
	return page.err
}

// page is documents, with an empty line between two.
type page struct {
	w    io.Writer
	some bool
	err  error
}

func (p *page) put(heading string, d Document) {
	if p.err == nil && p.some {
		_, p.err = fmt.Fprintln(p.w)
	}
	if p.some = true; p.err == nil {
		_, p.err = fmt.Fprintf(p.w, "# %s\n", heading)
	}
	if p.err == nil {
		p.err = d.Text(p.w)
	}
}
