package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/page"
	"github.com/flowreaper/flowreaper/internal/history/show"
	"github.com/flowreaper/flowreaper/internal/history/suggest"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/policy"
)

const suggestLong = `Reads a history that flowreaper record wrote, and says of each flow how long its good runs take, those that Succeeded, which
maxRuntime would have stopped hardly any of them, how many hours it would have saved, and how sure that is. Flows whose names have
something in common and that run alike are one group. It needs no network, and changes nothing.

What was stopped, timed out or still runs is no length but a lower bound of one, and is estimated as such (Kaplan and Meier): neither
a hang nor an earlier limit bends the curve. Of a few runs, or where an earlier limit hides how long good runs take, nothing is
suggested, and it says what is lacking. Two kinds of runs, a drift and months' ends that run longer are said, too.

-o html is a page to look at, with the curve of each flow: what other limits would have come to. It loads nothing.
-o yaml prints a policy in mode plan, to paste from, with a rule for the flows whose limits agree; its tests end it as a comment, or
--tests writes them to a file.

Exit status: 0 a limit is suggested · 1 failed · 2 wrong usage, or no history · 3 none is suggested`

// suggesting are the flags of suggest.
type suggesting struct {
	history    string
	flows      []string
	falseStops string
	margin     string
	tests      string
}

// suggestedPolicy is the file, beside the tests', that they test.
const suggestedPolicy = "policy.yaml"

func (t *terminal) newSuggest() *cobra.Command {
	s := &suggesting{}
	cmd := &cobra.Command{
		Use:   "suggest --history DIR",
		Short: "Choose limits from a recorded past, and say how sure they are",
		Long:  suggestLong,
		Example: "  flowreaper suggest --history history\n" +
			"  flowreaper suggest --history history --flow 'etl-*' --false-stops 1/200 --margin 1.3\n" +
			"  flowreaper suggest --history history -o yaml --tests policy.test.yaml > policy.yaml\n" +
			"  flowreaper suggest --history history -o html > limits.html",
		Args: flag.NoArguments,
		RunE: func(*cobra.Command, []string) error { return t.suggest(s) },
	}
	flags := cmd.Flags()
	flags.StringVar(&s.history, "history", "", "the `FOLDER` that flowreaper record wrote")
	flags.StringArrayVar(&s.flows, "flow", nil, "only flows whose names match this `GLOB`; as in a policy, quoted; again for more, of which the last that matches wins")
	flags.StringVar(&s.falseStops, "false-stops", "1/1000", "the `SHARE` of good runs that a limit may stop: 1/1000, 0.1% or 0.001")
	flags.StringVar(&s.margin, "margin", "1.15", "how many times as long as the longest run that shall not be stopped a limit is: `FACTOR`")
	flags.StringVar(&s.tests, "tests", "", "with -o yaml: write the tests, of a policy.yaml beside them, to this `FILE`")
	t.addOutput(cmd, "yaml", "json", "html")
	t.addAll(cmd)
	return cmd
}

// check reads the flags. Its errors are wrong usage.
func (s *suggesting) check(output string) (o suggest.Options, err error) {
	switch {
	case s.history == "":
		return o, errNoHistory
	case s.tests != "" && output != "yaml":
		return o, errors.New("--tests goes with -o yaml, whose policy they test")
	case filepath.Base(s.tests) == suggestedPolicy:
		return o, fmt.Errorf("--tests %s is where the policy goes, which they test: name another file, such as policy.test.yaml", s.tests)
	}
	if o.FalseStops, err = suggest.ParseShare(s.falseStops); err != nil {
		return o, fmt.Errorf("--false-stops %w", err)
	}
	if o.Margin, err = suggest.ParseMargin(s.margin); err != nil {
		return o, fmt.Errorf("--margin %w", err)
	}
	o.Flow, err = policy.FlowGlobs(s.flows)
	return o, err
}

func (t *terminal) suggest(s *suggesting) error {
	o, err := s.check(t.output)
	if err != nil {
		return usageError(err)
	}
	h, err := history.Open(s.history, history.Options{})
	if err != nil {
		return usageError(err)
	}
	defer h.Close()
	flows, sample := h.Flows(), page.NewSample(len(h.Coverage.Flows))
	if t.output == "html" {
		flows = sample.Of(flows)
	}
	r, err := suggest.From(flows, o)
	if err != nil {
		return err
	}
	r.Account, r.Region = h.Coverage.Account, h.Coverage.Region
	if err := t.showSuggested(s, r, sample); err != nil {
		return err
	}
	if why := show.NoSuggestion(r, s.flows); why != "" {
		return &statusError{status: statusPartly, err: errors.New(why)}
	}
	return nil
}

func (t *terminal) showSuggested(s *suggesting, r *suggest.Result, sample *page.Sample) error {
	switch t.output {
	case "html":
		return page.Suggestion(r, sample).Write(t.out)
	case "json":
		return report.JSON(t.out, r)
	case "yaml":
		return t.showPolicy(s, r)
	}
	if len(r.Groups) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(t.out, show.Suggestion(r, t.style(t.out)))
	return err
}

// showPolicy prints the policy, and writes its tests to their file, or else prints
// them as a comment at its end: a policy is one document.
func (t *terminal) showPolicy(s *suggesting, r *suggest.Result) error {
	text, tests := r.Policy(), r.Tests(suggestedPolicy)
	switch {
	case text == "":
		return nil
	case s.tests == "":
		text += "# Its tests, for policy.test.yaml; --tests FILE writes them:\n#\n# " + strings.ReplaceAll(strings.TrimSuffix(tests, "\n"), "\n", "\n# ") + "\n"
	default:
		if err := writeFile(s.tests, func(w io.Writer) error { _, err := io.WriteString(w, tests); return err }); err != nil {
			return err
		}
	}
	_, err := io.WriteString(t.out, text)
	return err
}
