package connect

import (
	"errors"
	"testing"

	"github.com/flowreaper/flowreaper/internal/sts"
)

// Credentials of another account than the place's are refused, where that is known.
func TestCheckAccount(t *testing.T) {
	for _, test := range []struct {
		meant string
		id    sts.Identity
		known bool
		want  string
	}{
		{"77", sts.Identity{Account: "77"}, true, ""},
		{"77", sts.Identity{Account: "78"}, true, "the credentials are of the account 78, but what is meant is 77: give a role of that account, or its credentials"},
		{"77", sts.Identity{}, false, ""},
		{"", sts.Identity{Account: "78"}, true, ""},
	} {
		c := &Connection{Options: Options{Account: test.meant}, identity: func() (sts.Identity, bool) { return test.id, test.known }}
		err := c.CheckAccount()
		if err == nil && test.want != "" || err != nil && err.Error() != test.want {
			t.Errorf("%+v: %v", test, err)
		}
		if err != nil && !errors.As(err, new(Refusal)) {
			t.Errorf("%+v is no refusal", err)
		}
	}
}
