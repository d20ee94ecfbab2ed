package notify

import (
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/policy"
)

// mentioned are those whom a message mentions: of each that it tells of, once.
func mentioned(at map[policy.News][]string, m *Message) []string {
	tells := map[policy.News]bool{
		policy.NewsStopped: m.Stopped.Count > 0, policy.NewsPlanned: m.Planned.Count > 0, policy.NewsUndecided: m.Undecided.Count > 0,
		policy.NewsWarned:   m.Warned.Count > 0,
		policy.NewsWithheld: m.Limit != nil || m.Withheld.Count > 0,
		policy.NewsFailed:   m.Failed.Count > 0 || len(m.Errors) > 0,
	}
	var people []string
	for news, some := range at {
		if tells[news] {
			people = append(people, some...)
		}
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// ending puts what mentions people at the end of a text.
func ending(text string, mentions []string) string {
	if len(mentions) == 0 {
		return text
	}
	return strings.TrimSpace(text + "\n\n" + strings.Join(mentions, " "))
}

// each makes of people what mentions them.
func each(people []string, mention func(string) string) []string {
	var all []string
	for _, person := range people {
		all = append(all, mention(person))
	}
	return all
}

// byNumber parts people into mobile numbers and IDs.
func byNumber(people []string) (mobiles, ids []string) {
	for _, person := range people {
		if policy.IsMobile(person) {
			mobiles = append(mobiles, person)
		} else {
			ids = append(ids, person)
		}
	}
	return mobiles, ids
}
