package deploy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What Terraform makes for Log Service is of kinds that its provider's documentation was
// read for, and is formatted.
func TestLogServiceOfTerraform(t *testing.T) {
	dir := filepath.Join(repository(t), "deploy", "sls")
	text := string(readFile(t, filepath.Join(dir, "main.tf")))
	made := map[string]bool{}
	for _, match := range resources.FindAllStringSubmatch(text, -1) {
		made[match[1]] = true
	}
	for _, kind := range []string{"alicloud_log_store_index", "alicloud_log_dashboard", "alicloud_sls_alert"} {
		if !made[kind] {
			t.Errorf("no %s is made", kind)
		}
		delete(made, kind)
	}
	if len(made) > 0 {
		t.Errorf("of %v this test knows nothing", made)
	}
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("there is no terraform on this machine")
	}
	if out, err := exec.Command("terraform", "fmt", "-check", "-diff", dir).CombinedOutput(); err != nil {
		t.Errorf("terraform fmt: %v\n%s", err, out)
	}
}

// The script hands each saved search to Log Service's CLI, in the form that its
// documentation shows, and nothing of it is lost to the shell.
func TestSavedSearches(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("there is no jq on this machine")
	}
	dir, bin := filepath.Join(repository(t), "deploy", "sls"), t.TempDir()
	writeFile(t, filepath.Join(bin, "aliyunlog"), "#!/bin/sh\n[ \"$1 $2 $3\" = 'log create_savedsearch --project=p' ] || exit 9\ncat \"${4#--detail=file://}\" >>\""+bin+"/made\"\n")
	if err := os.Chmod(filepath.Join(bin, "aliyunlog"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "searches.sh"), "p", "l")
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var of struct {
		Searches []struct{ Name, Query string }
	}
	if err := json.Unmarshal(readFile(t, filepath.Join(dir, "queries.json")), &of); err != nil {
		t.Fatal(err)
	}
	made := json.NewDecoder(strings.NewReader(string(readFile(t, filepath.Join(bin, "made")))))
	for _, s := range of.Searches {
		var got map[string]string
		if err := made.Decode(&got); err != nil || got["savedsearchName"] != s.Name || got["searchQuery"] != s.Query || got["logstore"] != "l" {
			t.Errorf("%s is made as %v, error %v", s.Name, got, err)
		}
	}
	if len(of.Searches) == 0 || made.More() {
		t.Error("others are made than there are")
	}
	if out, err := exec.Command(filepath.Join(dir, "searches.sh"), "p").CombinedOutput(); err == nil || !strings.Contains(string(out), "usage: ") {
		t.Errorf("without a logstore: %v, %s", err, out)
	}
}
