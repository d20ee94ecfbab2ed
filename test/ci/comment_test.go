package ci

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compared is a repository in which a policy that had been committed has changed, and the
// commit before. Its history is that which a release wrote.
func compared(t *testing.T, change func(policy string) string) (r repository, base string) {
	t.Helper()
	r = newRepository(t, map[string]string{"policy.yaml": policyText})
	base = r.commit(t)
	folders, err := filepath.Glob(filepath.Join(root(t), "testdata", "release-*", "history"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no history: %v", err)
	}
	if err := os.CopyFS(filepath.Join(string(r), "history"), os.DirFS(folders[0])); err != nil {
		t.Fatal(err)
	}
	r.write(t, map[string]string{"policy.yaml": change(policyText)})
	return r, base
}

const marker = "[//]: # (flowreaper policies)\n\n"

func shorter(policy string) string { return strings.Replace(policy, "2h", "30m", 1) }

func TestCompare(t *testing.T) {
	t.Parallel()
	same := func(policy string) string { return policy }
	for _, test := range []struct {
		name   string
		change func(string) string
		env    []string
		status int
		want   []string // of the comment
	}{
		{"a shorter limit", shorter, nil, 0, []string{marker + "## `policy.yaml`\n", "etl-orders"}},
		{"a gate that forbids it", shorter, []string{"MAX_FALSE_STOPS=0"}, 1, []string{"## `policy.yaml`\n", "```text\nflowreaper: "}},
		{"a gate that lets it pass", shorter, []string{"MAX_FALSE_STOPS=100"}, 0, []string{"## `policy.yaml`\n"}},
		{"no change", same, []string{"MAX_FALSE_STOPS=0"}, 0, []string{marker + "No policy has changed.\n"}},
		{"a wrong policy", func(string) string { return "version: 1\nrulez: []\n" }, nil, 1, []string{`unknown key "rulez"; did you mean "rules"?`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, base := compared(t, test.change)
			status, said := r.run(t, "compare.sh", append([]string{"POLICIES=*.yaml", "HISTORY=history", "BASE=" + base, "COMMENT=comment.md"}, test.env...)...)
			expect(t, status, test.status, said)
			expect(t, 0, 0, r.read(t, "comment.md"), test.want...)
		})
	}
}

// A policy that is new has nothing before it to be compared with.
func TestCompareANewPolicy(t *testing.T) {
	t.Parallel()
	r, base := compared(t, func(policy string) string { return policy })
	r.write(t, map[string]string{"new.yaml": shorter(policyText), "new.test.yaml": testText})
	status, said := r.run(t, "compare.sh", "POLICIES=*.yaml", "HISTORY=history", "BASE="+base, "COMMENT=comment.md")
	expect(t, status, 0, said)
	comment := r.read(t, "comment.md")
	if expect(t, 0, 0, comment, "## `new.yaml`\n"); strings.Contains(comment, "policy.yaml`") || strings.Contains(comment, "new.test") {
		t.Errorf("it tells of more:\n%s", comment)
	}
}

func TestCompareWithWhatIsNotThere(t *testing.T) {
	t.Parallel()
	r, _ := compared(t, shorter)
	gone := strings.Repeat("0123456789", 4)
	status, said := r.run(t, "compare.sh", "POLICIES=policy.yaml", "HISTORY=history", "BASE="+gone, "COMMENT=comment.md")
	expect(t, status, 1, said, "compare: the commit "+gone+" isn't in this clone, and can't be fetched: check out with a depth of 0\n")
	status, said = r.run(t, "compare.sh", "POLICIES=policy.yaml", "HISTORY=history", "BASE="+gone, "COMMENT=comment.md", "REAPER=nowhere/flowreaper")
	expect(t, status, 2, said, "compare: there is no nowhere/flowreaper to compare with: set REAPER to a flowreaper\n")
	status, said = r.run(t, "compare.sh", "POLICIES=policy.yaml", "HISTORY=history", "BASE=--output=x", "COMMENT=comment.md")
	expect(t, status, 2, said, "compare: BASE is --output=x: name a commit\n")
}

// gh is a stand-in that writes down what it is called with, and knows of one comment by
// the number in the file ours, if there is one.
const gh = `#!/bin/sh
printf '%s\n' "$*" >>"$CALLS"
[ -z "${REFUSES:-}" ] || { echo "HTTP 403: Resource not accessible by integration" >&2; exit 1; }
case $* in *--paginate*) cat "$OURS" ;; esac
`

func TestCommentOnGitHub(t *testing.T) {
	t.Parallel()
	list := "api --paginate repos/o/r/issues/7/comments?per_page=100 --jq "
	for _, test := range []struct {
		name, ours, refuses string
		want                string // its second call
		said                string
	}{
		{"the first", "", "", "api --silent --method POST repos/o/r/issues/7/comments --field body=@comment.md", ""},
		{"another one", "11\n", "", "api --silent --method PATCH repos/o/r/issues/comments/11 --field body=@comment.md", ""},
		{"of a fork", "", "yes", "", "comment: the comment was not written: give the job permissions: {pull-requests: write}; of a pull request from a fork nothing can be. The job's summary has it\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRepository(t, map[string]string{"comment.md": marker + "hello\n", "bin/gh": gh, "ours": test.ours})
			if err := os.Chmod(filepath.Join(string(r), "bin", "gh"), 0o755); err != nil {
				t.Fatal(err)
			}
			status, said := r.run(t, "comment-github.sh", "PATH="+filepath.Join(string(r), "bin")+string(os.PathListSeparator)+os.Getenv("PATH"),
				"COMMENT=comment.md", "GITHUB_REPOSITORY=o/r", "PULL_REQUEST=7", "GH_TOKEN=t", "GITHUB_STEP_SUMMARY=summary.md",
				"CALLS=calls", "OURS=ours", "REFUSES="+test.refuses)
			expect(t, status, 0, said, test.said)
			first, second, _ := strings.Cut(r.read(t, "calls"), "\n")
			if !strings.HasPrefix(first, list) || strings.TrimSpace(second) != test.want {
				t.Errorf("gh was called with\n%s\n%s\nwant %s…\n%s", first, second, list, test.want)
			}
			if summary := r.read(t, "summary.md"); summary != marker+"hello\n" {
				t.Errorf("the summary is %q", summary)
			}
		})
	}
	r := newRepository(t, map[string]string{"comment.md": ""})
	status, said := r.run(t, "comment-github.sh", "COMMENT=comment.md", "GITHUB_REPOSITORY=o/r", "PULL_REQUEST=7/../8", "GH_TOKEN=t")
	expect(t, status, 2, said, "comment: PULL_REQUEST is 7/../8: give its number\n")
}

// gitlab keeps a merge request's notes, the latest first, as GitLab lists them.
type gitlab struct {
	*httptest.Server
	notes []note
	calls []string
}

type note struct {
	ID   int     `json:"id"`
	Type *string `json:"type"`
	Body string  `json:"body"`
}

func newGitLab(t *testing.T, notes ...note) *gitlab {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl on this machine, with which the script calls GitLab")
	}
	g := &gitlab{notes: notes}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

const notesPath = "/api/v4/projects/5/merge_requests/7/notes"

func (g *gitlab) serve(w http.ResponseWriter, r *http.Request) {
	g.calls = append(g.calls, r.Method+" "+r.URL.Path)
	body := r.PostFormValue("body")
	switch {
	case r.Header.Get("PRIVATE-TOKEN") != "hush":
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodGet:
		json.NewEncoder(w).Encode(g.notes)
	case r.Method == http.MethodPost:
		g.notes = append([]note{{ID: 100, Body: body}}, g.notes...)
		w.WriteHeader(http.StatusCreated)
	default:
		for i := range g.notes {
			if r.URL.Path == fmt.Sprintf("%s/%d", notesPath, g.notes[i].ID) {
				g.notes[i].Body = body
			}
		}
	}
}

func (g *gitlab) env(token string) []string {
	return []string{"COMMENT=comment.md", "COMMENT_TOKEN=" + token, "CI_API_V4_URL=" + g.URL + "/api/v4", "CI_PROJECT_ID=5", "CI_MERGE_REQUEST_IID=7"}
}

func TestCommentOnGitLab(t *testing.T) {
	t.Parallel()
	g := newGitLab(t, note{ID: 3, Body: "looks \"id\":9,\"type\":null,\"body\":\"fine"}, note{ID: 2, Body: "hm"})
	for _, text := range []string{"one & two=2\n", "three\n"} {
		r := newRepository(t, map[string]string{"comment.md": marker + text})
		status, said := r.run(t, "comment-gitlab.sh", g.env("hush")...)
		expect(t, status, 0, said)
		if len(g.notes) != 3 || g.notes[0].Body != marker+text {
			t.Errorf("the notes are %+v", g.notes)
		}
	}
	want := []string{"GET " + notesPath, "POST " + notesPath, "GET " + notesPath, "PUT " + notesPath + "/100"}
	if strings.Join(g.calls, "\n") != strings.Join(want, "\n") {
		t.Errorf("the calls are %v, want %v", g.calls, want)
	}

	r := newRepository(t, map[string]string{"comment.md": marker})
	status, said := r.run(t, "comment-gitlab.sh", g.env("")...)
	expect(t, status, 0, said, "comment: the comment was not written: there is no COMMENT_TOKEN. The job's artifacts have it\n")
	if status, said := r.run(t, "comment-gitlab.sh", g.env("wrong")...); status == 0 || strings.Contains(said, "wrong") {
		t.Errorf("with a wrong token: status %d\n%s", status, said)
	}
}

// A policy changes with its calendars.
func TestCompareACalendar(t *testing.T) {
	t.Parallel()
	const day = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20990101\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	r, _ := compared(t, func(text string) string {
		return strings.Replace(text, "2h}", "2h, window: {days: Mon-Sun, except: [hr], timeZone: UTC}}", 1) + "calendars: {hr: {file: hr.ics}}\n"
	})
	r.write(t, map[string]string{"hr.ics": day})
	before := r.commit(t)
	for ics, want := range map[string]string{day: "No policy has changed.", strings.Replace(day, "2099", "2098", 1): "## `policy.yaml`\n"} {
		r.write(t, map[string]string{"hr.ics": ics})
		status, said := r.run(t, "compare.sh", "POLICIES=policy.yaml", "HISTORY=history", "BASE="+before, "COMMENT=comment.md")
		expect(t, status, 0, said)
		expect(t, 0, 0, r.read(t, "comment.md"), want)
	}
}

// A policy changes with what it extends.
func TestCompareAnExtendedPolicy(t *testing.T) {
	t.Parallel()
	r, _ := compared(t, func(string) string { return "version: 1\npolicy: p\nextends: shared/base.yaml\n" })
	base := strings.Replace(policyText, "policy: p\n", "", 1)
	r.write(t, map[string]string{"shared/base.yaml": base})
	before := r.commit(t)
	for _, test := range []struct{ base, want string }{{base, "No policy has changed."}, {shorter(base), "## `policy.yaml`\n"}} {
		r.write(t, map[string]string{"shared/base.yaml": test.base})
		status, said := r.run(t, "compare.sh", "POLICIES=policy.yaml", "HISTORY=history", "BASE="+before, "COMMENT=comment.md")
		expect(t, status, 0, said)
		expect(t, 0, 0, r.read(t, "comment.md"), test.want)
	}
}
