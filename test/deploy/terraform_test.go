package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// Without its provider, which comes from a registry, Terraform checks the form
// only.
func TestTerraformFormat(t *testing.T) {
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("there is no terraform on this machine")
	}
	dir := filepath.Join(repository(t), "deploy", "terraform")
	if out, err := exec.Command("terraform", "fmt", "-check", "-diff", dir).CombinedOutput(); err != nil {
		t.Errorf("terraform fmt: %v\n%s", err, out)
	}
	ugly := t.TempDir()
	writeFile(t, filepath.Join(ugly, "ugly.tf"), "variable \"a\" {\ntype=string\n}\n")
	if err := exec.Command("terraform", "fmt", "-check", ugly).Run(); err == nil {
		t.Error("terraform fmt -check lets pass what isn't formatted")
	}
}

var (
	readsFile = regexp.MustCompile(`file\("\$\{path\.module\}/([^"]+)"\)`)
	resources = regexp.MustCompile(`(?m)^resource "([^"]+)"`)
	known     = map[string]bool{
		"alicloud_ram_role":                                true,
		"alicloud_ram_policy":                              true,
		"alicloud_ram_role_policy_attachment":              true,
		"alicloud_message_service_queue":                   true,
		"alicloud_oss_bucket":                              true,
		"alicloud_cloud_monitor_service_metric_alarm_rule": true,
	}
)

// What Terraform reads exists, for either mode, and what it makes is of the
// kinds that its provider's documentation was read for.
func TestTerraformReadsTheRolesDocuments(t *testing.T) {
	dir := filepath.Join(repository(t), "deploy", "terraform")
	names, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files of Terraform's in %s: %v", dir, err)
	}
	read := make(map[string]bool)
	for _, name := range names {
		text := string(readFile(t, name))
		for _, match := range readsFile.FindAllStringSubmatch(text, -1) {
			for _, mode := range []string{"plan", "enforce"} {
				file := filepath.Join(dir, regexp.MustCompile(`\$\{each\.key\}`).ReplaceAllString(match[1], mode))
				if _, err := os.Stat(file); err != nil {
					t.Errorf("%s: %v", filepath.Base(name), err)
				}
				read[filepath.Base(file)] = true
			}
		}
		for _, match := range resources.FindAllStringSubmatch(text, -1) {
			if !known[match[1]] {
				t.Errorf("%s makes a %s, of which this test knows nothing", filepath.Base(name), match[1])
			}
		}
	}
	for _, file := range []string{"trust.json", "plan.json", "enforce.json", "state.json"} {
		if !read[file] {
			t.Errorf("Terraform doesn't read deploy/ram/%s", file)
		}
	}
}
