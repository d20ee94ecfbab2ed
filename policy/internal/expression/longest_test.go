package expression

import "testing"

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
		most, endless := template.Longest(func(v int) int {
			if t := testVariables[v].Type; t == Any || t == Object {
				return -1
			}
			return name
		})
		if err == nil && len(endless) == 0 && len(printed) > most {
			t.Errorf("%q has %d bytes, at most %d: %q", text, len(printed), most, printed)
		}
	})
}
