package notify

import "github.com/flowreaper/flowreaper/policy"

// weCom is how the group robots of WeCom (Enterprise WeChat) answer. They refuse more than 4,096
// bytes of markdown, 2,048 of text, and more than 20 messages a minute. They sign nothing: their URL,
// whose key is the secret, is all they ask for.
//
// Source: developer.work.weixin.qq.com/document/path/91770.
var weCom = &robot{
	name: "WeCom", code: "errcode", message: "errmsg",
	hints: []hint{
		{"93000", "", checkURL}, // invalid webhook url
		{"40058", "max length", shorten},
		{"45009", "", "a robot sends at most 20 messages a minute"}, // api freq out of limit
		{"45033", "", "a robot sends at most 20 messages a minute"}, // api concurrent out of limit
	},
}

// How long texts may be, in bytes.
const (
	weComMarkdown = 4096
	weComText     = 2048
)

// weComMessage is a robot's markdown message, which knows headings and bold; one that mentions
// people is plain text, since markdown mentions neither all nor mobile numbers.
func weComMessage(m Message, people []string) (any, bool) {
	if len(people) > 0 {
		return weComMention(m, people)
	}
	type markdown struct {
		Content string `json:"content"`
	}
	return struct {
		MsgType  string   `json:"msgtype"`
		Markdown markdown `json:"markdown"`
	}{"markdown", markdown{m.Text}}, len(m.Text) <= weComMarkdown
}

func weComMention(m Message, people []string) (any, bool) {
	type text struct {
		Content string   `json:"content"`
		IDs     []string `json:"mentioned_list,omitempty"`
		Mobiles []string `json:"mentioned_mobile_list,omitempty"`
	}
	mobiles, ids := byNumber(people)
	for i, id := range ids {
		if id == policy.Everybody {
			ids[i] = "@all"
		}
	}
	content := marked(m.Text, "")
	return struct {
		MsgType string `json:"msgtype"`
		Text    text   `json:"text"`
	}{"text", text{content, ids, mobiles}}, len(content) <= weComText
}
