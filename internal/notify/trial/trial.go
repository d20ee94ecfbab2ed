// Package trial is the terminal's command that tries a policy's channels.
package trial

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/policy"
)

// trial is what one command line asks for.
type trial struct {
	getenv  func(string) string
	environ []string
	out     io.Writer

	file     string
	names    []string // of channels; none: all
	policy   *policy.Policy
	channels []policy.Channel
}

// Command is notify.
func Command(getenv func(string) string, environ []string, out io.Writer) *cobra.Command {
	t := &trial{getenv: getenv, environ: environ, out: out}
	cmd := &cobra.Command{
		Use:   "notify --policy FILE",
		Short: "Send the channels of a policy a message, to see whether it arrives",
		Long: `Sends each channel of a policy's notify a message which says that it is a trial, and says what each answered: whether its URL and its
secret are right, and whether the far end takes its template or its body. It calls no CloudFlow, stops nothing, and mentions nobody.

The URLs and secrets are read from the variables that the policy names. Set them here as the function has them.

A robot's template is filled in with an execution named trial that was stopped; a webhook is sent the same as planned, since it may count.

Exit status: 0 all took it · 1 some didn't · 2 wrong usage or policy`,
		Example: "  flowreaper notify --policy policy.yaml\n  flowreaper notify --policy policy.yaml --channel oncall",
		Args:    flag.NoArguments,
		PreRunE: func(*cobra.Command, []string) error { return t.read() },
		RunE:    func(cmd *cobra.Command, _ []string) error { return t.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&t.file, "policy", getenv("FLOWREAPER_POLICY"), "the policy `FILE` (or FLOWREAPER_POLICY)")
	cmd.Flags().StringArrayVar(&t.names, "channel", nil, "only the channel of this `NAME`; again for more")
	return cmd
}

// read reads the policy, and which of its channels are meant.
func (t *trial) read() (err error) {
	if t.file == "" {
		return policyfile.Misspelt(t.environ, errors.New("no policy is given: name its file with --policy"))
	}
	t.policy, err = policyfile.Read(t.file)
	if err := policyfile.Misspelt(t.environ, err, t.policy); err != nil {
		return err
	}
	if len(t.policy.Notify) == 0 {
		return fmt.Errorf("%s has no channel: notify at its top has them", t.file)
	}
	if len(t.names) == 0 {
		t.channels = t.policy.Notify
	}
	for _, name := range t.names {
		c, err := t.named(name)
		if err != nil {
			return err
		}
		t.channels = append(t.channels, c)
	}
	return nil
}

func (t *trial) named(name string) (policy.Channel, error) {
	var all []string
	for _, c := range t.policy.Notify {
		if c.Name == name {
			return c, nil
		}
		all = append(all, c.Name)
	}
	return policy.Channel{}, fmt.Errorf("there is no channel %q%s", plain.Clip(name, 64), spelling.DidYouMean(name, all))
}

// run tells the channels, and says of each what came of it.
func (t *trial) run(ctx context.Context) error {
	failed, err := notify.Try(ctx, t.policy, t.channels, notify.Options{Getenv: t.getenv})
	if err != nil {
		return err
	}
	not := map[string]string{}
	for _, e := range failed {
		not[e.Channel] = e.Text
	}
	for _, c := range t.channels {
		said := "took it; see whether it is there"
		if text := not[c.Name]; text != "" {
			said = "not told: " + text
		}
		if _, err := fmt.Fprint(t.out, plain.Lines(fmt.Sprintf("%s (%s): %s\n", c.Name, c.Kind, said))); err != nil {
			return err
		}
	}
	if len(not) > 0 {
		return fmt.Errorf("not told: %d of %s", len(not), plain.Count(len(t.channels), "channel"))
	}
	return nil
}
