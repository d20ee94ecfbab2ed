package sts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alibabacloud-go/tea/dara"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/redact"
)

// Role is a RAM role that others may assume.
type Role struct {
	ARN        string // acs:ram::<account>:role/<name>
	ExternalID string // which the role's trust asks for; "" where it asks for none
}

// assuming is how long Assume takes at the most: the service may be in another region.
const assuming = 10 * time.Second

// CanAssume says whether there is a service that knows the roles of an endpoint's account.
func CanAssume(endpoint cloudflow.Endpoint) bool {
	_, ok := besideOrHere(endpoint)
	return ok
}

// Assume asks for credentials of a role, which last an hour. The session is what ActionTrail
// calls the caller by. An emulated CloudFlow answers it itself.
//
// It asks once: whoever sweeps again in a minute asks again. A nil client is one of its own.
func Assume(ctx context.Context, endpoint cloudflow.Endpoint, keys cloudflow.Credentials, role Role, session string, client cloudflow.HTTPClient) (cloudflow.Credentials, error) {
	at, ok := besideOrHere(endpoint)
	if !ok {
		return cloudflow.Credentials{}, fmt.Errorf("no Security Token Service is known beside %s, which could be asked for the role %s", endpoint, plain.Text(role.ARN))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, assuming, errors.New("no answer in time"))
	defer cancel()
	query := map[string]*string{"RoleArn": dara.String(role.ARN), "RoleSessionName": dara.String(session), "DurationSeconds": dara.String("3600")}
	if role.ExternalID != "" {
		query["ExternalId"] = dara.String(role.ExternalID)
	}
	var answer struct {
		Credentials struct{ AccessKeyID, AccessKeySecret, SecurityToken string }
	}
	err := call(ctx, at, "AssumeRole", query, keys, client, &answer)
	got := cloudflow.Credentials(answer.Credentials)
	if err == nil && (got.AccessKeyID == "" || got.AccessKeySecret == "" || got.SecurityToken == "") {
		err = errors.New("the answer holds no credentials")
	}
	if no, refused := errors.AsType[*refusal](err); refused { // it may hold what was sent
		hide := redact.New(keys.AccessKeySecret, keys.SecurityToken, role.ExternalID)
		no.withID = role.ExternalID != ""
		no.Code, no.Message = hide.Text(no.Code), hide.Text(no.Message)
	}
	if err != nil {
		return cloudflow.Credentials{}, fmt.Errorf("the role %s could not be assumed, and nothing was done there: %w", plain.Text(role.ARN), err)
	}
	return got, nil
}

// besideOrHere is beside, and for an endpoint on this machine that one itself.
func besideOrHere(e cloudflow.Endpoint) (cloudflow.Endpoint, bool) {
	if e.Loopback() {
		return e, true
	}
	return beside(e)
}

// refusal is an answer that refuses.
type refusal struct {
	status        int
	Code, Message string
	withID        bool // whether an external id was brought
}

func (r *refusal) Error() string {
	text := fmt.Sprintf("the Security Token Service answered %d %s", r.status, http.StatusText(r.status))
	if r.Code != "" {
		text += ": " + plain.Text(plain.Clip(r.Code, 100)) + ": " + plain.Text(plain.Clip(r.Message, 300))
	}
	switch r.Code {
	case "NoPermission":
		id := "; does its trust ask for an external id, give that as externalId"
		if r.withID {
			id = ", with this external id if it asks for one"
		}
		text += "\nThe caller's RAM policy must allow sts:AssumeRole on the role, and the role must trust the caller" + id
	case "EntityNotExist.Role":
		text += "\nCheck the account and the role's name"
	}
	return text
}
