package sts_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/sts"
)

const arn = "acs:ram::77:role/flowreaper-plan"

// here is an emulated account, and what it is asked with.
func here(t *testing.T) (*emulator.Server, cloudflow.Endpoint, cloudflow.Credentials) {
	t.Helper()
	server, err := emulator.New(&account.Account{Flows: []account.Flow{{Name: "etl"}}, Roles: []account.Role{{ARN: arn, ExternalID: "id/1"}}}, emulator.Options{NoQuota: true})
	if err != nil {
		t.Fatal(err)
	}
	return server, endpoint(t, "http://127.0.0.1:8790", "cn-hangzhou"), cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"}
}

// The credentials that come are those of a role for an hour, and open the account.
func TestAssume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, at, own := here(t)
		got, err := sts.Assume(t.Context(), at, own, sts.Role{ARN: arn, ExternalID: "id/1"}, "flowreaper-a", server)
		if err != nil {
			t.Fatal(err)
		}
		list := func(keys cloudflow.Credentials) error {
			client, err := cloudflow.New(cloudflow.Options{Endpoint: at.String(), Credentials: keys, HTTPClient: server, Quota: cloudflow.Unlimited(), Retry: cloudflow.RetryPolicy{MaxAttempts: 1}})
			if err != nil {
				return err
			}
			for _, err = range client.ListFlows(t.Context()) {
				break
			}
			return err
		}
		if err := list(got); err != nil {
			t.Error(err)
		}
		other := got
		other.SecurityToken += "x"
		if err := list(other); err == nil || !strings.Contains(err.Error(), "MismatchWithAccessKey") {
			t.Errorf("with another token: %v", err)
		}
		time.Sleep(time.Hour + time.Minute)
		if err := list(got); err == nil || !strings.Contains(err.Error(), "InvalidSecurityToken.Expired") {
			t.Errorf("an hour later: %v", err)
		}
	})
}

func TestAssumeRefused(t *testing.T) {
	server, at, own := here(t)
	const refused = "could not be assumed, and nothing was done there: the Security Token Service answered "
	const trust = "\nThe caller's RAM policy must allow sts:AssumeRole on the role, and the role must trust the caller"
	for _, test := range []struct {
		name string
		role sts.Role
		keys cloudflow.Credentials
		want string
	}{
		{"no such role", sts.Role{ARN: arn + "2", ExternalID: "id/1"}, own, "the role " + arn + "2 " + refused + "404 Not Found: EntityNotExist.Role: The role not exists: " + arn + "2.\nCheck the account and the role's name"},
		{"another external id", sts.Role{ARN: arn, ExternalID: "id/2"}, own, "the role " + arn + " " + refused + "403 Forbidden: NoPermission: You are not authorized to do this action. You should be authorized by RAM." + trust + ", with this external id if it asks for one"},
		{"no external id", sts.Role{ARN: arn}, own, "the role " + arn + " " + refused + "403 Forbidden: NoPermission: You are not authorized to do this action. You should be authorized by RAM." + trust + "; does its trust ask for an external id, give that as externalId"},
		{"a wrong secret", sts.Role{ARN: arn, ExternalID: "id/1"}, cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "hush"}, "the role " + arn + " " + refused +
			"403 Forbidden: SignatureNotMatch: The request signature we calculated does not match the signature you provided. Check your access key and signing method."},
	} {
		got, err := sts.Assume(t.Context(), at, test.keys, test.role, "flowreaper-a", server)
		if err == nil || err.Error() != test.want || got != (cloudflow.Credentials{}) {
			t.Errorf("%s: %v\n%v\nwant %s", test.name, got, err, test.want)
		}
	}
}

// What is no answer gives no credentials, and its error holds nothing of a page.
func TestAssumeAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		status     int
		body, want string
	}{
		"a page":         {502, "<html>" + strings.Repeat("x", 1<<20), "the Security Token Service answered 502 Bad Gateway"},
		"what was sent":  {403, fmt.Sprintf(`{"Code":"SignatureDoesNotMatch","Message":"to sign was %s and %s and ext-ernal-id-1"}`, keys.AccessKeySecret, keys.SecurityToken), "the Security Token Service answered 403 Forbidden: SignatureDoesNotMatch: to sign was [redacted] and [redacted] and [redacted]"},
		"no credentials": {200, `{"Credentials":{"AccessKeyId":"a","AccessKeySecret":"b"}}`, "the answer holds no credentials"},
		"nothing":        {200, ``, "unexpected end of JSON input"},
	} {
		s := answering(t, test.status, test.body)
		_, err := sts.Assume(t.Context(), endpoint(t, "", "cn-hangzhou"), keys, sts.Role{ARN: arn, ExternalID: "ext-ernal-id-1"}, "flowreaper-a", s)
		if want := "the role " + arn + " could not be assumed, and nothing was done there: " + test.want; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
		if len(s.hosts) != 1 || s.hosts[0] != "https://sts.cn-hangzhou.aliyuncs.com" {
			t.Errorf("%s: asked %q", name, s.hosts)
		}
	}
	_, err := sts.Assume(t.Context(), endpoint(t, "https://gateway.example.com", ""), keys, sts.Role{ARN: arn}, "a", nil)
	if want := "no Security Token Service is known beside https://gateway.example.com, which could be asked for the role " + arn; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

type mute struct{}

func (mute) Call(r *http.Request, _ *http.Transport) (*http.Response, error) {
	<-r.Context().Done()
	return nil, io.ErrUnexpectedEOF
}

func TestAssumePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := sts.Assume(t.Context(), endpoint(t, "", "cn-hangzhou"), keys, sts.Role{ARN: arn}, "a", mute{})
		if err == nil || !strings.HasSuffix(err.Error(), ": no answer in time") || time.Since(began) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
