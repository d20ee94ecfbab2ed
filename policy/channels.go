package policy

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// Channel is an entry of notify: where people hear what sweeps did. No secret
// stands in it: those are in the environment, in the variables that it names.
type Channel struct {
	Name      string // unique; what a rule's notify names
	Kind      ChannelKind
	URL       string            // this or URLEnv
	URLEnv    string            // the environment variable that holds the URL
	SecretEnv string            // … the secret; without one, messages aren't signed
	On        []News            // what the channel hears of; all but planned, when empty
	At        map[News][]string // whom its messages mention, of what
	Language  Language          // English unless the file says otherwise
	TimeZone  string            // of the times in its messages, by its IANA name; "" is UTC
	Template  string            // a text/template of a message; "" is the language's own

	Body string // a webhook's whole body: JSON with ${…} in it; "" is flowreaper's own

	place, bodyPlace *Error // of the template and the body; nil where there is none
}

// News is what may be worth a message.
type News string

const (
	NewsStopped   News = "stopped"
	NewsWithheld  News = "withheld"
	NewsFailed    News = "failed"
	NewsUndecided News = "undecided"
	NewsWarned    News = "warned"  // what will be stopped, before it is
	NewsPlanned   News = "planned" // what only a plan would have stopped; heard of where it is named
)

// AllNews are all, in the order in which they are told.
func AllNews() []News {
	return []News{NewsStopped, NewsWithheld, NewsFailed, NewsUndecided, NewsWarned, NewsPlanned}
}

// Hears says whether the channel hears of such news. A template of its own that doesn't
// show what will be stopped tells nobody of it; a webhook is sent more than the text.
func (c *Channel) Hears(news News) bool {
	if news == NewsWarned && c.Kind != Webhook && strings.TrimSpace(c.Template) != "" && !strings.Contains(c.Template, ".Warned") {
		return false
	}
	return len(c.On) == 0 && news != NewsPlanned || slices.Contains(c.On, news)
}

// Language is a message's.
type Language string

const (
	English Language = "en"
	Chinese Language = "zh"
)

// TemplateError is an error in the channel's template, at its place in the
// file. What a template may say those know who write the messages, so that
// Parse takes any text for one.
func (c *Channel) TemplateError(err error) *Error {
	return placed(c.place, "template: "+strings.TrimPrefix(err.Error(), "template: ")) // which text/template begins with, too
}

// BodyError is an error in the channel's body, likewise.
func (c *Channel) BodyError(err error) *Error { return placed(c.bodyPlace, "body: "+err.Error()) }

func placed(place *Error, message string) *Error {
	e := &Error{}
	if place != nil {
		*e = *place
	}
	e.Message = message
	return e
}

const maxChannels = 20

// channels reads notify.
func (d *decoder) channels(n *yamltree.Node) []Channel {
	items := d.items(n, "notify must be a list of channels, each beginning with - name:")
	if len(items) > maxChannels {
		d.fail(items[maxChannels].Position, "notify has %d channels; at most %d are told", len(items), maxChannels)
	}
	var all []Channel
	for _, item := range items {
		all = append(all, d.channel(item))
	}
	return all
}

// Variables are the names of the environment variables that channels are told by,
// which hold URLs and secrets.
func (p *Policy) Variables() []string {
	if p == nil {
		return nil
	}
	var names []string
	for _, c := range p.Notify {
		for _, name := range []string{c.URLEnv, c.SecretEnv} {
			if name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

func (d *decoder) channel(n *yamltree.Node) Channel {
	f := d.fields(n, "a channel", "name", "kind", "url", "urlEnv", "secretEnv", "on", "at", "language", "timeZone", "template", "body")
	if f == nil {
		return Channel{}
	}
	c := Channel{
		Name: d.named(n, f, "channel"), Kind: d.channelKind(n, f),
		URLEnv: d.variable(f["urlEnv"], "urlEnv", "the URL"), SecretEnv: d.variable(f["secretEnv"], "secretEnv", "the secret"),
		On: words(d, f["on"], "on", AllNews()...), Language: cmp.Or(choice(d, f["language"], "language", English, Chinese), English),
	}
	c.At = d.mentions(&c, f["at"])
	if f["timeZone"] != nil {
		c.TimeZone = d.timeZone(f["timeZone"]).String()
	}
	d.channelURL(&c, n, f)
	if secret := f["secretEnv"]; secret != nil && c.Kind != "" && !c.Kind.Signs() {
		d.fail(secret.Position, "a %s channel signs nothing, its URL is the secret: leave secretEnv out", c.Kind)
	}
	d.body(&c, f["body"])
	if template := f["template"]; template != nil {
		text, ok := d.text(template, "template")
		c.Template, c.place = text, d.errorAt(template.Position, "")
		if ok && strings.TrimSpace(text) == "" {
			d.fail(template.Position, "template is empty: leave the key out, and the message is flowreaper's own")
		}
	}
	return c
}

var robotSecret = pattern.Of(`^SEC[0-9a-f]{16,}$`) // DingTalk's, which a variable could be called

const maxVariableName = 128

// variable reads the name of an environment variable. What stands there in its
// place may be a secret, so no error shows it.
func (d *decoder) variable(n *yamltree.Node, key, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind != yamltree.Scalar || n.Type != yamltree.Text || !plainName().MatchString(n.Text) || len(n.Text) > maxVariableName || robotSecret().MatchString(n.Text) {
		d.fail(n.Position, "%s must be the name of an environment variable that holds %s, such as ONCALL_%s; a secret must not stand here", key, what, strings.ToUpper(strings.TrimSuffix(key, "Env")))
		return ""
	}
	return n.Text
}

// channelURL reads url, or sees that urlEnv stands in for it.
func (d *decoder) channelURL(c *Channel, channel *yamltree.Node, f map[string]*yamltree.Node) {
	n := f["url"]
	switch {
	case lacks(f, "url", "urlEnv"):
		d.fail(channel.Position, "url is missing: give url, or urlEnv, the environment variable that holds it")
		return
	case n == nil:
		return
	case f["urlEnv"] != nil:
		d.fail(n.Position, "give url or urlEnv, not both")
		return
	}
	u, err := c.Kind.ParseURL(n.Text)
	switch {
	case n.Kind != yamltree.Scalar:
		d.fail(n.Position, "url must be a text, but is %s", n.Describe())
	case err != nil:
		d.fail(n.Position, "url is %v", err)
	case u.Query().Has("access_token"):
		d.fail(n.Position, "an access_token is a secret: put the URL into an environment variable and name that in urlEnv")
	case robotAt(u) != "":
		d.fail(n.Position, "a robot's URL is a secret: put it into an environment variable and name that in urlEnv")
	}
	c.URL = n.Text
}

// ParseURL accepts a URL for a channel of this kind: with TLS, and plain HTTP to this
// machine, without a user, and not that of another kind's robot, which would refuse what it
// is sent, most of them with HTTP 200. Its errors don't show the URL.
func (k ChannelKind) ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'"):
		return nil, errors.New("in quotes, which are a part of it here: leave them out")
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, fmt.Errorf("not a URL such as %s", k.example())
	case u.User != nil:
		return nil, errors.New("a URL with a user or password in it; use a secret instead")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return nil, errors.New("not https; plain http goes to a loopback address only")
	}
	if at := robotAt(u); k != "" && at != "" && at != k {
		return nil, fmt.Errorf("that of a %s robot, and the channel's kind is %s: say kind: %s", at, k, at)
	}
	u.Fragment = ""
	return u, nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// notified reads which channels hear of a rule's executions: nil is all of
// them, an empty list none.
func (d *decoder) notified(n *yamltree.Node, channels []Channel) []string {
	if n == nil {
		return nil
	}
	chosen := []string{}
	if n.Kind == yamltree.Sequence && len(n.Items) == 0 {
		return chosen
	}
	var names []string
	for _, c := range channels {
		names = append(names, c.Name)
	}
	for _, item := range d.texts(n, "notify") {
		switch {
		case len(names) == 0:
			d.fail(item.Position, "notify names the channel %q, but the policy has none: give it notify at the top", yamltree.Brief(item.Text))
		case !slices.Contains(names, item.Text):
			none := ""
			if slices.Contains([]string{"none", "nobody", "off", "silent"}, strings.ToLower(item.Text)) {
				none = "; for none write notify: []"
			}
			d.fail(item.Position, "there is no channel %q%s%s", yamltree.Brief(item.Text), spelling.DidYouMean(item.Text, names), none)
		}
		chosen = append(chosen, item.Text)
	}
	return chosen
}

// mayHoldSecret finds lines on which a channel's URL or secret stands, by the right key or by
// a wrong one, or as that of a robot. No error shows them: errors go into logs.
var mayHoldSecret = pattern.Of(`(?i)access_?token|(url|hook|secret|token|password|sign|key)[\w-]*["']?\s*:|` +
	`://[^/]*(dingtalk|feishu|larksuite|weixin|slack)[^/]*/|\bSEC[0-9a-f]{16,}`)
