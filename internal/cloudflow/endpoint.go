package cloudflow

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/flowreaper/flowreaper/internal/pattern"
)

// Endpoint is where requests are sent.
type Endpoint struct {
	Scheme string // https, or http to this machine
	Host   string // with its port, if one was given
}

// String is the endpoint as a URL.
func (e Endpoint) String() string { return e.Scheme + "://" + e.Host }

// CloudFlows says whether the endpoint is one of CloudFlow's own, or on this
// machine.
func (e Endpoint) CloudFlows() bool {
	return e.Loopback() || strings.HasSuffix(e.hostname(), ".fnf.aliyuncs.com")
}

// Loopback says whether the endpoint is on this machine.
func (e Endpoint) Loopback() bool { return isLoopback(strings.Trim(e.hostname(), "[]")) }

// hostname is the host without its port.
func (e Endpoint) hostname() string {
	if name, _, err := net.SplitHostPort(e.Host); err == nil {
		return name
	}
	return e.Host
}

// Region is the region of an endpoint of CloudFlow's own, and whether it is the one
// within VPCs; of any other "".
func (e Endpoint) Region() (region string, internal bool) {
	m := ownHost().FindStringSubmatch(strings.TrimSuffix(e.Host, ":443"))
	if m == nil || e.Scheme != "https" {
		return "", false
	}
	return m[1], m[2] != ""
}

var ownHost = pattern.Of(`^([a-z0-9]+(?:-[a-z0-9]+)*?)(-internal)?\.fnf\.aliyuncs\.com$`)

var regionForm = pattern.Of(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// IsRegion says whether the text is written as regions' ids are.
func IsRegion(text string) bool { return regionForm().MatchString(text) }

// ParseEndpoint reads an endpoint: https://host[:port], or http:// to a
// loopback address only, since requests carry the account's signature and
// token. Without a scheme it means https, and http where that is to a loopback
// address: nothing but an emulator is there. An empty one is the region's public
// endpoint, <region>.fnf.aliyuncs.com.
func ParseEndpoint(endpoint, region string) (Endpoint, error) {
	if endpoint == "" {
		return regionEndpoint(region)
	}
	text := endpoint
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		// A url.Error would repeat a password that was typed into the endpoint.
		return Endpoint{}, fmt.Errorf("the endpoint is not a URL: %w; write it as https://<region>.fnf.aliyuncs.com", errors.Unwrap(err))
	}
	if text != endpoint && isLoopback(u.Hostname()) {
		u.Scheme = "http"
	}
	e := Endpoint{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
	if reason := refuseEndpoint(u); reason != "" {
		return Endpoint{}, fmt.Errorf("endpoint %q %s", u.Redacted(), reason)
	}
	return e, nil
}

func regionEndpoint(region string) (Endpoint, error) {
	if region == "" {
		return Endpoint{}, errors.New("neither an endpoint nor a region is set: give a region such as cn-hangzhou, or an endpoint")
	}
	if !IsRegion(region) {
		return Endpoint{}, fmt.Errorf("region %q is not a region's id: write it as in cn-hangzhou, or give an endpoint", region)
	}
	if meant := meantRegion(region); meant != "" {
		return Endpoint{}, fmt.Errorf("region %q is none that is known; did you mean %s? If it is one, give its endpoint", region, meant)
	}
	return Endpoint{Scheme: "https", Host: region + ".fnf.aliyuncs.com"}, nil
}

// refuseEndpoint says what is wrong with an endpoint, and what to do; "" when
// nothing is.
func refuseEndpoint(u *url.URL) string {
	switch {
	case u.Hostname() == "":
		return "names no host: write it as https://<region>.fnf.aliyuncs.com"
	case slices.Contains(Regions, u.Host):
		return "is a region: give it as such, or the endpoint https://" + u.Host + ".fnf.aliyuncs.com"
	case u.User != nil:
		return "carries a user name: credentials are given separately, leave it out"
	case (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "":
		return "has more than a host and a port: leave out everything behind them"
	case !validPort(u):
		return "has a port that is not 1 to 65535: mend or leave it out"
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return "is plain http to another machine, which would show the requests' signatures and tokens to the network: use https (http is for loopback addresses only)"
	case u.Scheme != "http" && u.Scheme != "https":
		return "is neither https nor http: use https"
	}
	return ""
}

func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}

// isLoopback says whether a host is this machine by its literal address or by
// the name localhost. No other name is looked up: what it means may change
// between the look and the call.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() && address.Zone() == ""
}
