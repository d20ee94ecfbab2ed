package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// mentions is whom a message mentions, in its vendor's own terms.
func mentions(t *testing.T, kind policy.ChannelKind, body []byte) string {
	t.Helper()
	var m said
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var text struct {
		Content       string
		MentionedList []string `json:"mentioned_list"`
		MobileList    []string `json:"mentioned_mobile_list"`
	}
	_ = json.Unmarshal(m.Text, &text)
	shown := strings.Split(m.shown()+text.Content, "\n\n")
	end := shown[len(shown)-1]
	switch kind {
	case policy.DingTalk:
		if !strings.HasPrefix(end, "@") {
			end = ""
		}
		return strings.TrimSpace(fmt.Sprintf("%s mobiles %v ids %v all %t", end, m.At.AtMobiles, m.At.AtUserIds, m.At.IsAtAll))
	case policy.WeCom:
		return fmt.Sprintf("%s ids %v mobiles %v", m.MsgType, text.MentionedList, text.MobileList)
	}
	if !strings.HasPrefix(end, "<") {
		return ""
	}
	return end
}

// TestMentions: each vendor is told whom to wake in its own way, and of what they are to
// wake alone.
func TestMentions(t *testing.T) {
	withheld := &result.Report{Complete: true, Withheld: &result.Withheld{Limit: "maxStops", Condemned: 7}}
	failed := &result.Report{Errors: []result.ErrorNote{{Code: "c"}}}
	both := &result.Report{Withheld: withheld.Withheld, Errors: failed.Errors, Decisions: stops(1).Decisions}
	tests := []struct {
		kind   policy.ChannelKind
		at     map[policy.News][]string
		report *result.Report
		want   string
	}{
		{policy.DingTalk, map[policy.News][]string{policy.NewsWithheld: {"all"}}, withheld, "mobiles [] ids [] all true"},
		{policy.DingTalk, map[policy.News][]string{policy.NewsWithheld: {"all"}}, stops(1), "mobiles [] ids [] all false"},
		{policy.DingTalk, map[policy.News][]string{policy.NewsFailed: {"13800000000", "user123"}}, failed, "@13800000000 @user123 mobiles [13800000000] ids [user123] all false"},
		{policy.DingTalk, map[policy.News][]string{policy.NewsFailed: {"13800000000"}, policy.NewsWithheld: {"13800000000", "all"}}, both, "mobiles [] ids [] all true"},
		{policy.Feishu, map[policy.News][]string{policy.NewsFailed: {"ou_1a2b"}, policy.NewsWithheld: {"all"}}, both, "<at id=all></at> <at id=ou_1a2b></at>"},
		{policy.Feishu, map[policy.News][]string{policy.NewsFailed: {"ou_1a2b"}, policy.NewsWithheld: {"all"}}, stops(1), ""},
		{policy.WeCom, map[policy.News][]string{policy.NewsFailed: {"13800000000", "zhangsan"}, policy.NewsWithheld: {"all"}}, both, "text ids [@all zhangsan] mobiles [13800000000]"},
		{policy.WeCom, map[policy.News][]string{policy.NewsFailed: {"13800000000"}}, stops(1), "markdown ids [] mobiles []"},
		{policy.SlackHook, map[policy.News][]string{policy.NewsFailed: {"U012AB3CD", "S012AB3CD"}, policy.NewsWithheld: {"all", "here"}}, both, "<!subteam^S012AB3CD> <@U012AB3CD> <!channel> <!here>"},
		{policy.SlackHook, map[policy.News][]string{policy.NewsStopped: {"U012AB3CD"}}, withheld, ""},
		{policy.SlackHook, map[policy.News][]string{policy.NewsPlanned: {"U012AB3CD"}}, &result.Report{Decisions: []result.Decision{{Outcome: result.Planned}}}, "<@U012AB3CD>"},
		{policy.SlackHook, map[policy.News][]string{policy.NewsUndecided: {"U012AB3CD"}}, &result.Report{Undecided: []result.Undecided{{Flow: "f"}}}, "<@U012AB3CD>"},
	}
	everything := []policy.News{policy.NewsStopped, policy.NewsWithheld, policy.NewsFailed, policy.NewsUndecided, policy.NewsPlanned}
	for i, test := range tests {
		transport := &recorder{answer: `{"errcode":0,"code":0}`}
		if test.kind == policy.SlackHook {
			transport.answer = "ok"
		}
		n := newNotifier(t, []policy.Channel{{Name: "robot", Kind: test.kind, URL: "https://example.com/", At: test.at, On: everything}}, notify.Options{Transport: transport})
		if errs := n.Send(t.Context(), test.report); errs != nil {
			t.Fatal(errs)
		}
		if diff := cmp.Diff(test.want, mentions(t, test.kind, transport.body)); diff != "" {
			t.Errorf("%d, %s: -want +got:\n%s", i, test.kind, diff)
		}
	}
}

// TestMentionsAreNotCut: however long the message, those whom it wakes are woken, and the
// vendor takes it.
func TestMentionsAreNotCut(t *testing.T) {
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprintf("U%020d", i))
	}
	for kind := range vendors {
		for _, template := range []string{"", strings.Repeat("停", 30_000)} {
			v := newVendor(t, kind)
			n := v.at(t, v.path, "", policy.Channel{Template: template, At: map[policy.News][]string{policy.NewsStopped: many}})
			if errs := n.Send(t.Context(), stops(1000)); errs != nil {
				t.Fatal(errs)
			}
			if got := mentions(t, kind, []byte(v.bodies[0])); !strings.Contains(got, many[19]) || len(v.texts) != 1 {
				t.Errorf("%s: mentions %q", kind, got)
			}
		}
	}
}
