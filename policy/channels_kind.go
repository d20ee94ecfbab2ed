package policy

import (
	"net/url"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// ChannelKind is a way to send messages.
type ChannelKind string

const (
	Webhook   ChannelKind = "webhook"
	DingTalk  ChannelKind = "dingtalk"
	Feishu    ChannelKind = "feishu" // and Lark, which is the same elsewhere
	WeCom     ChannelKind = "wecom"
	SlackHook ChannelKind = "slack"
)

// knownKind is what a policy says of a kind of channel. How it is told internal/notify knows.
type knownKind struct {
	name   ChannelKind
	others []string // what people call it, too, in lower case
	signs  bool     // its messages, by secretEnv
	robots []robot  // where the URLs of its robots lead

	mentions func(person string) bool // besides all; nil: nobody
	people   string                   // whom it mentions, in words
}

// robot is where a robot's URL leads. The hosts have other things, too, such as Slack's
// triggers of workflows, which take any JSON and are a webhook's.
type robot struct{ host, path string }

var knownKinds = []knownKind{
	{name: Webhook, others: []string{"http", "https", "hook"}, signs: true},
	{
		name: DingTalk, others: []string{"ding", "dingding", "钉钉"}, signs: true, robots: []robot{{"oapi.dingtalk.com", "/robot/"}},
		mentions: isMobileOrMember, people: "a mobile number, a member's ID in dingtalk, or all",
	},
	{
		name: Feishu, others: []string{"lark", "larksuite", "飞书"}, signs: true,
		robots:   []robot{{"open.feishu.cn", "/open-apis/bot/"}, {"open.larksuite.com", "/open-apis/bot/"}},
		mentions: isFeishuID, people: "the open_id (ou_…) or user_id of a member, or all: a robot of Feishu's knows no mobile numbers or names",
	},
	{
		name: WeCom, others: []string{
			"wechat", "wechatwork", "wechat-work", "enterprise-wechat", "workwechat", "work-wechat", "weixin", "qyweixin", "wxwork", "wework", "qywx", "企业微信",
		},
		robots:   []robot{{"qyapi.weixin.qq.com", "/cgi-bin/webhook/"}},
		mentions: isMobileOrMember, people: "a mobile number, a member's ID in wecom, or all",
	},
	{
		name: SlackHook, robots: []robot{{"hooks.slack.com", "/services/"}, {"hooks.slack-gov.com", "/services/"}},
		mentions: isSlackID, people: "a member's ID such as U012AB3CD, a user group's such as S012AB3CD, here or all",
	},
}

// ChannelKinds are all kinds, in the order in which they are told.
func ChannelKinds() (all []ChannelKind) {
	for _, k := range knownKinds {
		all = append(all, k.name)
	}
	return all
}

// known is what is known of a kind; nothing of one that isn't there.
func (k ChannelKind) known() knownKind {
	i := slices.IndexFunc(knownKinds, func(one knownKind) bool { return one.name == k })
	if i < 0 {
		return knownKind{}
	}
	return knownKinds[i]
}

// Signs says whether messages of this kind can be signed by a secret.
func (k ChannelKind) Signs() bool { return k.known().signs }

func (d *decoder) channelKind(channel *yamltree.Node, f map[string]*yamltree.Node) ChannelKind {
	all := ChannelKinds()
	if lacks(f, "kind") {
		d.fail(channel.Position, "kind is missing: give %s", plain.OneOf(all))
	}
	return choice(d, f["kind"], "kind", all...)
}

func named[T ~string](all []T) []string {
	var names []string
	for _, one := range all {
		names = append(names, string(one))
	}
	return names
}

// robotAt is the kind of robot that a URL leads to; "" where it is none that is known.
func robotAt(u *url.URL) ChannelKind {
	for _, k := range knownKinds {
		for _, at := range k.robots {
			if strings.EqualFold(u.Hostname(), at.host) && strings.HasPrefix(u.Path, at.path) {
				return k.name
			}
		}
	}
	return ""
}

// example is a URL of this kind.
func (k ChannelKind) example() string {
	if robots := k.known().robots; len(robots) > 0 {
		return "https://" + robots[0].host + robots[0].path + "…"
	}
	return "https://example.com/hook"
}
