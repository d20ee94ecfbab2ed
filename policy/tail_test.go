package policy

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestParseCause(t *testing.T) {
	for _, test := range []struct {
		cause, said string
		tail        Tail
		ok          bool
	}{
		{"age 3h > 2h [flowreaper/1 policy=prod@01234567 rule=etl run=r1]", "age 3h > 2h", Tail{Policy: "prod", Hash: "01234567", Rule: "etl", Run: "r1"}, true},
		{"age 3h > 2h [flowreaper/1 policy=01234567 rule=etl run=r1]", "age 3h > 2h", Tail{Policy: "", Hash: "01234567", Rule: "etl", Run: "r1"}, true}, // as it was
		{"a [flowreaper/1 policy=%E7%94%9F%20x%40%5D@01234567 rule=etl run=r1]", "a", Tail{Policy: "生 x@]", Hash: "01234567", Rule: "etl", Run: "r1"}, true},
		{"a [flowreaper/1 policy=生产@01234567 rule=etl run=r1 by=acs:ram::1:user/ops later=x]", "a", Tail{Policy: "生产", Hash: "01234567", Rule: "etl", Run: "r1", By: "acs:ram::1:user/ops"}, true},
		{"a [flowreaper/1 policy=p@01234567 rule=etl run=r1 at=2026-03-04T12:00:05Z by=ops@host later=x]", "a", Tail{Policy: "p", Hash: "01234567", Rule: "etl", Run: "r1", At: time.Date(2026, 3, 4, 12, 0, 5, 0, time.UTC), By: "ops@host"}, true},
		{"a [flowreaper/1 policy=p@01234567 rule=etl run=r1 at=never]", "a", Tail{Policy: "p", Hash: "01234567", Rule: "etl", Run: "r1"}, true},
		{"a [flowreaper/1 policy=p@76543210 rule=x run=y] [flowreaper/1 policy=p@01234567 rule=etl run=r1]", "a [flowreaper/1 policy=p@76543210 rule=x run=y]", Tail{Policy: "p", Hash: "01234567", Rule: "etl", Run: "r1"}, true},
		{"two\nlines [flowreaper/1 policy=p@01234567 rule=etl run=r1]", "two\nlines", Tail{Policy: "p", Hash: "01234567", Rule: "etl", Run: "r1"}, true},
		{"age 3h > 2h", "", Tail{}, false},
		{"", "", Tail{}, false},
		{"a [flowreaper/1 policy=p@01234567 rule=etl run=r1] b", "", Tail{}, false},
		{"a [flowreaper/2 policy=p@01234567 rule=etl run=r1]", "", Tail{}, false},
		{"a [flowreaper/1 policy=p@0123456 rule=etl run=r1]", "", Tail{}, false},
		{"a [flowreaper/1 policy=p@01234567 rule=etl run=]", "", Tail{}, false},
		{"a [flowreaper/1 policy=%zz@01234567 rule=etl run=r1]", "", Tail{}, false},
		{"a [flowreaper/1 policy=%ff@01234567 rule=etl run=r1]", "", Tail{}, false},
		{"a[flowreaper/1 policy=p@01234567 rule=etl run=r1]", "", Tail{}, false},
	} {
		want := test.said
		if !test.ok {
			want = test.cause
		}
		if said, tail, ok := ParseCause(test.cause); said != want || tail != test.tail || ok != test.ok {
			t.Errorf("%q: %q, %+v, %v", test.cause, said, tail, ok)
		}
	}
}

// TestTailIsReadBack: whatever the policy is called and the cause says, the cause
// fits, and the tail comes back; of a long name its beginning.
func TestTailIsReadBack(t *testing.T) {
	p := mustParse(t, oneRule("maxRuntime: 2h", `cause: "${execution.input.x}"`))
	rapid.Check(t, func(rt *rapid.T) {
		named := p.withRules(p.Rules)
		named.Name = rapid.StringN(1, -1, 300).Filter(utf8.ValidString).Draw(rt, "name")
		run := rapid.StringN(1, 40, -1).Filter(utf8.ValidString).Draw(rt, "run")
		began := time.Unix(rapid.Int64Range(0, 4e9).Draw(rt, "began"), 0)
		who := rapid.StringN(0, -1, 300).Filter(utf8.ValidString).Draw(rt, "who")
		said := rapid.SampledFrom([]string{"x", strings.Repeat("长", 2000), " [flowreaper/1 policy=p@01234567 rule=x run=y]"}).Draw(rt, "said")
		cause := named.Cause(named.Judge(with(input(`{"x": "`+said+`"}`))), Tail{Run: run, At: began, By: who})
		got, tail, ok := ParseCause(cause)
		if len(cause) > maxCause || !ok || tail.Rule != "r" || tail.Run != run || !tail.At.Equal(began) || !strings.HasPrefix(who, tail.By) || tail.Hash != p.Hash[7:15] {
			rt.Fatalf("%d bytes, %v, %+v: %s", len(cause), ok, tail, cause)
		}
		if whole := 3*len(named.Name) <= maxTailName; !strings.HasPrefix(named.Name, tail.Policy) || whole && tail.Policy != named.Name {
			rt.Fatalf("the name is %q, want %q", tail.Policy, named.Name)
		}
		if short := strings.TrimSpace(said); len(said) < 100 && got != short {
			rt.Fatalf("said %q, want %q", got, short)
		}
	})
}
