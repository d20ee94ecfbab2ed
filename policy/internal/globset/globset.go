// Package globset decides what lists of globs name, without any names at hand:
// whether one list names all that another does, or nothing at all. Where they
// differ it finds a name that shows it.
//
// In a glob * stands for any characters and ? for one. The last pattern of a
// list that matches wins; one that excludes takes names out; a list that begins
// with one begins from all.
package globset

import "strings"

// List is a list of globs; a nil List names everything.
type List []Glob

// Glob is one pattern of a list.
type Glob struct {
	Pattern string
	Exclude bool // written as !pattern
}

// Find looks for a name that all of the lists in named name and none of those in
// unnamed. It gives up on lists that are too
// intertwined: then it is found, and "".
func Find(named, unnamed []List) (name string, found bool) {
	s := &search{named: named, unnamed: unnamed}
	s.alphabet = alphabetOf(named, unnamed)
	if name, found := s.guess(); found {
		return name, true
	}
	return s.run()
}

// guess tries the names that the patterns themselves suggest: most lists differ
// there, and a search takes long.
func (s *search) guess() (name string, found bool) {
	unlike := string(s.alphabet[0])
	for _, list := range s.lists() {
		for _, g := range list {
			for _, star := range []string{"", unlike} {
				name := strings.NewReplacer("*", star, "?", unlike).Replace(g.Pattern)
				if name != "" && s.names(name) {
					return name, true
				}
			}
		}
	}
	return "", false
}

// names says whether a name is one that is looked for.
func (s *search) names(name string) bool {
	at := s.begin()
	for i := range len(name) {
		next, ok := s.step(at, name[i])
		if !ok {
			return false
		}
		at = next
	}
	return s.wanted(at)
}

// maxStates bounds a search. Lists of people's policies need a few dozen.
const maxStates = 5_000

// other stands for all the characters that no pattern has.
const other = "xyzabcdefghijklmnopqrstuvwXYZ0123456789_-"

// alphabetOf are the characters that tell names apart: those of the patterns
// and one that is in none of them.
func alphabetOf(lists ...[]List) []byte {
	var all strings.Builder
	for _, group := range lists {
		for _, list := range group {
			for _, g := range list {
				all.WriteString(g.Pattern)
			}
		}
	}
	used := all.String()
	var alphabet []byte
	for _, c := range []byte(other) {
		if !strings.Contains(used, string(c)) {
			alphabet = append(alphabet, c)
			break
		}
	}
	for i := range len(used) {
		if c := used[i]; c != '*' && c != '?' && !strings.Contains(string(alphabet), string(c)) {
			alphabet = append(alphabet, c)
		}
	}
	return alphabet
}

// search walks all names at once, by what the patterns have matched so far.
type search struct {
	named, unnamed []List
	alphabet       []byte
}

// state is how far each pattern of each list has come.
type state struct {
	name     string
	progress []progress // of named, then of unnamed, pattern by pattern
}

// progress is the places in a pattern at which a name so far may stand.
type progress string // one byte a place, 1 where it may be

func (s *search) run() (name string, found bool) {
	seen := map[string]bool{}
	for queue := []state{s.begin()}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, c := range s.alphabet {
			next, ok := s.step(at, c)
			key := next.key()
			if !ok || seen[key] {
				continue
			}
			if s.wanted(next) {
				return next.name, true
			}
			seen[key] = true
			if len(seen) > maxStates {
				return "", true
			}
			queue = append(queue, next)
		}
	}
	return "", false
}

// begin is the state before the first character.
func (s *search) begin() state {
	start := state{}
	for _, list := range s.lists() {
		for _, g := range list {
			start.progress = append(start.progress, begin(g.Pattern))
		}
	}
	return start
}

func (s *search) lists() []List { return append(append([]List{}, s.named...), s.unnamed...) }

func (st state) key() string {
	var b strings.Builder
	for _, p := range st.progress {
		b.WriteString(string(p))
		b.WriteByte('|')
	}
	return b.String()
}

// step appends a character to the name. It is not ok where no name that begins
// so can be wanted any more.
func (s *search) step(at state, c byte) (state, bool) {
	next := state{name: at.name + string(c)}
	i := 0
	for l, list := range s.lists() {
		alive := len(list) == 0 || list[0].Exclude
		for _, g := range list {
			p := at.progress[i].step(g.Pattern, c)
			alive = alive || !g.Exclude && p.alive()
			next.progress = append(next.progress, p)
			i++
		}
		if l < len(s.named) && !alive {
			return next, false
		}
	}
	return next, true
}

// wanted says whether the name as it is is what is looked for.
func (s *search) wanted(st state) bool {
	i := 0
	for l, list := range s.lists() {
		names := len(list) == 0 || list[0].Exclude
		for _, g := range list {
			if st.progress[i].done(g.Pattern) {
				names = !g.Exclude
			}
			i++
		}
		if names != (l < len(s.named)) {
			return false
		}
	}
	return true
}

func begin(pattern string) progress {
	places := make([]byte, len(pattern)+1)
	places[0] = 1
	return settle(pattern, places)
}

// settle lets every * stand for nothing.
func settle(pattern string, places []byte) progress {
	for i := range len(pattern) {
		if places[i] == 1 && pattern[i] == '*' {
			places[i+1] = 1
		}
	}
	return progress(places)
}

func (p progress) step(pattern string, c byte) progress {
	places := make([]byte, len(p))
	for i := range len(pattern) {
		switch {
		case p[i] == 0:
		case pattern[i] == '*':
			places[i] = 1
		case pattern[i] == '?' || pattern[i] == c:
			places[i+1] = 1
		}
	}
	return settle(pattern, places)
}

func (p progress) alive() bool              { return strings.Contains(string(p), "\x01") }
func (p progress) done(pattern string) bool { return p[len(pattern)] == 1 }
