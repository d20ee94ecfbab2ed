package notify

import (
	"strings"
	"unicode"

	"github.com/flowreaper/flowreaper/internal/plain"
)

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

// lookalikes are the wide forms of what markdown, HTML entities and mentions
// are made of. Whether DingTalk honours a backslash in front of them isn't
// documented; a wide form means nothing to it and reads the same. (A client
// that makes links of bare names such as example.com still may: a dot is in
// every reason.)
var lookalikes = strings.NewReplacer(
	`\`, `＼`, "`", "｀", "*", "＊", "#", "＃", "[", "［", "]", "］", "<", "＜", ">", "＞",
	"|", "｜", "~", "～", "&", "＆", "@", "＠", "://", "：／／",
)

// cleanMarkdown is cleanText for a DingTalk message: what comes from
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

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
