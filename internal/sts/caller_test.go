package sts_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/sts"
)

var keys = cloudflow.Credentials{AccessKeyID: "LTAI-key", AccessKeySecret: "secret", SecurityToken: "token"}

// service sends what is asked of some host to a server on this machine.
type service struct {
	at    string
	hosts []string
	form  url.Values
}

func (s *service) Call(r *http.Request, _ *http.Transport) (*http.Response, error) {
	s.hosts = append(s.hosts, r.URL.Scheme+"://"+r.URL.Host)
	s.form = url.Values{}
	if r.Body != nil {
		body, _ := io.ReadAll(r.Body)
		s.form, _ = url.ParseQuery(string(body))
		r.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	for name, values := range r.URL.Query() {
		s.form[name] = values
	}
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(s.at, "http://")
	return http.DefaultTransport.RoundTrip(r)
}

func answering(t *testing.T, status int, body string) *service {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return &service{at: server.URL}
}

func endpoint(t *testing.T, text, region string) cloudflow.Endpoint {
	t.Helper()
	e, err := cloudflow.ParseEndpoint(text, region)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const user = `{"IdentityType":"RAMUser","AccountId":"1968132000123456","RequestId":"3C87BF47","PrincipalId":"2887","UserId":"2169","Arn":"acs:ram::1968132000123456:user/ops"}`

func TestCaller(t *testing.T) {
	s := answering(t, http.StatusOK, user)
	id, ok := sts.Caller(t.Context(), endpoint(t, "", "cn-hangzhou"), keys, s)
	if want := (sts.Identity{Account: "1968132000123456", ARN: "acs:ram::1968132000123456:user/ops"}); !ok || id != want {
		t.Errorf("%+v, %v; want %+v", id, ok, want)
	}
	if len(s.hosts) != 1 || s.hosts[0] != "https://sts.cn-hangzhou.aliyuncs.com" {
		t.Errorf("asked %q", s.hosts)
	}
	for name, want := range map[string]string{"Action": "GetCallerIdentity", "Version": "2015-04-01", "AccessKeyId": "LTAI-key", "SecurityToken": "token"} {
		if got := s.form.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if s.form.Get("Signature") == "" {
		t.Error("it is not signed")
	}
}

// The credentials are shown to the service beside CloudFlow's own endpoints alone.
func TestWhoIsAsked(t *testing.T) {
	for text, want := range map[string]string{
		"https://cn-shanghai.fnf.aliyuncs.com":              "https://sts.cn-shanghai.aliyuncs.com",
		"https://cn-shanghai.fnf.aliyuncs.com:443":          "https://sts.cn-shanghai.aliyuncs.com",
		"https://ap-southeast-1-internal.fnf.aliyuncs.com":  "https://sts-vpc.ap-southeast-1.aliyuncs.com",
		"http://127.0.0.1:8790":                             "",
		"https://localhost":                                 "",
		"https://proxy.example.com":                         "",
		"https://fnf.aliyuncs.com.example.com":              "",
		"https://cn-shanghai.fnf.aliyuncs.com.example.com":  "",
		"https://cn-shanghai.fnf.aliyuncs.com:8443":         "",
		"https://a.b.fnf.aliyuncs.com":                      "",
		"https://cn-shanghai.aliyuncs.com":                  "",
		"https://evil-cn-shanghai.fnf.aliyuncs.com.attacks": "",
	} {
		s := answering(t, http.StatusOK, user)
		_, ok := sts.Caller(t.Context(), endpoint(t, text, ""), keys, s)
		if got := strings.Join(s.hosts, " "); got != want || ok != (want != "") {
			t.Errorf("%s: asked %q, %v; want %q", text, got, ok, want)
		}
	}
}

// What is no answer is none, whatever it is.
func TestNoAnswer(t *testing.T) {
	for name, s := range map[string]*service{
		"refused":           answering(t, http.StatusForbidden, `{"Code":"InvalidAccessKeyId.NotFound","Message":"…"}`),
		"a page":            answering(t, http.StatusOK, `<html>`+strings.Repeat("x", 1<<20)),
		"nothing":           answering(t, http.StatusOK, ``),
		"a list":            answering(t, http.StatusOK, `[]`),
		"null":              answering(t, http.StatusOK, `null`),
		"numbers":           answering(t, http.StatusOK, `{"AccountId":1968132000123456,"Arn":7}`),
		"an account alone":  answering(t, http.StatusOK, `{"AccountId":"1968132000123456"}`),
		"no account id":     answering(t, http.StatusOK, `{"AccountId":"1 rule=x]","Arn":"acs:ram::1:user/ops"}`),
		"what deceives":     answering(t, http.StatusOK, `{"AccountId":"1","Arn":"acs:ram::1:user/ops] \u001b[31m"}`),
		"an endless answer": answering(t, http.StatusOK, `{"AccountId":"`+strings.Repeat("1", 1<<20)+`"}`),
		"nobody there":      {at: "http://127.0.0.1:1"},
	} {
		if id, ok := sts.Caller(t.Context(), endpoint(t, "", "cn-hangzhou"), keys, s); ok || id != (sts.Identity{}) {
			t.Errorf("%s: %+v, %v", name, id, ok)
		}
	}
}

type silent struct{}

func (silent) Call(r *http.Request, _ *http.Transport) (*http.Response, error) {
	<-r.Context().Done()
	return nil, errors.New("no answer")
}

func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if _, ok := sts.Caller(context.Background(), endpoint(t, "", "cn-hangzhou"), keys, silent{}); ok {
			t.Error("answered")
		}
		if took := time.Since(began); took != sts.Patience {
			t.Errorf("took %v", took)
		}
	})
}
