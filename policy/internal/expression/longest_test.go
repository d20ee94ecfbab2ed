package expression

import "testing"

func TestLongest(t *testing.T) {
	for _, test := range []struct {
		text, endless string
		bytes         int
		last          bool
	}{
		{"plain", "", 5, false},
		{"ran ${flow.name}, ${execution.age} of ${vars.limit}", "", 4 + 10 + 2 + 40 + 4 + 2, false},
		{"${execution.input.x}", "execution.input.x", 0, true},
		{"a ${execution.input.x} b", "execution.input.x", 4, false},
		{"${execution.input.x}${execution.age}", "execution.input.x", 40, false},
		{"${execution.input.x}${execution.input.y}", "execution.input.x", 0, false},
		{`${execution.input.x == 1 ? "yes" : "no"} ${upper(flow.name)}`, "", 3 + 1 + 10, false},
		{`${execution.input.x ?? flow.name}`, "execution.input.x ?? flow.name", 0, true},
	} {
		template, problems := testLanguage().Template(test.text)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		bytes, endless, last := template.Longest(func(v int) int {
			if kind := testVariables[v].Type; kind == Any || kind == Object {
				return -1
			}
			if testVariables[v].Type == Text {
				return 10
			}
			return 40
		})
		if bytes != test.bytes || endless != test.endless || last != test.last {
			t.Errorf("%s: %d, %q, %v", test.text, bytes, endless, last)
		}
	}
}

// FuzzLongest: a template is never printed longer than it is said to be.
func FuzzLongest(f *testing.F) {
	for _, text := range []string{
		"", "plain", "ran ${execution.age}, the limit is ${vars.limit}", "$${x} ${flow.name}", "${execution.input.items[0].id}",
		"${any(execution.input.list, # == 1) ? \"a\" : 'b'}", "${", "${}", "${`}`}", "${{\"a\": 1}}", "${execution.input.deep?.er.x ?? 5}",
		"${map(execution.input.items, .id)} ${upper(flow.name)} ${now - execution.startedTime}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, problems := testLanguage().Template(text)
		if len(problems) > 0 {
			return
		}
		printed, err := template.Format(fullEnv())
		const name = 256
		most, endless, _ := template.Longest(func(v int) int {
			if t := testVariables[v].Type; t == Any || t == Object {
				return -1
			}
			return name
		})
		if err == nil && endless == "" && len(printed) > most {
			t.Errorf("%q has %d bytes, at most %d: %q", text, len(printed), most, printed)
		}
	})
}
