package soak

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
)

// build builds a binary as it is deployed.
func build(t *testing.T, folder string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), filepath.Base(folder))
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, folder)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", folder, err, out)
	}
	return binary
}

// deployment is a function as somebody has deployed it. Each start is another
// cold start.
type deployment struct {
	t        *testing.T
	binary   string
	endpoint string
	policy   string // its text
	state    string // FLOWREAPER_STATE
	tick     time.Duration
	rates    string // FLOWREAPER_RATES
	logs     *bytes.Buffer
}

func (d *deployment) start() *fcruntime.Runtime {
	d.t.Helper()
	policyFile := filepath.Join(filepath.Dir(d.binary), "policy.yaml")
	if err := os.WriteFile(policyFile, []byte(d.policy), 0o600); err != nil {
		d.t.Fatal(err)
	}
	env := slices.DeleteFunc(fcruntime.Inherit(os.Environ()), func(v string) bool { return strings.HasPrefix(v, "FLOWREAPER_") })
	rt, err := fcruntime.Start(d.t.Context(), fcruntime.Options{
		Binary: d.binary, Logs: d.logs, Region: "cn-hangzhou", AccountID: "1",
		Env: append(env,
			"FLOWREAPER_POLICY="+policyFile, "FLOWREAPER_ENDPOINT="+d.endpoint, "FLOWREAPER_STATE="+d.state,
			"FLOWREAPER_TICK="+d.tick.String(), "FLOWREAPER_RATES="+d.rates),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { rt.Close() })
	return rt
}

// unlimited are rates that no machine reaches, for a server without a quota.
func unlimited() string {
	rates := cloudflow.DefaultRates()
	for operation := range rates {
		rates[operation] = cloudflow.Rate{PerSecond: 10_000, Burst: 10_000}
	}
	return rates.String()
}

func invoke(ctx context.Context, rt *fcruntime.Runtime, timeout time.Duration) (fcruntime.Answer, error) {
	event := fmt.Sprintf(`{"triggerTime":%q,"triggerName":"every-minute","payload":""}`, time.Now().UTC().Format(time.RFC3339))
	return rt.Invoke(ctx, fcruntime.Invocation{
		Event: []byte(event), Timeout: timeout,
		Credentials: fcruntime.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
}
