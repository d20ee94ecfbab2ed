package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// readV1 reads the older signature. Its method, version and type must be the
// ones that the official SDKs send with an access key.
func readV1(r *Request) (*claim, error) {
	for _, name := range []string{"AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"} {
		if r.Parameter(name) == "" {
			return nil, &Error{Kind: MissingParameter, Name: name}
		}
	}
	switch {
	case r.Parameter("SignatureMethod") != "HMAC-SHA1":
		return nil, &Error{Kind: Malformed, Name: "SignatureMethod"}
	case r.Parameter("SignatureVersion") != "1.0":
		return nil, &Error{Kind: Malformed, Name: "SignatureVersion"}
	case r.Parameter("SignatureType") != "":
		return nil, &Error{Kind: Malformed, Name: "SignatureType"}
	}
	c := &claim{
		keyID:     r.Parameter("AccessKeyId"),
		token:     r.Parameter("SecurityToken"),
		nonce:     r.Parameter("SignatureNonce"),
		timeText:  r.Parameter("Timestamp"),
		signature: r.Parameter("Signature"),
		sign:      r.signV1,
	}
	var err error
	if c.time, err = time.Parse("2006-01-02T15:04:05Z", c.timeText); err != nil {
		return nil, &Error{Kind: Malformed, Name: "Timestamp"}
	}
	return c, nil
}

func (r *Request) signV1(secret string) string {
	text := r.Method + "&%2F&" + escape(r.canonicalParameters())
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// canonicalParameters are all parameters but the signature. One that is in
// both the query and the form counts as it is in the query, as it does for
// [Request.Parameter]: what is signed is what is obeyed.
func (r *Request) canonicalParameters() string {
	names := map[string]bool{}
	for _, values := range []url.Values{r.Query, r.Form} {
		for name := range values {
			names[name] = true
		}
	}
	delete(names, "Signature")
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		pairs = append(pairs, escape(name)+"="+escape(r.Parameter(name)))
	}
	return strings.Join(pairs, "&")
}
