package notify

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// feishu is how the custom robots of Feishu and Lark answer. They refuse a body of more than
// 20 KB, and more than 100 messages a minute or 5 a second.
//
// Source: open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
var feishu = &robot{
	name: "Feishu", code: "code", message: "msg",
	hints: []hint{
		{"19001", "", checkURL}, // param invalid: incoming webhook access token invalid
		{"19021", "", wrongSecret + "; the clock here may be off by an hour at most"},
		{"19022", "", "the robot permits certain addresses alone: add those from which flowreaper goes out, or have it check signatures instead"},
		{"19024", "", keyword},
		{"9499", "", "the body is more than 20 KB, or not what this robot takes: shorten the channel's template, and copy the URL from the group's settings"},
		{"11232", "", "a robot sends at most 100 messages a minute and 5 a second; Feishu refuses some, too, at the full and the half hour"},
	},
}

// feishuMessage is a robot's message: a card, since texts of robots have no markdown. The
// title is the card's, so that it isn't said twice. Tags in the text mention people.
func feishuMessage(m Message, people []string) (any, bool) {
	type element struct {
		Tag     string `json:"tag"`
		Content string `json:"content"`
	}
	type header struct {
		Title element `json:"title"`
	}
	type card struct {
		Header   header    `json:"header"`
		Elements []element `json:"elements"`
	}
	text := strings.TrimSpace(strings.TrimPrefix(m.Text, "#### "+m.Title))
	text = ending(marked(text, "**"), each(people, func(who string) string { return "<at id=" + who + "></at>" }))
	return struct {
		MsgType string `json:"msg_type"`
		Card    card   `json:"card"`
	}{"interactive", card{header{element{"plain_text", m.Title}}, []element{{"markdown", text}}}}, true
}

// signFeishu puts timestamp and sign into the body: base64(HMAC-SHA256) of nothing,
// with the key timestamp + "\n" + secret, the timestamp in seconds.
func signFeishu(e *envelope, secret string, now time.Time) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(timestamp+"\n"+secret))
	sign := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	e.body = fmt.Appendf(nil, `{"timestamp":"%s","sign":"%s",%s`, timestamp, sign, bytes.TrimPrefix(e.body, []byte("{")))
}
