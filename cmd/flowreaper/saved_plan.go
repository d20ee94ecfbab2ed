package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/beside"
	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/plan"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// savedPlan is what apply is told of a saved plan, and what the plan says.
type savedPlan struct {
	file   string
	expect string
	allow  int
	oldest time.Duration
	now    func() time.Time

	stops   result.Recording // never nil once the plan is read
	allowed bool
}

func (p *savedPlan) flags(cmd *cobra.Command) {
	p.now = time.Now
	flags := cmd.Flags()
	flags.StringVar(&p.file, "plan", "", "carry out the plan that 'flowreaper plan --out' saved in this `FILE`")
	flags.StringVar(&p.expect, "expect", "", "carry out the plan with this `FINGERPRINT`, which 'flowreaper plan --out' printed, and no other")
	flags.IntVar(&p.allow, "allow", 0, "let the plan pass the policy's limits, this once: the `NUMBER` of stops in it")
	flag.Duration(flags, &p.oldest, "max-plan-age", 24*time.Hour, "refuse a plan older than this `DURATION`")
}

// check refuses flags that don't go together.
func (p *savedPlan) check(s *settings) error {
	switch {
	case p.file == "" && p.allow != 0:
		return errors.New("--allow is for a plan that a person has read: give it with --plan")
	case p.file == "" && s.given("expect"):
		return errors.New("--expect is the fingerprint of a saved plan: give the plan with --plan")
	case p.file != "" && len(s.flows) > 0:
		return errors.New("--flow doesn't go with --plan: the plan says what is stopped")
	case p.allow < 0 || p.oldest <= 0:
		return errors.New("--allow and --max-plan-age must be more than 0")
	}
	return nil
}

// read reads the plan and returns the policy that it carries. What isn't said
// on the command line is as it was when the plan was made; what is must agree.
func (p *savedPlan) read(s *settings) (*policy.Policy, error) {
	var expected plan.Fingerprint
	var err error
	if s.given("expect") { // an empty one, of a variable that isn't set perhaps, is no leave to skip it
		if expected, err = plan.ParseFingerprint(p.expect); err != nil {
			return nil, fmt.Errorf("--expect: %w", err)
		}
	}
	file, carried, err := plan.Read(p.file, expected)
	if err != nil {
		return nil, err
	}
	named := s.endpoint != "" || s.region != ""
	if !named {
		s.endpoint, s.region = file.Endpoint, file.Region
	}
	endpoint, err := cloudflow.ParseEndpoint(s.endpoint, s.region)
	if err != nil {
		return nil, err
	}
	// Whoever wrote the file must not choose where signed requests go.
	if !named && !endpoint.CloudFlows() {
		return nil, fmt.Errorf("the plan was made for the endpoint %s, which is not CloudFlow's own: if it is yours, say so with --endpoint", endpoint)
	}
	hash := ""
	if s.policyFile != "" {
		given, err := policyfile.Read(s.policyFile)
		if err != nil {
			return nil, err
		}
		hash = given.Hash
	}
	if err := file.Check(p.now(), p.oldest, endpoint.String(), s.region, hash); err != nil {
		return nil, err
	}
	if p.allow != 0 && p.allow != len(file.Stops) {
		return nil, fmt.Errorf("--allow %d is not the number of stops in the plan: read the plan again", p.allow)
	}
	s.policyFile = p.file
	p.stops, p.allowed = file.Stops, p.allow != 0
	return carried, nil
}

// save saves a plan, also of what would be withheld, since a person may let it
// pass. A plan that failed for another reason is none. It says how to hold apply to
// this very file, and returns what the page for reviewers says of it.
func (t *terminal) save(name string, s *sweeping, stops result.Recording, failure error) (note []string, err error) {
	var failed *result.Error
	if errors.As(failure, &failed) && failed.Code != result.CodeWithheld {
		t.say("%s was not written: the plan failed\n", report.Plain(name))
		return nil, nil
	}
	text, err := os.ReadFile(s.policyFile)
	if err != nil {
		return nil, fmt.Errorf("the policy can't be read: %w", err)
	}
	read, err := policy.ParseWith(s.policyFile, text, beside.Of(s.policyFile))
	if err != nil || read.Hash != s.options.Policy.Hash {
		return nil, fmt.Errorf("%s has changed while the plan was made: plan again", s.policyFile)
	}
	kept := stops.Tellable()
	fingerprint, err := plan.Write(name, &plan.File{
		CreatedAt: time.Now().UTC().Truncate(time.Second), Endpoint: s.at.String(), Region: s.region,
		Policy: plan.PolicyOf(read, text), Stops: kept,
	})
	if err != nil {
		return nil, err
	}
	name = report.Plain(name)
	t.say("flowreaper: saved %s, fingerprint %s\n", name, fingerprint)
	if left := len(stops) - len(kept); left > 0 {
		t.say("flowreaper: it leaves out %s without a startedTime, by which it would be told from another of its name\n", plain.Count(left, "execution"))
	}
	return []string{fmt.Sprintf("This plan is %s, with the fingerprint %s.\n"+
		"Once you agree, have it carried out by: flowreaper apply --plan %s --expect %[2]s\n"+
		"Without --expect, or --policy, whoever can write the file decides what is stopped.", name, fingerprint, name)}, nil
}
