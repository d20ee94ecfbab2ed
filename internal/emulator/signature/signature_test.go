package signature

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The example of Alibaba Cloud's page on RPC signatures (DescribeRegions of
// ECS, keys testid and testsecret), and its published signature.
func TestV1AsPublished(t *testing.T) {
	r := &Request{Method: "GET", Query: url.Values{
		"AccessKeyId": {"testid"}, "Action": {"DescribeRegions"}, "Format": {"XML"}, "SignatureMethod": {"HMAC-SHA1"},
		"SignatureNonce": {"3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"}, "SignatureVersion": {"1.0"},
		"Timestamp": {"2016-02-23T12:46:24Z"}, "Version": {"2014-05-26"},
	}}
	r.Query.Set("Signature", "OLeaidS1JvxuMvnyHOwuJ+uX5qY=")
	v := NewVerifier([]AccessKey{{ID: "testid", Secret: "testsecret"}}, 15*time.Minute)
	if err := v.Verify(r, time.Date(2016, 2, 23, 12, 50, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
}

// The example of Alibaba Cloud's page on ACS3 signatures (RunInstances of ECS,
// keys YourAccessKeyId and YourAccessKeySecret), and its published signature.
func acs3AsPublished() *Request {
	return &Request{
		Method: "POST", Host: "ecs.cn-shanghai.aliyuncs.com",
		Query: url.Values{"ImageId": {"win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}, "RegionId": {"cn-shanghai"}},
		Header: http.Header{
			"X-Acs-Action": {"RunInstances"}, "X-Acs-Version": {"2014-05-26"}, "X-Acs-Date": {"2023-10-26T10:22:32Z"},
			"X-Acs-Signature-Nonce": {"3156853299f313e23d1673dc12e1703d"},
			"X-Acs-Content-Sha256":  {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
			"Authorization": {"ACS3-HMAC-SHA256 Credential=YourAccessKeyId," +
				"SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version," +
				"Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"},
		},
	}
}

var published = time.Date(2023, 10, 26, 10, 30, 0, 0, time.UTC)

func yourVerifier() *Verifier {
	return NewVerifier([]AccessKey{{ID: "YourAccessKeyId", Secret: "YourAccessKeySecret"}}, 15*time.Minute)
}

func TestACS3AsPublished(t *testing.T) {
	if err := yourVerifier().Verify(acs3AsPublished(), published); err != nil {
		t.Error(err)
	}
}

// A signature that fits a body whose announced hash does not.
func TestACS3ChecksTheBodysHash(t *testing.T) {
	r := acs3AsPublished()
	r.Body = []byte("a=b")
	signed := []string{"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders="+strings.Join(signed, ";")+
		",Signature="+r.signACS3("YourAccessKeySecret", signed))
	checkRefused(t, "another body's hash", yourVerifier().Verify(r, published), Error{Kind: Mismatch})
}

func TestACS3Refuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Request)
		at     time.Time
		want   Error
	}{
		{"another body", func(r *Request) { r.Body = []byte("a=b") }, published, Error{Kind: Mismatch}},
		{"another parameter", func(r *Request) { r.Query.Set("RegionId", "x") }, published, Error{Kind: Mismatch}},
		{"another action", func(r *Request) { r.Header.Set("X-Acs-Action", "StopInstances") }, published, Error{Kind: Mismatch}},
		{"another host", func(r *Request) { r.Host = "x" }, published, Error{Kind: Mismatch}},
		{"another method", func(r *Request) { r.Method = "GET" }, published, Error{Kind: Mismatch}},
		{"no date", func(r *Request) { r.Header.Del("X-Acs-Date") }, published, Error{Kind: MissingHeader, Name: "x-acs-date"}},
		{"a date of another form", func(r *Request) { r.Header.Set("X-Acs-Date", "yesterday") }, published, Error{Kind: Malformed, Name: "x-acs-date"}},
		{"a token that isn't signed", func(r *Request) { r.Header.Set("X-Acs-Security-Token", "t") }, published, Error{Kind: Malformed, Name: "SignedHeaders"}},
		{"an action that isn't signed", func(r *Request) {
			r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=b")
		}, published, Error{Kind: Malformed, Name: "SignedHeaders"}},
		{"another algorithm", func(r *Request) { r.Header.Set("Authorization", "Basic abc") }, published, Error{Kind: Malformed, Name: "Authorization"}},
		{"too old", func(*Request) {}, published.Add(time.Hour), Error{Kind: Skewed, Name: "2023-10-26T10:22:32Z"}},
		{"from the future", func(*Request) {}, published.Add(-time.Hour), Error{Kind: Skewed, Name: "2023-10-26T10:22:32Z"}},
	} {
		r := acs3AsPublished()
		test.change(r)
		checkRefused(t, test.name, yourVerifier().Verify(r, test.at), test.want)
	}
}

func checkRefused(t *testing.T, name string, err error, want Error) {
	t.Helper()
	if got, ok := errors.AsType[*Error](err); !ok || *got != want {
		t.Errorf("%s: got %v, want %v", name, err, &want)
	}
}

// signedV1 is a request that key signs, then changed.
func signedV1(key AccessKey, changes map[string]string) *Request {
	r := &Request{Method: "POST", Query: url.Values{
		"AccessKeyId": {key.ID}, "Action": {"StopExecution"}, "SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"},
		"SignatureType": {""}, "SignatureNonce": {"n"}, "Timestamp": {"2023-10-26T10:22:32Z"},
	}, Form: url.Values{"Cause": {"~*+ 好"}}}
	if key.SecurityToken != "" {
		r.Query.Set("SecurityToken", key.SecurityToken)
	}
	r.Query.Set("Signature", r.signV1(key.Secret))
	for name, value := range changes {
		if value == "absent" {
			r.Query.Del(name)
			continue
		}
		r.Query.Set(name, value)
	}
	return r
}

func TestV1Refuses(t *testing.T) {
	key := AccessKey{ID: "id", Secret: "secret"}
	for _, test := range []struct {
		name    string
		changes map[string]string
		want    Error
	}{
		{"no key", map[string]string{"AccessKeyId": "absent"}, Error{Kind: MissingParameter, Name: "AccessKeyId"}},
		{"no nonce", map[string]string{"SignatureNonce": "absent"}, Error{Kind: MissingParameter, Name: "SignatureNonce"}},
		{"another method", map[string]string{"SignatureMethod": "HMAC-MD5"}, Error{Kind: Malformed, Name: "SignatureMethod"}},
		{"another version", map[string]string{"SignatureVersion": "2.0"}, Error{Kind: Malformed, Name: "SignatureVersion"}},
		{"another type", map[string]string{"SignatureType": "BEARERTOKEN"}, Error{Kind: Malformed, Name: "SignatureType"}},
		{"no time", map[string]string{"Timestamp": "noon"}, Error{Kind: Malformed, Name: "Timestamp"}},
		{"an unknown key", map[string]string{"AccessKeyId": "x"}, Error{Kind: UnknownKey, Name: "x"}},
		{"another action", map[string]string{"Action": "DeleteFlow"}, Error{Kind: Mismatch}},
		{"an empty parameter gone", map[string]string{"SignatureType": "absent"}, Error{Kind: Mismatch}},
		{"a parameter more", map[string]string{"Cause": "x"}, Error{Kind: Mismatch}},
		{"a token nobody signed", map[string]string{"SecurityToken": "x"}, Error{Kind: Mismatch}},
	} {
		v := NewVerifier([]AccessKey{key}, 15*time.Minute)
		checkRefused(t, test.name, v.Verify(signedV1(key, test.changes), published), test.want)
	}
}

func TestSecurityTokens(t *testing.T) {
	for _, test := range []struct {
		configured, sent string
		refused          bool
	}{{"", "", false}, {"", "any", false}, {"t", "t", false}, {"t", "other", true}, {"t", "", true}} {
		v := NewVerifier([]AccessKey{{ID: "id", Secret: "s", SecurityToken: test.configured}}, time.Hour)
		err := v.Verify(signedV1(AccessKey{ID: "id", Secret: "s", SecurityToken: test.sent}, nil), published)
		if !test.refused && err != nil {
			t.Errorf("%+v: %v", test, err)
		}
		if test.refused {
			checkRefused(t, test.sent, err, Error{Kind: WrongToken})
		}
	}
}

func TestNoncesAreUsedOnce(t *testing.T) {
	key := AccessKey{ID: "id", Secret: "secret"}
	v := NewVerifier([]AccessKey{key}, 15*time.Minute)
	forged := signedV1(AccessKey{ID: "id", Secret: "wrong"}, nil)
	checkRefused(t, "a forgery", v.Verify(forged, published), Error{Kind: Mismatch})
	if err := v.Verify(signedV1(key, nil), published); err != nil {
		t.Errorf("the forgery used the nonce up: %v", err)
	}
	checkRefused(t, "a replay", v.Verify(signedV1(key, nil), published.Add(time.Minute)), Error{Kind: Replayed, Name: "n"})
}

// A nonce is remembered as long as its request could be replayed, and memory
// stays bounded however many come.
func TestNoncesAreForgotten(t *testing.T) {
	n := newNonces(15 * time.Minute)
	n.capacity = 100
	for i := range 1000 {
		if !n.use(strconv.Itoa(i), published) || len(n.newer)+len(n.older) > 200 {
			t.Fatalf("nonce %d: refused, or %d remembered", i, len(n.newer)+len(n.older))
		}
	}
	for i := 901; i < 1000; i++ {
		if n.use(strconv.Itoa(i), published.Add(29*time.Minute)) {
			t.Fatalf("nonce %d was forgotten within its time", i)
		}
	}
	if n.use("999", published.Add(31*time.Minute)); len(n.newer) != 0 {
		t.Errorf("31 minutes later: %d in the new generation, want none: 999 is in the old one", len(n.newer))
	}
	if !n.use("999", published.Add(62*time.Minute)) {
		t.Error("after two generations it is still remembered")
	}
}

func TestParseKey(t *testing.T) {
	for text, want := range map[string]AccessKey{
		"id:secret": {ID: "id", Secret: "secret"}, "STS.id:secret:to:ken": {ID: "STS.id", Secret: "secret", SecurityToken: "to:ken"},
	} {
		if got, err := ParseKey(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "id", "id:", ":secret"} {
		if _, err := ParseKey(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
