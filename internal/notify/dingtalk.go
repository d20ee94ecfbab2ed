package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// dingTalkMessage is a robot's markdown message. Only its at field can mention
// people, and it mentions none.
func dingTalkMessage(m Message) any {
	type markdown struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	}
	type at struct {
		IsAtAll bool `json:"isAtAll"`
	}
	return struct {
		MsgType  string   `json:"msgtype"`
		Markdown markdown `json:"markdown"`
		At       at       `json:"at"`
	}{"markdown", markdown{m.Title, m.Text}, at{}}
}

// signDingTalk returns the URL with timestamp and sign behind its query.
func signDingTalk(u url.URL, secret string, now time.Time) *url.URL {
	timestamp := strconv.FormatInt(now.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "\n" + secret))
	sign := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	u.RawQuery = strings.TrimPrefix(u.RawQuery+"&timestamp="+timestamp+"&sign="+url.QueryEscape(sign), "&")
	return &u
}

// checkDingTalk reads a robot's answer: HTTP 200 alone says nothing.
func checkDingTalk(answer []byte, redact func(string) string) error {
	var a struct {
		ErrCode *int   `json:"errcode"`
		ErrMsg  string `json:"errmsg"`
	}
	if err := json.Unmarshal(answer, &a); err != nil || a.ErrCode == nil {
		return errors.New("the answer is not DingTalk's: no errcode in it; check the URL")
	}
	if *a.ErrCode == 0 {
		return nil
	}
	return fmt.Errorf("DingTalk answered errcode %d: %s%s", *a.ErrCode, cleanText(redact(a.ErrMsg), maxDetail), dingTalkHint(*a.ErrCode))
}

// dingTalkHint is the next step for the errors that a configuration causes.
func dingTalkHint(code int) string {
	switch code {
	case 300001: // token is not exist
		return "; check the access_token in the channel's URL"
	case 310000: // sign not match, keywords not in content, ip not in whitelist
		return "; check the robot's security settings: the secret of secretEnv, the keyword flowreaper, or the permitted addresses"
	case 130101: // send too fast
		return "; a robot sends at most 20 messages a minute"
	}
	return ""
}
