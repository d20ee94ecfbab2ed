package notify

// weCom is how the group robots of WeCom (Enterprise WeChat) answer. They refuse more than 4,096
// bytes of markdown, and more than 20 messages a minute. They sign nothing: their URL,
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

// weComMessage is a robot's markdown message, which knows headings and bold.
func weComMessage(m Message) any {
	type markdown struct {
		Content string `json:"content"`
	}
	return struct {
		MsgType  string   `json:"msgtype"`
		Markdown markdown `json:"markdown"`
	}{"markdown", markdown{m.Text}}
}
