package notify

import "github.com/flowreaper/flowreaper/policy"

// What the policy file says of channels is package policy's, which has checked
// it; these are the names that this package speaks of it by.
type (
	Config   []Channel
	Channel  = policy.Channel
	Kind     = policy.ChannelKind
	News     = policy.News
	Language = policy.Language
)

const (
	Webhook  = policy.Webhook
	DingTalk = policy.DingTalk

	Stopped   = policy.NewsStopped
	Withheld  = policy.NewsWithheld
	Failed    = policy.NewsFailed
	Undecided = policy.NewsUndecided

	English = policy.English
	Chinese = policy.Chinese
)

// Check tries the templates of a policy's channels, the one thing in notify
// that only those who write the messages can check. The error, if any, is a
// [policy.Errors].
func Check(p *policy.Policy) error {
	var errs policy.Errors
	for _, c := range p.Notify {
		if err := checkTemplate(c); err != nil {
			errs = append(errs, c.TemplateError(err))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// routes are the channels that hear of each rule that chooses some.
func routes(p *policy.Policy) map[string][]string {
	chosen := map[string][]string{}
	for _, r := range p.Rules {
		if r.Notify != nil {
			chosen[r.Name] = r.Notify
		}
	}
	return chosen
}
