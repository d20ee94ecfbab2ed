package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// Everybody is the one of at that mentions all.
const Everybody = "all"

// wakes is what people are mentioned of where at is a list: what waits for them. A
// stop is what was asked for.
var wakes = []News{NewsWithheld, NewsFailed}

// maxMentioned bounds whom one message mentions of one outcome: there is all.
const maxMentioned = 20

// mentions reads at: whom messages mention, of what, or a list of them.
func (d *decoder) mentions(c *Channel, n *yamltree.Node) map[News][]string {
	switch {
	case n == nil || c.Kind == "":
		return nil
	case c.Kind.known().mentions == nil:
		d.fail(n.Position, "a %s mentions nobody: leave at out; a robot's kind has it, and so may the body of a webhook", c.Kind)
		return nil
	case n.Kind != yamltree.Mapping:
		return d.wakened(c, n)
	}
	at := map[News][]string{}
	for _, entry := range n.Entries {
		news := News(entry.Key.Text)
		switch {
		case !slices.Contains(AllNews(), news):
			d.fail(entry.Key.Position, "at mentions people of what a channel hears of, but not of %q%s", yamltree.Brief(entry.Key.Text), spelling.DidYouMean(entry.Key.Text, named(AllNews())))
		case at[news] != nil:
			d.fail(entry.Key.Position, "the key %s is given twice", news)
		case !c.Hears(news):
			d.fail(entry.Key.Position, "at mentions people of %s, of which the channel doesn't hear: add it to on, or leave it out here", news)
		default:
			at[news] = d.people(c.Kind, entry.Value)
		}
	}
	return at
}

// wakened is a list for what wakes people, as far as the channel hears of it.
func (d *decoder) wakened(c *Channel, n *yamltree.Node) map[News][]string {
	at, people := map[News][]string{}, d.people(c.Kind, n)
	for _, news := range wakes {
		if c.Hears(news) {
			at[news] = people
		}
	}
	if len(at) == 0 && people != nil {
		d.fail(n.Position, "at mentions people of %s, and the channel hears of neither: say of what, as in at: {%s: [%s]}", plain.OneOf(wakes), c.On[0], people[0])
	}
	return at
}

func (d *decoder) people(kind ChannelKind, n *yamltree.Node) []string {
	items := d.texts(n, "at")
	if len(items) > maxMentioned {
		d.fail(items[maxMentioned].Position, "at mentions %d people, and at most %d may be: mention all", len(items), maxMentioned)
	}
	var people []string
	for _, item := range items {
		known, meant := kind.known(), cmp.Or(meantAll(item.Text), meantMobile(item.Text))
		if !known.mentions("13800000000") {
			meant = meantAll(item.Text)
		}
		if item.Text != Everybody && (meant != "" || !known.mentions(item.Text)) {
			d.fail(item.Position, "each of at must be %s, but is %s%s", known.people, item.Describe(), meant)
			continue
		}
		if !slices.Contains(people, item.Text) {
			people = append(people, item.Text)
		}
	}
	return people
}

var (
	mobileNumber = pattern.Of(`^(1[3-9][0-9]{9}|\+[0-9]{1,4}-?[0-9]{4,14})$`)
	memberID     = pattern.Of(`^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$`)
	feishuID     = pattern.Of(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	slackID      = pattern.Of(`^[UWS][A-Z0-9]{5,20}$`)
)

// IsMobile says whether one of at is a mobile number, and not an ID.
func IsMobile(person string) bool { return mobileNumber().MatchString(person) }

func isMobileOrMember(person string) bool { return IsMobile(person) || memberID().MatchString(person) }

func isFeishuID(person string) bool { return feishuID().MatchString(person) && !IsMobile(person) }

func isSlackID(person string) bool { return slackID().MatchString(person) || person == "here" }

var (
	betweenDigits = pattern.Of(`[ ()-]`)
	chineseMobile = pattern.Of(`^(?:\+|00)?86(1[3-9][0-9]{9})$`)
)

// meantMobile is the hint for one who wrote a Chinese mobile number as it is dialled from
// elsewhere, or with blanks or dashes: a robot knows it by its 11 digits; "" for any other.
func meantMobile(person string) string {
	number := chineseMobile().ReplaceAllString(betweenDigits().ReplaceAllString(person, ""), "$1")
	if number == person || strings.HasPrefix(number, "+") || !IsMobile(number) {
		return ""
	}
	return fmt.Sprintf("; write %q", number)
}

// everybody are other words for all.
var everybody = []string{"all", "everyone", "everybody", "channel", "isatall", "所有人", "全体", "全员"}

// meantAll is the hint for one who wrote another word for all; "" for any other.
func meantAll(person string) string {
	if word := strings.ToLower(strings.Trim(person, "@<>!")); person != Everybody && slices.Contains(everybody, word) {
		return `; did you mean "all"?`
	}
	return ""
}
