package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
)

const acs3Algorithm = "ACS3-HMAC-SHA256"

// acs3Headers are the headers that must be sent, and be signed.
var acs3Headers = []string{"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}

// readACS3 reads the newer signature.
func readACS3(r *Request) (*claim, error) {
	fields, ok := acs3Fields(r.Header.Get("Authorization"))
	if !ok {
		return nil, &Error{Kind: Malformed, Name: "Authorization"}
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	for _, name := range acs3Headers {
		if r.header(name) == "" {
			return nil, &Error{Kind: MissingHeader, Name: name}
		}
		if !slices.Contains(signed, name) {
			return nil, &Error{Kind: Malformed, Name: "SignedHeaders"}
		}
	}
	token := r.header("x-acs-security-token")
	if token != "" && !slices.Contains(signed, "x-acs-security-token") {
		return nil, &Error{Kind: Malformed, Name: "SignedHeaders"}
	}
	c := &claim{
		keyID:     fields["Credential"],
		token:     token,
		nonce:     r.header("x-acs-signature-nonce"),
		timeText:  r.header("x-acs-date"),
		signature: fields["Signature"],
		sign:      func(secret string) string { return r.signACS3(secret, signed) },
	}
	var err error
	if c.time, err = time.Parse("2006-01-02T15:04:05Z", c.timeText); err != nil {
		return nil, &Error{Kind: Malformed, Name: "x-acs-date"}
	}
	if r.header("x-acs-content-sha256") != hexSHA256(r.Body) {
		return nil, &Error{Kind: Mismatch}
	}
	return c, nil
}

// acs3Fields reads `ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`.
func acs3Fields(authorization string) (map[string]string, bool) {
	algorithm, rest, _ := strings.Cut(authorization, " ")
	if algorithm != acs3Algorithm {
		return nil, false
	}
	fields := map[string]string{}
	for _, pair := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		fields[name] = value
	}
	return fields, fields["Credential"] != "" && fields["SignedHeaders"] != "" && fields["Signature"] != ""
}

// header knows that Go keeps the Host header elsewhere.
func (r *Request) header(name string) string {
	if name == "host" {
		return r.Host
	}
	return strings.TrimSpace(r.Header.Get(name))
}

func (r *Request) signACS3(secret string, signed []string) string {
	canonical := []string{r.Method, "/", r.canonicalQuery()}
	headers := ""
	for _, name := range signed {
		headers += name + ":" + r.header(name) + "\n"
	}
	canonical = append(canonical, headers, strings.Join(signed, ";"), hexSHA256(r.Body))
	text := acs3Algorithm + "\n" + hexSHA256([]byte(strings.Join(canonical, "\n")))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

func (r *Request) canonicalQuery() string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(r.Query)) {
		pairs = append(pairs, escape(name)+"="+escape(r.Query.Get(name)))
	}
	return strings.Join(pairs, "&")
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
