package connect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aliyun/credentials-go/credentials/providers"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// ErrNoCredentials says what to do. It leaves out what each place answered:
// the library's errors quote files that hold secrets.
var ErrNoCredentials = errors.New(`no Alibaba Cloud credentials were found in the environment, an OIDC token, the aliyun CLI's profile or ~/.alibabacloud/credentials
Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET (with temporary ones ALIBABA_CLOUD_SECURITY_TOKEN too), or run 'aliyun configure'.
On an ECS instance set ALIBABA_CLOUD_ECS_METADATA to the name of its RAM role`)

// ErrInterrupted says that the search for credentials was interrupted.
var ErrInterrupted = errors.New("interrupted while looking for credentials: nothing was called")

// credentialsPatience bounds the search: some places are asked over the
// network, by a library that takes no context.
const credentialsPatience = 10 * time.Second

// Credentials are the environment's, else the first that Alibaba Cloud's
// default chain finds, in its order. Unlike the SDKs it asks the ECS metadata
// service only where ALIBABA_CLOUD_ECS_METADATA names a role: elsewhere that
// address is nobody's, or a stranger's. The error is a [Refusal], of ErrNoCredentials
// when there are none, or ErrInterrupted where ctx ended.
func Credentials(ctx context.Context, getenv func(string) string) (cloudflow.Credentials, error) {
	if err := cloudflow.CheckDebug(getenv("DEBUG")); err != nil {
		return cloudflow.Credentials{}, Refusal{err}
	}
	found, err := environmentCredentials(getenv)
	if err != nil || found.AccessKeyID != "" {
		return found, err
	}
	patience, cancel := context.WithTimeout(ctx, credentialsPatience)
	defer cancel()
	chain := make(chan cloudflow.Credentials, 1)
	go func() { chain <- chainCredentials(credentialPlaces(getenv)) }()
	select {
	case found = <-chain:
	case <-patience.Done():
	}
	switch {
	case ctx.Err() != nil:
		return cloudflow.Credentials{}, ErrInterrupted
	case found.AccessKeyID == "":
		return found, Refusal{ErrNoCredentials}
	}
	return found, nil
}

func environmentCredentials(getenv func(string) string) (cloudflow.Credentials, error) {
	c := cloudflow.Credentials{
		AccessKeyID:     getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"),
		AccessKeySecret: getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
		SecurityToken:   getenv("ALIBABA_CLOUD_SECURITY_TOKEN"),
	}
	set, unset := "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
	if c.AccessKeyID == "" {
		set, unset = unset, set
	}
	if (c.AccessKeyID == "") != (c.AccessKeySecret == "") {
		return cloudflow.Credentials{}, Refusal{fmt.Errorf("%s is set and %s isn't: set both, or neither to use the aliyun CLI's profile", set, unset)}
	}
	if c.AccessKeyID == "" {
		return cloudflow.Credentials{}, nil // a token alone signs nothing
	}
	return c, nil
}

// credentialPlaces is the default chain of credentials-go, without the
// environment. A place that the environment's switches leave out fails to
// build.
func credentialPlaces(getenv func(string) string) []providers.CredentialsProvider {
	var places []providers.CredentialsProvider
	add := func(p providers.CredentialsProvider, err error) {
		if err == nil {
			places = append(places, p)
		}
	}
	add(providers.NewOIDCCredentialsProviderBuilder().Build())
	add(providers.NewCLIProfileCredentialsProviderBuilder().Build())
	add(providers.NewProfileCredentialsProviderBuilder().Build())
	if role := getenv("ALIBABA_CLOUD_ECS_METADATA"); role != "" {
		add(providers.NewECSRAMRoleCredentialsProviderBuilder().WithRoleName(role).Build())
	}
	if uri := getenv("ALIBABA_CLOUD_CREDENTIALS_URI"); uri != "" {
		add(providers.NewURLCredentialsProviderBuilder().WithUrl(uri).Build())
	}
	return places
}

// chainCredentials are those of the first place that has any.
func chainCredentials(places []providers.CredentialsProvider) cloudflow.Credentials {
	for _, place := range places {
		if c, err := place.GetCredentials(); err == nil && c != nil && c.AccessKeyId != "" {
			return cloudflow.Credentials{AccessKeyID: c.AccessKeyId, AccessKeySecret: c.AccessKeySecret, SecurityToken: c.SecurityToken}
		}
	}
	return cloudflow.Credentials{}
}
