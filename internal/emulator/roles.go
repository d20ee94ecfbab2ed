package emulator

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/signature"
)

// assumeRole is the one operation that is the Security Token Service's: whoever tries a
// fleet needs it of the same account.
const assumeRole = "AssumeRole"

type assumedAnswer struct {
	identified
	AssumedRoleUser struct{ Arn, AssumedRoleId string }
	Credentials     struct{ AccessKeyId, AccessKeySecret, SecurityToken, Expiration string }
}

// assumeRole answers credentials of a role that the account has, where the caller brings
// the external id that its trust asks for.
func (s *Server) assumeRole(_ context.Context, r *request) (answer, error) {
	arn := r.text("RoleArn", 256)
	session := r.text("RoleSessionName", 64)
	lasts := time.Duration(r.number("DurationSeconds", 900, 43200, 3600)) * time.Second
	if r.wrong != nil {
		return nil, r.wrong
	}
	i := slices.IndexFunc(s.roles, func(role account.Role) bool { return role.ARN == arn })
	if i < 0 {
		return nil, errorOf("EntityNotExist.Role", arn)
	}
	if id := s.roles[i].ExternalID; id != "" && id != r.get("ExternalId") {
		return nil, errorOf("NoPermission", "")
	}
	key := signature.AccessKey{ID: "STS." + rand.Text(), Secret: rand.Text(), SecurityToken: rand.Text(), Until: s.Now().Add(lasts)}
	s.verifier.Add(key, s.Now())
	a := &assumedAnswer{}
	a.AssumedRoleUser.Arn = arn + "/" + session
	a.AssumedRoleUser.AssumedRoleId = key.ID + ":" + session
	a.Credentials.AccessKeyId, a.Credentials.AccessKeySecret, a.Credentials.SecurityToken = key.ID, key.Secret, key.SecurityToken
	a.Credentials.Expiration = key.Until.Format(time.RFC3339)
	return a, nil
}
