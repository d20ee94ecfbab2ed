package look

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/flowreaper/flowreaper/internal/audit"
	auditshow "github.com/flowreaper/flowreaper/internal/audit/show"
	"github.com/flowreaper/flowreaper/internal/connect"
	"github.com/flowreaper/flowreaper/internal/doctor"
	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/screen"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// Command is a command over the places of a fleet: it prints one report with a part a place.
// Its errors are a [Partly] where not all is well somewhere.
type Command struct {
	Looker
	Places   []*fleet.Place
	Out, Err io.Writer
	JSON     bool
	Style    report.Style
}

// Partly says that some places told what was asked, and some didn't.
type Partly struct{ error }

// Open chooses the places that the globs name, and looks for the credentials with which
// their roles are assumed.
func (c *Command) Open(ctx context.Context, f *fleet.Fleet, globs []string) (err error) {
	if c.Places, err = f.Select(globs); err != nil {
		return connect.Refuse(fmt.Errorf("--place: %w", err))
	}
	c.Keys, err = connect.Credentials(ctx, c.Getenv)
	return err
}

// Plan shows what would be stopped now. o lacks the policies, and whom to ask; counts says
// that a ledger a place counts what was stopped before.
func (c *Command) Plan(ctx context.Context, o sweep.Options, counts bool) error {
	plan := func(ctx context.Context, p *fleet.Place) (*result.Report, error) {
		r, err := c.Looker.Plan(ctx, p, o, counts)
		if err != nil && r != nil {
			err = errors.New(plain.Text(err.Error()) + report.NextStep(r, err))
		}
		return r, err
	}
	return each(ctx, c, plan, func(r *result.Report) error { return report.Text(c.Out, r, c.Style) })
}

// Doctor asks what reading alone can tell. People are shown no questions that a fleet isn't
// asked, with flags that it hasn't got.
func (c *Command) Doctor(ctx context.Context) error {
	return each(ctx, c, c.Looker.Doctor, func(r *doctor.Report) error {
		asked := *r
		asked.Answers = slices.DeleteFunc(slices.Clone(r.Answers), func(a doctor.Answer) bool { return a.State == doctor.NotAsked })
		return doctor.Text(c.Out, &asked, c.Style)
	})
}

// Audit reads what was stopped. o lacks the policies, and whom to ask.
func (c *Command) Audit(ctx context.Context, o audit.Options) error {
	read := func(ctx context.Context, p *fleet.Place) (*audit.Result, error) { return c.Looker.Audit(ctx, p, o) }
	return each(ctx, c, read, func(r *audit.Result) error { return auditshow.Text(c.Out, r, c.Style) })
}

// each does something in each place, and prints what came. text prints one part's.
func each[R any](ctx context.Context, c *Command, do func(context.Context, *fleet.Place) (*R, error), text func(*R) error) error {
	draw, done := screen.Bar(c.Err)
	n := 0
	parts := fleet.Each(ctx, c.Places, do, func(last fleet.Part[R]) {
		if n++; draw != nil {
			draw(float64(n)/float64(len(c.Places)), fmt.Sprintf("%d of %d places, at last %s", n, len(c.Places), last.Place.Name))
		}
	})
	done()
	write := func() error { return Text(c.Out, parts, text) }
	if c.JSON {
		write = func() error { return JSON(c.Out, parts) }
	}
	if err := write(); err != nil {
		return err
	}
	nothing, short := Shortfall(parts)
	if short != nil && !nothing {
		return Partly{short}
	}
	return short
}
