package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// dingTalk is how DingTalk's robots answer. They refuse a message of more than 20,000 bytes,
// and more than 20 messages a minute; whoever sends more is refused for ten minutes.
//
// Sources: open.dingtalk.com/document/orgapp/custom-robots-send-group-messages, and
// …/customize-robot-security-settings for the signature and the three refusals that are one
// code.
var dingTalk = &robot{
	name: "DingTalk", code: "errcode", message: "errmsg",
	hints: []hint{
		{"300001", "", checkURL}, {"300005", "", checkURL}, // token is not exist
		{"400101", "", checkURL}, // access_token不存在
		{"400102", "", "the robot is disabled: enable it in the group's settings"},
		{"310000", "timestamp", "the clock here is off by more than an hour: set it"},
		{"310000", "sign", wrongSecret}, {"310000", "签名", wrongSecret},
		{"310000", "keyword", keyword}, {"310000", "关键词", keyword},
		{"310000", "", "check the robot's security settings: its signature, keywords and permitted addresses"},
		{"460101", "", shorten},
		{"130101", "", "a robot sends at most 20 messages a minute, and none for ten minutes after more"}, // send too fast
		{"410100", "", "a robot sends at most 20 messages a minute, and none for ten minutes after more"},
	},
}

// dingTalkMessage is a robot's markdown message. Its at field mentions people, those alone who
// stand in its text, too.
func dingTalkMessage(m Message, people []string) (any, bool) {
	type markdown struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	}
	type at struct {
		Mobiles []string `json:"atMobiles,omitempty"`
		UserIDs []string `json:"atUserIds,omitempty"`
		IsAtAll bool     `json:"isAtAll"`
	}
	all := slices.Contains(people, policy.Everybody)
	if all {
		people = nil
	}
	mobiles, ids := byNumber(people)
	return struct {
		MsgType  string   `json:"msgtype"`
		Markdown markdown `json:"markdown"`
		At       at       `json:"at"`
	}{"markdown", markdown{m.Title, ending(m.Text, each(people, func(who string) string { return "@" + who }))}, at{mobiles, ids, all}}, true
}

// signDingTalk puts timestamp and sign behind the URL's query.
func signDingTalk(e *envelope, secret string, now time.Time) {
	timestamp := strconv.FormatInt(now.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "\n" + secret))
	sign := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	e.url.RawQuery = strings.TrimPrefix(e.url.RawQuery+"&timestamp="+timestamp+"&sign="+url.QueryEscape(sign), "&")
}
