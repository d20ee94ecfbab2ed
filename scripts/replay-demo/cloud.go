package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// cloud is the emulator, a process of its own.
type cloud struct {
	process  *exec.Cmd
	endpoint string
}

// emulate starts it, and has the commands call it.
func (d *demo) emulate() (*cloud, error) {
	line := []string{"emulate", "--listen", "127.0.0.1:0", "--account", "account.yaml", "--quota", d.quota}
	c := exec.Command(filepath.Join(d.bin, "flowreaper"), line...)
	said := &strings.Builder{}
	c.Dir, c.Env, c.Stderr = d.dir, d.environ, said
	stdout, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	var serving struct{ Endpoint string }
	text, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(text, &serving)
	}
	if err != nil {
		(&cloud{process: c}).stop()
		return nil, fmt.Errorf("the emulator doesn't serve: %w\n%s", err, said)
	}
	d.environ = append(d.environ, "FLOWREAPER_ENDPOINT="+serving.Endpoint)
	return &cloud{c, serving.Endpoint}, nil
}

// stop ends it and waits until it is gone. A terminal's Ctrl-C may have ended it before.
func (c *cloud) stop() error {
	c.process.Process.Signal(syscall.SIGTERM)
	return c.process.Wait()
}
