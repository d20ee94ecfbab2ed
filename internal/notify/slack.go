package notify

import (
	"strings"

	"github.com/flowreaper/flowreaper/policy"
)

// slack is how Slack's incoming webhooks answer: with "ok", or with a status and a word. They cut
// a text of more than 40,000 characters, and take about one message a second, else
// they answer 429 with Retry-After. They sign nothing: their URL is the secret.
//
// Sources: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, …/apis/web-api/rate-limits,
// …/messaging/formatting-message-text, and for the words
// api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks.
var slack = &robot{
	name: "Slack",
	hints: []hint{
		{"invalid_token", "", checkSlack}, {"no_service", "", checkSlack}, {"no_team", "", checkSlack}, {"no_active_hooks", "", checkSlack},
		{"channel_not_found", "", "the webhook's channel is gone: add a webhook to another one, and give its URL"},
		{"channel_is_archived", "", "the webhook's channel is archived: restore it, or add a webhook to another one, and give its URL"},
		{"action_prohibited", "", "the workspace lets no webhook post there: ask its administrator"},
		{"posting_to_general_channel_denied", "", "the workspace lets no webhook post there: ask its administrator"},
		{"invalid_payload", "", shorten}, {"msg_too_long", "", shorten},
		{"rate_limited", "", "a webhook takes about one message a second"},
	},
}

const checkSlack = "the webhook is gone, or has another URL now: copy the URL from the app's page Incoming Webhooks"

// slackMessage is a webhook's message in Slack's own markdown, mrkdwn, of which what stands in <> mentions
// people. What stands in it makes no previews of links.
func slackMessage(m Message, people []string) (any, bool) {
	return struct {
		Text        string `json:"text"`
		UnfurlLinks bool   `json:"unfurl_links"`
		UnfurlMedia bool   `json:"unfurl_media"`
	}{Text: ending(marked(m.Text, "*"), each(people, slackMention))}, true
}

func slackMention(who string) string {
	switch {
	case who == policy.Everybody:
		return "<!channel>"
	case who == "here":
		return "<!here>"
	case strings.HasPrefix(who, "S"):
		return "<!subteam^" + who + ">"
	}
	return "<@" + who + ">"
}
