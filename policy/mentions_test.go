package policy

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMentions(t *testing.T) {
	for channel, want := range map[string]map[News][]string{
		`kind: dingtalk`:            nil,
		`kind: dingtalk, at: [all]`: {NewsWithheld: {"all"}, NewsFailed: {"all"}},
		`kind: wecom, at: ["13800000000", zhang.san, "13800000000", "+852-91234567"]`: {
			NewsWithheld: {"13800000000", "zhang.san", "+852-91234567"}, NewsFailed: {"13800000000", "zhang.san", "+852-91234567"}},
		`kind: feishu, on: [stopped, failed], at: all`: {NewsFailed: {"all"}},
		`kind: feishu, at: {withheld: [all], undecided: ou_1a2b3c}`: {
			NewsWithheld: {"all"}, NewsUndecided: {"ou_1a2b3c"}},
		`kind: slack, on: planned, at: {planned: [U012AB3CD, S012AB3CD, here]}`: {NewsPlanned: {"U012AB3CD", "S012AB3CD", "here"}},
	} {
		p := mustParse(t, notifying("  - {name: a, urlEnv: A, "+channel+"}\n"))
		if diff := cmp.Diff(want, p.Notify[0].At); diff != "" {
			t.Errorf("%s: -want +got:\n%s", channel, diff)
		}
	}
}

func TestMentionErrors(t *testing.T) {
	const (
		dingtalk = "each of at must be a mobile number, a member's ID in dingtalk, or all, but is the text "
		feishu   = "each of at must be the open_id (ou_…) or user_id of a member, or all: a robot of Feishu's knows no mobile numbers or names, but is the text "
		slack    = "each of at must be a member's ID such as U012AB3CD, a user group's such as S012AB3CD, here or all, but is the text "
	)
	many := ""
	for i := range maxMentioned + 1 {
		many += fmt.Sprintf("u%d, ", i)
	}
	for channel, want := range map[string][]string{
		`kind: webhook, at: [all]`:       {"4:45: a webhook mentions nobody: leave at out; a robot's kind has it, and so may the body of a webhook"},
		`kind: wecom, at: []`:            {"4:43: at must be a list of texts, but is empty"},
		`kind: wecom, at: [13800000000]`: {"4:44: each of at must be a text, but is the number 13800000000: quote it"},
		`kind: wecom, at: ["@all", 张三]`:  {`4:44: each of at must be a mobile number, a member's ID in wecom, or all, but is the text "@all"; did you mean "all"?`, `4:52: each of at must be a mobile number, a member's ID in wecom, or all, but is the text "张三"`},
		`kind: dingtalk, at: everyone`:   {`4:46: each of at must be a mobile number, a member's ID in dingtalk, or all, but is the text "everyone"; did you mean "all"?`},
		`kind: dingtalk, at: ["+8613800000000", "+86 138 0000 0000", 138-0000-0000, "008613800000000", +852-91234567, "0123456789"]`: {
			"4:47: " + dingtalk + `"+8613800000000"; write "13800000000"`, "4:65: " + dingtalk + `"+86 138 0000 0000"; write "13800000000"`,
			"4:86: " + dingtalk + `"138-0000-0000"; write "13800000000"`, "4:101: " + dingtalk + `"008613800000000"; write "13800000000"`,
		},
		`kind: feishu, at: ["+86 13800000000"]`:          {"4:45: " + feishu + `"+86 13800000000"`},
		`kind: feishu, at: ["13800000000", "</at>"]`:     {"4:45: " + feishu + `"13800000000"`, "4:60: " + feishu + `"</at>"`},
		`kind: slack, at: ["@bob", "<!channel>", U01>x]`: {"4:44: " + slack + `"@bob"`, "4:52: " + slack + `"<!channel>"; did you mean "all"?`, "4:66: " + slack + `"U01>x"`},
		`kind: slack, at: {withold: [all]}`:              {`4:44: at mentions people of what a channel hears of, but not of "withold"; did you mean "withheld"?`},
		`kind: slack, at: {planned: [all]}`:              {"4:44: at mentions people of planned, of which the channel doesn't hear: add it to on, or leave it out here"},
		`kind: slack, on: [stopped], at: [all]`:          {"4:58: at mentions people of withheld or failed, and the channel hears of neither: say of what, as in at: {stopped: [all]}"},
		`kind: wecom, at: [` + many + `]`:                {"4:134: at mentions 21 people, and at most 20 may be: mention all"},
	} {
		_, err := Parse("p.yaml", []byte(notifying("  - {name: a, urlEnv: A, "+channel+"}\n")))
		var got []string
		for _, e := range problems(err) {
			got = append(got, fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", channel, diff)
		}
	}
}
