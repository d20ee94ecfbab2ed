package expression

import (
	"strings"

	"github.com/flowreaper/flowreaper/internal/spelling"
)

// inOtherWords is what to write for the functions, methods and fields that other
// languages have: their names, in lower case and without _, and the form.
var inOtherWords = []struct{ names, write string }{
	{"startswith hasprefix beginswith prefix", `text startsWith "a"`},
	{"endswith hassuffix suffix", `text endsWith "a"`},
	{"contains includes indexof lastindexof find search", `text contains "a", or "a" in list`},
	{"matches match regex regexp matchesregex matchstring like rlike glob fnmatch", `text matches "^a"`},
	{"size length strlen", `len(x)`},
	{"tolower lowercase tolowercase lcase", `lower(text)`},
	{"toupper uppercase touppercase ucase", `upper(text)`},
	{"trimspace strip", `trim(text)`},
	{"exists has haskey defined isdefined isset notnull isnotnull notempty", `x != nil`},
	{"isnil isnull isempty empty isblank", `x == nil`},
	{"coalesce ifnull nvl default get getordefault", `x ?? 5`},
	{"now today currenttime currenttimestamp time timestamp utcnow", `now, without brackets`},
	{"since timesince elapsed elapsedtime runtime age", `execution.age`},
	{"minutes hours seconds days milliseconds totalseconds totalminutes totalhours", `execution.age > duration("2h"): durations are compared with each other`},
	{"hour hourofday gethour", `hour(now, "Asia/Shanghai") >= 9`},
	{"weekday dayofweek isoweekday getday dow", `weekday(now, "Asia/Shanghai") in ["Sat", "Sun"]`},
	{"monthday dayofmonth day mday getdate", `monthDay(now, "Asia/Shanghai") == 1, or the days into the rule's window: {monthDays: last}`},
	{"month year yearday format strftime isoformat", `date(now, "Asia/Shanghai") startsWith "2026-01-"`},
	{"minute second clock timeofday", `the hours and days into the rule's window: {days: "Mon-Fri", hours: "09:00-18:00"}`},
	{"before after sub add diff compare", `a < b of times, and now - a`},
	{"equals equal eq equalsignorecase", `x == "a"`},
	{"parseduration toduration timedelta interval", `duration("2h")`},
	{"datetime parsetime todate parsedate strptime", `date("2026-01-31")`},
	{"str tostring text", `string(x)`},
	{"toint parseint atoi integer", `int(x)`},
	{"tofloat parsefloat double number tonumber", `float(x)`},
	{"if iif ifelse", `condition ? a : b`},
	{"not", `not (x)`},
	{"some", `any(list, # > 5)`},
	{"every forall", `all(list, # > 5)`},
	{"json fromjson parsejson jsonparse", `execution.input.x, which is read as JSON already; of a text with JSON in it fromJSON(text)`},
	{"minimum least", `min(a, b)`},
	{"maximum greatest", `max(a, b)`},
	{"average avg mean", `sum(list) / len(list)`},
	{"env getenv", `flow.env.NAME`},
}

// writeInstead ends the error of a function, a method or a field that another
// language has; "" where none is known by that name.
func writeInstead(name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "_", ""))
	for _, words := range inOtherWords {
		for other := range strings.FieldsSeq(words.names) {
			if other == name {
				return ": write " + words.write
			}
		}
	}
	return ""
}

// constantsOfOthers are the values that other languages name otherwise.
var constantsOfOthers = map[string]string{
	"null": "nil", "none": "nil", "nil": "nil", "undefined": "nil", "nothing": "nil", "missing": "nil",
	"true": "true", "yes": "true", "false": "false", "no": "false", "today": "now", "timestamp": "now",
}

// meantName ends the error of a name that isn't known, with what was meant: of one that
// something is compared with probably a text.
func (l *Language) meantName(name string, compared bool) string {
	if write, ok := constantsOfOthers[strings.ToLower(name)]; ok {
		return ": write " + write
	}
	if near := spelling.Nearest(name, l.names()); near != "" {
		return spelling.DidYouMean(name, l.names())
	}
	for _, v := range l.variables {
		if group, field, ok := strings.Cut(v.Name, "."); ok && field == name && group != "event" {
			return "; did you mean " + v.Name + "?"
		}
	}
	if compared || name[0] >= 'A' && name[0] <= 'Z' {
		return `: a text stands in quotes, "` + name + `"`
	}
	return spelling.DidYouMean(name, l.names())
}
