package connect

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// noAccount gives the test a home of its own, and nothing in the environment
// that the default chain would follow.
func noAccount(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{
		"ALIBABA_CLOUD_CONFIG_FILE", "ALIBABA_CLOUD_CREDENTIALS_FILE", "ALIBABA_CLOUD_PROFILE", "ALIBABA_CLOUD_ROLE_ARN",
		"ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
	} {
		t.Setenv(name, "")
	}
	return home
}

func getenvOf(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func TestCredentialsOfTheEnvironment(t *testing.T) {
	noAccount(t)
	for _, test := range []struct {
		name string
		env  map[string]string
		want cloudflow.Credentials
		err  string
	}{
		{
			name: "key and secret",
			env:  map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"},
			want: cloudflow.Credentials{AccessKeyID: "id", AccessKeySecret: "secret"},
		},
		{
			name: "temporary",
			env:  map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret", "ALIBABA_CLOUD_SECURITY_TOKEN": "token"},
			want: cloudflow.Credentials{AccessKeyID: "id", AccessKeySecret: "secret", SecurityToken: "token"},
		},
		{
			name: "no secret",
			env:  map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "id"},
			err:  "ALIBABA_CLOUD_ACCESS_KEY_ID is set and ALIBABA_CLOUD_ACCESS_KEY_SECRET isn't: set both, or neither to use the aliyun CLI's profile",
		},
		{
			name: "no key",
			env:  map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"},
			err:  "ALIBABA_CLOUD_ACCESS_KEY_SECRET is set and ALIBABA_CLOUD_ACCESS_KEY_ID isn't: set both, or neither to use the aliyun CLI's profile",
		},
		{
			name: "a token alone",
			env:  map[string]string{"ALIBABA_CLOUD_SECURITY_TOKEN": "token"},
			err:  ErrNoCredentials.Error(),
		},
		{name: "none", err: ErrNoCredentials.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Credentials(t.Context(), getenvOf(test.env))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if test.err == "" && err != nil || test.err != "" && (err == nil || err.Error() != test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if err != nil && !errors.As(err, new(Refusal)) {
				t.Errorf("error %#v, want a refusal", err)
			}
		})
	}
}

func TestCredentialsOfTheCLIsProfile(t *testing.T) {
	home := noAccount(t)
	writeProfile(t, home, `{"current":"work","profiles":[{"name":"work","mode":"AK","access_key_id":"id","access_key_secret":"secret"}]}`)
	got, err := Credentials(t.Context(), getenvOf(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cloudflow.Credentials{AccessKeyID: "id", AccessKeySecret: "secret"}, got); diff != "" {
		t.Error(diff)
	}
}

// The library's error for a profile that isn't JSON is the whole file.
func TestCredentialsErrorHidesTheProfile(t *testing.T) {
	home := noAccount(t)
	writeProfile(t, home, `{"profiles":[{"access_key_secret":"hush"}],}`)
	_, err := Credentials(t.Context(), getenvOf(nil))
	if !errors.Is(err, ErrNoCredentials) || strings.Contains(err.Error(), "hush") {
		t.Errorf("error %v, want ErrNoCredentials", err)
	}
}

func TestCredentialsURI(t *testing.T) {
	noAccount(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"Code":"Success","AccessKeyId":"STS.id","AccessKeySecret":"secret","SecurityToken":"token","Expiration":"2099-01-01T00:00:00Z"}`))
	}))
	defer server.Close()
	got, err := Credentials(t.Context(), getenvOf(map[string]string{"ALIBABA_CLOUD_CREDENTIALS_URI": server.URL}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cloudflow.Credentials{AccessKeyID: "STS.id", AccessKeySecret: "secret", SecurityToken: "token"}, got); diff != "" {
		t.Error(diff)
	}
}

// An interrupt isn't taken for an answer that there are none.
func TestInterruptedSearchForCredentials(t *testing.T) {
	noAccount(t)
	ctx, interrupt := context.WithCancel(t.Context())
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		interrupt()
		<-over
	}))
	defer server.Close()
	defer close(over)
	_, err := Credentials(ctx, getenvOf(map[string]string{"ALIBABA_CLOUD_CREDENTIALS_URI": server.URL}))
	if !errors.Is(err, ErrInterrupted) {
		t.Errorf("error %v", err)
	}
}

// The metadata service's address is asked only by those who say that they are
// on an ECS instance.
func TestCredentialPlacesLeaveTheMetadataServiceOut(t *testing.T) {
	noAccount(t)
	for role, want := range map[string]bool{"": false, "my-role": true} {
		asked := false
		for _, place := range credentialPlaces(getenvOf(map[string]string{"ALIBABA_CLOUD_ECS_METADATA": role})) {
			asked = asked || place.GetProviderName() == "ecs_ram_role"
		}
		if asked != want {
			t.Errorf("with the role %q the metadata service is asked: %v, want %v", role, asked, want)
		}
	}
}

func writeProfile(t *testing.T, home, text string) {
	t.Helper()
	folder := filepath.Join(home, ".aliyun")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
