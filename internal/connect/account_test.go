package connect

import (
	"errors"
	"testing"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/sts"
)

// Credentials of another account than the place's are refused, and those of nobody knows
// whose, where it could be known.
func TestCheckAccount(t *testing.T) {
	const own = "https://cn-hangzhou.fnf.aliyuncs.com"
	for _, test := range []struct {
		meant string
		id    sts.Identity
		known bool
		role  *sts.Role
		at    string
		want  string
	}{
		{"77", sts.Identity{Account: "77"}, true, nil, own, ""},
		{"77", sts.Identity{Account: "78"}, true, nil, own, "the credentials are of the account 78, but what is meant is 77: give a role of that account, or its credentials"},
		{"77", sts.Identity{}, false, nil, own, "whose credentials these are could not be asked of the Security Token Service, and they must be those of the account 77: nothing was asked of it; try again, or give the place a role"},
		{"77", sts.Identity{}, false, &sts.Role{}, own, ""}, // a role's are of its own account
		{"77", sts.Identity{}, false, nil, "https://gateway.example.com", ""},
		{"77", sts.Identity{}, false, nil, "http://127.0.0.1:8790", ""},
		{"", sts.Identity{}, false, nil, own, ""},
		{"", sts.Identity{Account: "78"}, true, nil, own, ""},
	} {
		at, err := cloudflow.ParseEndpoint(test.at, "")
		if err != nil {
			t.Fatal(err)
		}
		c := &Connection{Options: Options{Account: test.meant, Role: test.role}, at: at, identity: func() (sts.Identity, bool) { return test.id, test.known }}
		err = c.CheckAccount()
		if err == nil && test.want != "" || err != nil && err.Error() != test.want {
			t.Errorf("%+v: %v", test, err)
		}
		if err != nil && !errors.As(err, new(Refusal)) {
			t.Errorf("%+v is no refusal", err)
		}
	}
}
