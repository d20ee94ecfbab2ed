//go:build !linux

package fcruntime

import "syscall"

func childAttributes() *syscall.SysProcAttr { return nil }
