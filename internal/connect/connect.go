// Package connect connects a terminal to CloudFlow: with the credentials that its
// environment, or else this machine, has; for the account and in the name of whoever's they
// are; and with the ledger in which that user's stops are counted.
//
//	c, err := connect.Open(ctx, connect.Options{Region: "cn-hangzhou", Rates: rates, Getenv: os.Getenv})
//	defer c.Close()
//	c.Identify(ctx)
//	ledger, err := c.Ledger("")
//
// A [Refusal] is wrong usage.
package connect

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/sts"
)

// Refusal is what is wrong with what was given, the environment and files among it.
type Refusal struct{ error }

// Unwrap returns the error beneath.
func (r Refusal) Unwrap() error { return r.error }

// Refuse says that an error is of what was given.
func Refuse(err error) error { return Refusal{err} }

// Options say what is called, and from where.
type Options struct {
	Endpoint string // "" for the region's
	Region   string
	Rates    cloudflow.Rates
	Getenv   func(string) string

	Keys    cloudflow.Credentials // that were found before; the zero value: they are looked for
	Account string                // the account's id, where it is known
	Role    *sts.Role             // to assume with the credentials; nil: none
	Session string                // what that is called in ActionTrail
}

// Connection is a client, and who calls with it.
type Connection struct {
	Options
	Client *cloudflow.Client
	Quota  *cloudflow.Quota

	at       cloudflow.Endpoint
	identity func() (sts.Identity, bool) // nil: nobody was asked
}

// Open looks for credentials and makes the client. It calls nothing, but for the
// credentials of a role.
func Open(ctx context.Context, o Options) (*Connection, error) {
	keys, err := o.Keys, error(nil)
	if keys.AccessKeyID == "" {
		if keys, err = Credentials(ctx, o.Getenv); err != nil {
			return nil, err
		}
	}
	at, err := cloudflow.ParseEndpoint(o.Endpoint, o.Region)
	if err != nil {
		return nil, Refusal{err}
	}
	quota, err := cloudflow.NewQuota(o.Rates)
	if err != nil {
		return nil, Refusal{err}
	}
	if o.Role != nil {
		if keys, err = sts.Assume(ctx, at, keys, *o.Role, o.Session, nil); err != nil {
			return nil, err
		}
	}
	client, err := cloudflow.New(cloudflow.Options{Endpoint: o.Endpoint, Region: o.Region, Credentials: keys, Quota: quota})
	if err != nil {
		return nil, Refusal{err}
	}
	o.Keys = keys
	return &Connection{Options: o, Client: client, Quota: quota, at: at}, nil
}

// At is the URL that is called.
func (c *Connection) At() string { return c.at.String() }

// Close ends the connection.
func (c *Connection) Close() { c.Client.Close() }

// Identify begins to ask who calls, beside what else is done.
func (c *Connection) Identify(ctx context.Context) {
	var id sts.Identity
	var ok bool
	answered := make(chan struct{})
	c.identity = func() (sts.Identity, bool) {
		<-answered
		return id, ok
	}
	go func() {
		defer close(answered)
		id, ok = sts.Caller(ctx, c.at, c.Keys, nil)
	}()
}

// Identity is who calls. It waits for the answer, for [sts.Patience] at the most; it is not
// ok where there is none.
func (c *Connection) Identity() (id sts.Identity, ok bool) {
	if c.identity == nil {
		return sts.Identity{}, false
	}
	return c.identity()
}

// CheckAccount refuses credentials of another account than is meant. Whose they are is
// not known where the Security Token Service didn't say; a role's are of its own account,
// and elsewhere than at CloudFlow nobody can be asked.
func (c *Connection) CheckAccount() error {
	id, ok := c.Identity()
	switch {
	case c.Account == "":
	case !ok && c.Role == nil && c.at.CloudFlows() && !c.at.Loopback():
		return Refusal{fmt.Errorf("whose credentials these are could not be asked of the Security Token Service, and they must be those of the account %s: nothing was asked of it; try again, or give the place a role", c.Account)}
	case ok && id.Account != c.Account:
		return Refusal{fmt.Errorf("the credentials are of the account %s, but what is meant is %s: give a role of that account, or its credentials", id.Account, c.Account)}
	}
	return nil
}

// Caller is who has this done, for those who find their executions stopped: the RAM
// identity, where it can be had, or else who sits at which machine.
func (c *Connection) Caller() string {
	if id, ok := c.Identity(); ok {
		return id.ARN
	}
	name := c.Getenv("USER")
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return cmp.Or(name, "somebody") + "@" + cmp.Or(host, "somewhere")
}
