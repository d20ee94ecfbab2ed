package policy

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/spelling"
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

var channelKinds = []ChannelKind{Webhook, DingTalk, Feishu, WeCom, SlackHook}

// otherNames are what people call the kinds, too.
var otherNames = map[string]ChannelKind{
	"http": Webhook, "https": Webhook, "hook": Webhook,
	"ding": DingTalk, "dingding": DingTalk, "钉钉": DingTalk,
	"lark": Feishu, "larksuite": Feishu, "飞书": Feishu,
	"wechat": WeCom, "wechatwork": WeCom, "wechat-work": WeCom, "enterprise-wechat": WeCom, "workwechat": WeCom, "work-wechat": WeCom,
	"weixin": WeCom, "qyweixin": WeCom, "wxwork": WeCom, "wework": WeCom, "qywx": WeCom, "企业微信": WeCom,
}

func (d *decoder) channelKind(channel *yamltree.Node, f map[string]*yamltree.Node) ChannelKind {
	if lacks(f, "kind") {
		d.fail(channel.Position, "kind is missing: give %s", plain.OneOf(channelKinds))
	}
	n := f["kind"]
	text, ok := d.scalar(n, "kind", plain.OneOf(channelKinds))
	if !ok || slices.Contains(channelKinds, ChannelKind(text)) {
		return ChannelKind(text)
	}
	meant := ""
	if near := cmp.Or(string(otherNames[strings.ToLower(text)]), spelling.Nearest(text, named(channelKinds))); near != "" {
		meant = fmt.Sprintf("; did you mean %q?", near)
	}
	d.fail(n.Position, "kind must be %s, but is %s%s", plain.OneOf(channelKinds), n.Describe(), meant)
	return ""
}

func named[T ~string](all []T) []string {
	var names []string
	for _, one := range all {
		names = append(names, string(one))
	}
	return names
}

// robots are where the URLs of robots lead. The hosts have other things, too, such as
// Slack's triggers of workflows, which take any JSON and are a webhook's.
var robots = []struct {
	kind       ChannelKind
	host, path string
}{
	{DingTalk, "oapi.dingtalk.com", "/robot/"},
	{Feishu, "open.feishu.cn", "/open-apis/bot/"},
	{Feishu, "open.larksuite.com", "/open-apis/bot/"},
	{WeCom, "qyapi.weixin.qq.com", "/cgi-bin/webhook/"},
	{SlackHook, "hooks.slack.com", "/services/"},
	{SlackHook, "hooks.slack-gov.com", "/services/"},
}

// robotAt is the kind of robot that a URL leads to; "" where it is none that is known.
func robotAt(u *url.URL) ChannelKind {
	for _, robot := range robots {
		if strings.EqualFold(u.Hostname(), robot.host) && strings.HasPrefix(u.Path, robot.path) {
			return robot.kind
		}
	}
	return ""
}

// Fits says what is wrong with a URL for a channel of this kind: it is that of another
// kind's robot, which would refuse what it is sent, most of them with HTTP 200.
func (k ChannelKind) Fits(u *url.URL) error {
	if at := robotAt(u); k != "" && at != "" && at != k {
		return fmt.Errorf("that of a %s robot, and the channel's kind is %s: say kind: %s", at, k, at)
	}
	return nil
}
