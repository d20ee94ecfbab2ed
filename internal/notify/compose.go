package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// A kind's format: how texts are cleaned for it, how long its bodies may be in
// bytes, how many items a list begins with, how it is signed and answers.
type format struct {
	clean func(string, int) string
	limit int
	most  int

	// wrap makes the body, as JSON, of a message that mentions these people, and says
	// whether the text in it is short enough.
	wrap func(m Message, at []string) (body any, short bool)

	sign    func(e *envelope, secret string, now time.Time) // nil: nothing is signed
	answers *robot                                          // nil: any 2xx is a success
}

// formats are those of the kinds. A webhook's bound is our own; the others' are told of with
// what they are sent.
var formats = map[policy.ChannelKind]format{
	policy.Webhook:   {clean: cleanText, limit: 256 << 10, most: longest, wrap: func(m Message, _ []string) (any, bool) { return m, true }, sign: signWebhook},
	policy.DingTalk:  {clean: cleanMarkdown, limit: 20_000, most: 20, wrap: dingTalkMessage, sign: signDingTalk, answers: dingTalk},
	policy.Feishu:    {clean: cleanMarkdown, limit: 20_000, most: 20, wrap: feishuMessage, sign: signFeishu, answers: feishu},
	policy.WeCom:     {clean: cleanMarkdown, limit: 8 << 10, most: 20, wrap: weComMessage, answers: weCom},
	policy.SlackHook: {clean: cleanMarkdown, limit: 40_000, most: 20, wrap: slackMessage, answers: slack},
}

// formatOf is the channel's. A body of one's own may go to people in any other chat, so that what comes
// from elsewhere is cleaned for it as it is for a robot.
func formatOf(channel policy.Channel) (format, error) {
	f := formats[channel.Kind]
	if channel.Body == "" {
		return f, nil
	}
	b, err := parseBody(channel.Body)
	if err != nil {
		return format{}, err
	}
	f.clean, f.wrap = cleanMarkdown, b.wrap
	return f, nil
}

// compose returns the body that tells a channel of a report, nil if it has
// nothing to hear, and which of the report's warnings it gives. One that is too long names fewer executions; one that is
// too long all the same, by its template, is cut.
func compose(channel policy.Channel, routes map[string][]string, report *result.Report) (body []byte, given []result.Warning, err error) {
	w, err := newWriter(channel)
	if err != nil {
		return nil, nil, err
	}
	zone, err := time.LoadLocation(channel.TimeZone) // "" is UTC
	if err != nil {
		return nil, nil, err
	}
	format, err := formatOf(channel)
	if err != nil {
		return nil, nil, err
	}
	for most := format.most; ; most /= 2 {
		b := builder{channel: channel, routes: routes, clean: format.clean, most: most, zone: zone}
		m, worth := b.build(report)
		if !worth {
			return nil, nil, nil
		}
		err := w.write(&m)
		if errors.Is(err, errTooLong) && most > 0 {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		at := mentioned(channel.At, &m)
		body, fits, err := format.encode(m, at)
		if err != nil || fits {
			return body, b.given(m, body), err
		}
		if most == 0 {
			body, err := cut(format, m, at)
			return body, nil, err
		}
	}
}

// given are the warnings that a message gives: it names the execution, whatever a
// template of the channel's own makes of it.
func (b *builder) given(m Message, body []byte) []result.Warning {
	var given []result.Warning
	for i, item := range m.Warned.Items {
		if bytes.Contains(body, []byte(item.Execution)) {
			given = append(given, b.named[i])
		}
	}
	return given
}

// cut shortens the message's text until its body fits.
func cut(format format, m Message, at []string) ([]byte, error) {
	for {
		runes := []rune(m.Text)
		m.Text = ""
		if keep := len(runes) * 3 / 4; keep > 0 {
			m.Text = string(runes[:keep]) + "…"
		}
		body, fits, err := format.encode(m, at)
		if err != nil || fits || m.Text == "" {
			return body, err
		}
	}
}

// encode makes the message's body, and says whether the far end takes one so long.
func (f format) encode(m Message, at []string) (body []byte, fits bool, err error) {
	value, short := f.wrap(m, at)
	body, err = encode(value)
	return body, short && len(body) <= f.limit, err
}

func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return bytes.TrimSpace(b.Bytes()), err
}

// cleanText makes one line of at most n characters of a text that comes from
// elsewhere, without what people can't see: control and private characters become spaces,
// and format characters, which can reverse a line or hide in it, are left out.
func cleanText(s string, n int) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Cf):
			return -1
		case plain.Deceives(r):
			return ' '
		}
		return r
	}, s)
	return plain.Clip(strings.TrimSpace(s), n)
}

// lookalikes are the wide forms of what markdown, HTML entities, tags and mentions
// are made of. Each vendor has a markdown of its own, and of most it isn't documented
// how to escape in it; a wide form means nothing to any of them and reads the same. (A
// client that makes links of bare names such as example.com still may: a dot is in
// every reason.)
var lookalikes = strings.NewReplacer(
	`\`, `＼`, "`", "｀", "*", "＊", "#", "＃", "[", "［", "]", "］", "<", "＜", ">", "＞",
	"|", "｜", "~", "～", "&", "＆", "@", "＠", "://", "：／／",
)

// cleanMarkdown is cleanText for a robot's message: what comes from
// elsewhere makes no link, image, heading, emphasis, quote, table, code or
// mention. Underscores stay within words, where they mean nothing: names are
// full of them, and people copy names.
func cleanMarkdown(s string, n int) string {
	s = lookalikes.Replace(cleanText(s, n))
	runes := []rune(s)
	for i, r := range runes {
		if r == '_' && !(i > 0 && isWord(runes[i-1]) && i+1 < len(runes) && isWord(runes[i+1])) {
			runes[i] = '＿'
		}
	}
	return string(runes)
}

// A message's own markdown, of the templates: headings and bold. What comes from
// elsewhere makes neither.
var (
	heading = pattern.Of(`(?m)^#{1,6} +(.*\S)`)
	bold    = pattern.Of(`\*\*(.+?)\*\*`)
)

// marked is a text with marks of a vendor's around what is bold, headings as well.
func marked(text, mark string) string {
	around := mark + "${1}" + mark
	return heading().ReplaceAllString(bold().ReplaceAllString(text, around), around)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
