package main

import (
	"cmp"
	"os"
	"os/user"
)

// caller is who has this done, for those who find their executions stopped: the RAM
// identity, where it can be had, or else who sits at which machine.
func (t *terminal) caller(s *sweeping) string {
	if id, ok := s.identity(); ok {
		return id.ARN
	}
	name := t.getenv("USER")
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return cmp.Or(name, "somebody") + "@" + cmp.Or(host, "somewhere")
}
