package notify

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
)

// Config is the policy file's notify: list.
type Config []Channel

// Channel is where messages go.
type Channel struct {
	Name      string   `yaml:"name" json:"name"`
	Kind      Kind     `yaml:"kind" json:"kind"`
	URL       string   `yaml:"url,omitempty" json:"url,omitempty"`             // this or URLEnv
	URLEnv    string   `yaml:"urlEnv,omitempty" json:"urlEnv,omitempty"`       // the environment variable that holds the URL
	SecretEnv string   `yaml:"secretEnv,omitempty" json:"secretEnv,omitempty"` // … the secret; without one, messages aren't signed
	On        []News   `yaml:"on,omitempty" json:"on,omitempty"`               // all, when empty
	Language  Language `yaml:"language,omitempty" json:"language,omitempty"`   // English, when empty
	Template  string   `yaml:"template,omitempty" json:"template,omitempty"`   // a text/template over Message; the language's own, when empty
}

// Kind is a way to send messages.
type Kind string

const (
	Webhook  Kind = "webhook"
	DingTalk Kind = "dingtalk"
)

// News is what may be worth a message.
type News string

const (
	Stopped   News = "stopped"
	Withheld  News = "withheld"
	Failed    News = "failed"
	Undecided News = "undecided"
)

// Language is a message's.
type Language string

const (
	English Language = "en"
	Chinese Language = "zh"
)

// Problem is one thing that is wrong with a Config. Channel and Key are its
// place in the list, for an error that points at it.
type Problem struct {
	Channel int
	Key     string
	Text    string
}

func (p *Problem) Error() string {
	return fmt.Sprintf("notify[%d].%s: %s", p.Channel, p.Key, p.Text)
}

const maxChannels = 20

// Check returns everything that is wrong with the list. It reads no
// environment: whether a variable is set is known where messages are sent.
func (c Config) Check() []*Problem {
	var problems []*Problem
	for i, channel := range c {
		add := func(key, text string) { problems = append(problems, &Problem{Channel: i, Key: key, Text: text}) }
		channel.check(add)
		if slices.ContainsFunc(c[:i], func(other Channel) bool { return other.Name == channel.Name }) {
			add("name", fmt.Sprintf("%q names two channels", channel.Name))
		}
		if i == maxChannels {
			add("name", fmt.Sprintf("more than %d channels", maxChannels))
		}
	}
	return problems
}

var (
	nameForm     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func (c Channel) check(add func(key, text string)) {
	if !nameForm.MatchString(c.Name) {
		add("name", fmt.Sprintf("%q is not a name: 1 to 63 of a-z, 0-9 and -", c.Name))
	}
	if c.Kind != Webhook && c.Kind != DingTalk {
		add("kind", fmt.Sprintf("%q is not a kind: webhook or dingtalk", c.Kind))
	}
	c.checkURL(add)
	if c.SecretEnv != "" && !variableForm.MatchString(c.SecretEnv) {
		add("secretEnv", "not the name of an environment variable; the secret itself must not stand here")
	}
	for _, news := range c.On {
		if !slices.Contains(allNews, news) {
			add("on", fmt.Sprintf("%q is not one of stopped, withheld, failed, undecided", news))
		}
	}
	if c.Language != "" && c.Language != English && c.Language != Chinese {
		add("language", fmt.Sprintf("%q is not a language: en or zh", c.Language))
	}
	if err := checkTemplate(c); err != nil {
		add("template", err.Error())
	}
}

var allNews = []News{Stopped, Withheld, Failed, Undecided}

func (c Channel) checkURL(add func(key, text string)) {
	switch {
	case c.URL == "" && c.URLEnv == "":
		add("url", "missing: give url, or urlEnv, the environment variable that holds it")
	case c.URL != "" && c.URLEnv != "":
		add("url", "give url or urlEnv, not both")
	case c.URLEnv != "" && !variableForm.MatchString(c.URLEnv):
		add("urlEnv", "not the name of an environment variable; a URL stands in url, or in the variable named here")
	case c.URL != "":
		u, err := parseURL(c.URL)
		if err != nil {
			add("url", err.Error())
		} else if u.Query().Has("access_token") {
			add("url", "an access_token is a secret: put the URL into an environment variable and name that in urlEnv")
		}
	}
}

// parseURL accepts TLS, and plain HTTP to this machine. Its errors don't show
// the URL.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("not a URL such as https://example.com/hook")
	case u.User != nil:
		return nil, errors.New("a URL with a user or password in it; use a secret instead")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return nil, errors.New("not https; plain http goes to a loopback address only")
	}
	u.Fragment = ""
	return u, nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
