package environment

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const all = "Nothing is done until it is renamed, or unset. There are FLOWREAPER_ENDPOINT, FLOWREAPER_FLEET, FLOWREAPER_MODE, FLOWREAPER_POLICY, FLOWREAPER_RATES, " +
	"FLOWREAPER_REGION, FLOWREAPER_STATE, FLOWREAPER_TICK, and those that the policy names with urlEnv and secretEnv"

func TestCheck(t *testing.T) {
	for _, test := range []struct{ variable, meant string }{
		{"FLOWREAPER_MOD=off", "; did you mean FLOWREAPER_MODE?"},
		{"FLOWREAPER_MODES=off", "; did you mean FLOWREAPER_MODE?"},
		{"FLOWREAPER_POLCY=a.yaml", "; did you mean FLOWREAPER_POLICY?"},
		{"FLOWREAPER_RATE=1", "; did you mean FLOWREAPER_RATES?"},
		{"FLOWREAPER_DRY_RUN=true", "; did you mean FLOWREAPER_MODE=plan?"},
		{"FLOWREAPER_OFF=1", "; did you mean FLOWREAPER_MODE=off?"},
		{"FLOWREAPER_DISABLED=1", "; did you mean FLOWREAPER_MODE=off?"},
		{"FLOWREAPER_ENABLED=false", "; did you mean FLOWREAPER_MODE?"},
		{"FLOWREAPER_STATE_FILE=/s", "; did you mean FLOWREAPER_STATE?"},
		{"FLOWREAPER_SOMETHING=1", ""},
		{"FLOWREAPER=off", "; did you mean FLOWREAPER_MODE?"},
		{"flowreaper_mode=off", "; did you mean FLOWREAPER_MODE?"},
		{"FlowReaper_Mode=off", "; did you mean FLOWREAPER_MODE?"},
		{"FLOW_REAPER_MODE=off", "; did you mean FLOWREAPER_MODE?"},
		{"FLOWREAPERMODE=off", "; did you mean FLOWREAPER_MODE?"},
		{"FLOWREAPER-MODE=off", "; did you mean FLOWREAPER_MODE?"},
		{"FLOWREAPER_MODE =off", "; did you mean FLOWREAPER_MODE?"},
		{" FLOWREAPER_MODE=off", "; did you mean FLOWREAPER_MODE?"},
		{"FLOWREAPPER_MODE=off", "; did you mean FLOWREAPER_MODE?"},
		{"FLOWREPAER_MODE=off", "; did you mean FLOWREAPER_MODE?"},
		{"FLORWEAPER_MOD=off", "; did you mean FLOWREAPER_MODE?"},
	} {
		name, _, _ := strings.Cut(test.variable, "=")
		want := name + " is none of flowreaper's variables" + test.meant + "\n" + all
		if err := Check([]string{"PATH=/bin", test.variable}, nil); err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", test.variable, err, want)
		}
	}
}

func TestCheckPassesOver(t *testing.T) {
	for _, variable := range []string{
		"FLOWREAPER_MODE=off", "FLOWREAPER_STATE=/s", "FLOWREAPER_ROBOT=https://x", // of the policy
		"FLOWREAPER_MOD=", // unset
		"MODE=off", "REAPER_MODE=off", "FLOWER_ENDPOINT=x", "WORKFLOW_REGION=x", "FLOW_MODE=off", "FLOWREADER_URL=x", "NOT_FLOWREAPER_MODE=x", "", "=C:=x",
	} {
		if err := Check([]string{variable}, []string{"FLOWREAPER_ROBOT"}); err != nil {
			t.Errorf("%s: %v", variable, err)
		}
	}
}

// TestCheckFindsASlip: one slip of the hand, anywhere in a name, is no other variable.
func TestCheckFindsASlip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := prefix + rapid.SampledFrom(known).Draw(rt, "name")
		at := rapid.IntRange(0, len(name)-2).Draw(rt, "at")
		slips := map[string]string{
			"missing": name[:at] + name[at+1:],
			"twice":   name[:at+1] + name[at:],
			"wrong":   name[:at] + rapid.StringMatching("[A-Z_]").Draw(rt, "letter") + name[at+1:],
			"swapped": name[:at] + name[at+1:at+2] + name[at:at+1] + name[at+2:],
			"case":    name[:at] + strings.ToLower(name[at:]),
		}
		slip := slips[rapid.SampledFrom([]string{"missing", "twice", "wrong", "swapped", "case"}).Draw(rt, "slip")]
		if slip == name {
			return
		}
		err := Check([]string{slip + "=off"}, nil)
		if err == nil || !strings.Contains(err.Error(), "did you mean "+name+"?") {
			rt.Fatalf("%s for %s: %v", slip, name, err)
		}
	})
}

// Several are told of at once, by their names alone.
func TestCheckTellsNoSecret(t *testing.T) {
	err := Check([]string{"FLOWREAPER_TOKEN=hush", "FLOWREAPER_MOD=hush", "FLOWREAPER_MOD=hush"}, nil)
	want := "FLOWREAPER_MOD is none of flowreaper's variables; did you mean FLOWREAPER_MODE?\nFLOWREAPER_TOKEN is none of flowreaper's variables\n" + all
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// TestKnown: what the binaries read is known, and what is known is read, and
// described in both READMEs.
func TestKnown(t *testing.T) {
	var read []string
	quoted := regexp.MustCompile(`[gG]etenv\("` + prefix + `([A-Z_]+)"\)`)
	for _, folder := range []string{"../../cmd", "../../function", "..", "../../policy"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
				read = append(read, m[1])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(read)
	if diff := cmp.Diff(slices.Compact(read), known); diff != "" {
		t.Errorf("(-read +known):\n%s", diff)
	}
	for _, file := range []string{"../../README.md", "../../README.zh-CN.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range known {
			if !strings.Contains(string(text), "| `"+prefix+name+"` |") {
				t.Errorf("%s does not describe %s", file, prefix+name)
			}
		}
	}
}
