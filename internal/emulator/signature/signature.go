// Package signature verifies that a request was signed with a known key, the
// way Alibaba Cloud's RPC services do: by the older signature v1
// (HMAC-SHA1, in the parameters) or by ACS3-HMAC-SHA256 (in the headers).
//
// It shares no code with any client, so that each proves the other.
package signature

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is what signatures cover.
type Request struct {
	Method string
	Host   string
	Header http.Header
	Query  url.Values
	Form   url.Values // the body's parameters; nil if it has none
	Body   []byte
}

// ACS3 says whether the request brings the newer signature.
func (r *Request) ACS3() bool { return r.Header.Get("Authorization") != "" }

// Parameter returns a parameter of the query or, failing that, of the form.
func (r *Request) Parameter(name string) string {
	if r.Query.Has(name) {
		return r.Query.Get(name)
	}
	return r.Form.Get(name)
}

// Has says whether a parameter was sent, be it empty.
func (r *Request) Has(name string) bool { return r.Query.Has(name) || r.Form.Has(name) }

// AccessKey is a key that requests may be signed with.
type AccessKey struct {
	ID            string
	Secret        string
	SecurityToken string    // the one that temporary credentials bring; "" takes any, and none
	Until         time.Time // when temporary ones expire; the zero time is never
}

// Kind says what is wrong with a request's signature, by the code of the API's error.
type Kind string

const (
	MissingParameter Kind = "MissingRequiredParams" // Error.Name was not sent
	MissingHeader    Kind = "MissingRequiredHeader" // Error.Name was not sent
	Malformed        Kind = "IncompleteSignature"   // something of the signature can't be read, or isn't supported
	UnknownKey       Kind = "InvalidAccessKeyID"    // no key has the id Error.Name
	WrongToken       Kind = "InvalidSecurityToken.MismatchWithAccessKey"
	Mismatch         Kind = "SignatureNotMatch"
	Expired          Kind = "InvalidSecurityToken.Expired"
	Skewed           Kind = "RequestTimeTooSkewed" // the time, Error.Name, is too far from the server's
	Replayed         Kind = "SignatureNonceUsed"
)

// Error says why a request was not let in.
type Error struct {
	Kind Kind
	Name string // a parameter, header, key id or time, as Kind says
}

func (e *Error) Error() string { return string(e.Kind) + ": " + e.Name }

// Verifier verifies requests. It is safe for concurrent use.
type Verifier struct {
	mu      sync.Mutex
	keys    []AccessKey
	maxSkew time.Duration
	nonces  *nonces
}

// NewVerifier makes a verifier that lets in what is signed with one of the
// keys, not further than maxSkew from its clock, once.
func NewVerifier(keys []AccessKey, maxSkew time.Duration) *Verifier {
	return &Verifier{keys: slices.Clone(keys), maxSkew: maxSkew, nonces: newNonces(maxSkew)}
}

// Verify returns nil, or an [*Error] for the first thing that is wrong.
func (v *Verifier) Verify(r *Request, now time.Time) error {
	read := readV1
	if r.ACS3() {
		read = readACS3
	}
	claim, err := read(r)
	if err != nil {
		return err
	}
	key, ok := v.key(claim.keyID)
	if !ok {
		return &Error{Kind: UnknownKey, Name: claim.keyID}
	}
	if key.SecurityToken != "" && key.SecurityToken != claim.token {
		return &Error{Kind: WrongToken}
	}
	if !key.Until.IsZero() && now.After(key.Until) {
		return &Error{Kind: Expired}
	}
	if skew := now.Sub(claim.time).Abs(); skew > v.maxSkew {
		return &Error{Kind: Skewed, Name: claim.timeText}
	}
	if subtle.ConstantTimeCompare([]byte(claim.signature), []byte(claim.sign(key.Secret))) != 1 {
		return &Error{Kind: Mismatch}
	}
	// Only a signed request uses its nonce up.
	if !v.nonces.use(claim.keyID+"/"+claim.nonce, now) {
		return &Error{Kind: Replayed, Name: claim.nonce}
	}
	return nil
}

// Add lets another key in. Those that have long expired are forgotten.
func (v *Verifier) Add(key AccessKey, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys = append(slices.DeleteFunc(v.keys, func(k AccessKey) bool {
		return !k.Until.IsZero() && now.After(k.Until.Add(time.Hour))
	}), key)
}

func (v *Verifier) key(id string) (AccessKey, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, key := range v.keys {
		if key.ID == id {
			return key, true
		}
	}
	return AccessKey{}, false
}

// claim is what a request says of its signature.
type claim struct {
	keyID     string
	token     string
	nonce     string
	timeText  string
	time      time.Time
	signature string
	sign      func(secret string) string // what the signature must be
}

// ParseKey reads ID:SECRET or ID:SECRET:TOKEN.
func ParseKey(text string) (AccessKey, error) {
	id, rest, ok := strings.Cut(text, ":")
	secret, token, _ := strings.Cut(rest, ":")
	if !ok || id == "" || secret == "" {
		return AccessKey{}, errors.New("an access key is given as ID:SECRET, or ID:SECRET:TOKEN for temporary credentials")
	}
	return AccessKey{ID: id, Secret: secret, SecurityToken: token}, nil
}

// escape is the percent-encoding of both signatures: all but A-Za-z0-9-_.~
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
