package expression

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"

	"github.com/flowreaper/flowreaper/policy/internal/zone"
)

// walls read the clock and the calendar on the wall of a time zone.
var walls = map[string]func(time.Time) any{
	"hour":     func(t time.Time) any { return t.Hour() },
	"weekday":  func(t time.Time) any { return weekdays[t.Weekday()] },
	"monthDay": func(t time.Time) any { return t.Day() },
	"date":     func(t time.Time) any { return t.Format(time.DateOnly) },
}

// weekdays are the days of the week as windows name them, by time.Weekday.
var weekdays = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// Shown are the values that a function can show of any time; date has no end.
func Shown(function string) []any {
	var all []any
	for t := time.Unix(0, 0).UTC(); t.Year() < 1971; t = t.Add(time.Hour) {
		if value := walls[function](t); !slices.Contains(all, value) {
			all = append(all, value)
		}
	}
	return all
}

// Wall is a call of a function that reads the clock on a wall: hour(now, "Asia/Shanghai").
type Wall struct {
	Function string // hour, weekday, monthDay or date
	Of       *Expression
	Zone     *time.Location
	Told     bool // the zone is written; without it is UTC
}

// Wall returns the call that the expression is, of a time.
func (e *Expression) Wall() (Wall, bool) {
	call, ok := e.node.(*ast.CallNode)
	if !ok || !ofTime(call) {
		return Wall{}, false
	}
	return Wall{callee(call), e.Parts[0], e.language.zoneOf(call), len(call.Arguments) > 1}, true
}

func callee(n *ast.CallNode) string { return n.Callee.(*ast.IdentifierNode).Value }

// ofTime says whether a call reads the clock on a wall. date() makes a time of a text,
// too.
func ofTime(n *ast.CallNode) bool {
	name := callee(n)
	return walls[name] != nil && (name != "date" || staticType(n.Arguments[0]) == timeType)
}

// wallFunctions tells expr's checker what the functions take.
func wallFunctions() map[string]*builtin.Function {
	functions := map[string]*builtin.Function{}
	for name, result := range map[string]reflect.Type{"hour": intType, "weekday": textType, "monthDay": intType} {
		functions[name] = &builtin.Function{Name: name, Validate: func(args []reflect.Type) (reflect.Type, error) {
			return result, wallArguments(name, args)
		}}
	}
	functions["date"] = &builtin.Function{Name: "date", Validate: func(args []reflect.Type) (reflect.Type, error) {
		if len(args) > 0 && args[0] == timeType {
			return textType, wallArguments("date", args)
		}
		if len(args) == 0 || len(args) > 3 {
			return timeType, fmt.Errorf(`date() takes a text, such as date("2026-01-31"), or a time and its zone, such as date(now, "Asia/Shanghai")`)
		}
		return timeType, nil
	}}
	return functions
}

func wallArguments(name string, args []reflect.Type) error {
	switch {
	case len(args) == 0 || len(args) > 2:
		return fmt.Errorf(`%s() takes a time and its zone: write %s(now, "Asia/Shanghai")`, name, name)
	case args[0].Kind() == reflect.String:
		return fmt.Errorf(`%s() takes a time, not a text: write %s(now, "Asia/Shanghai"), or %s(date("2026-01-31"))`, name, name, name)
	case args[0] != timeType && args[0].Kind() != reflect.Interface:
		return fmt.Errorf(`%s() takes a time, not %s: write %s(now, "Asia/Shanghai")`, name, typeName(args[0]), name)
	}
	return nil
}

// zoneNamed finds a time zone, which was loaded when the text that names it was
// compiled.
func (l *Language) zoneNamed(name string) (*time.Location, error) {
	if z := l.zones[name]; z != nil {
		return z, nil
	}
	return zone.Load(name)
}

// zoneOf is the zone of a call; UTC where there is none.
func (l *Language) zoneOf(n *ast.CallNode) *time.Location {
	if len(n.Arguments) > 1 {
		name, _ := constantOf(n.Arguments[1])
		text, _ := name.(string)
		if z, err := l.zoneNamed(text); err == nil {
			return z
		}
	}
	return time.UTC
}

// wallEvaluator reads the clock on a wall.
func (l *Language) wallEvaluator(n *ast.CallNode) evaluator {
	name, of, on := callee(n), l.evaluator(n.Arguments[0]), l.zoneOf(n)
	read := walls[name]
	return func(m *machine) (any, error) {
		value, err := of(m)
		if err != nil {
			return nil, err
		}
		at, ok := value.(time.Time)
		if !ok {
			return nil, fmt.Errorf("%s() takes a time, not %s", name, kindOf(value))
		}
		return read(at.In(on)), nil
	}
}

// checkZone refuses a zone that isn't one, or isn't known when the policy loads.
func (f *folder) checkZone(function string, n ast.Node) {
	value, constant := constantOf(n)
	name, text := value.(string)
	is := "the time zone of " + function + "() must be a name such as \"Asia/Shanghai\" or \"UTC\", "
	switch {
	case !constant:
		f.fail(n, "%sor vars.NAME", is)
	case !text:
		f.fail(n, "%sbut is %s", is, kindOf(value))
	default:
		loaded, err := f.language.zoneNamed(name)
		if err != nil {
			f.fail(n, "%sbut is %s%s", is, show(name), zone.Meant(name))
			return
		}
		f.language.zones[name] = loaded
	}
}

// checkWall refuses comparisons with what a function never shows.
func (f *folder) checkWall(n *ast.BinaryNode) {
	for _, sides := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
		call, ok := sides[0].(*ast.CallNode)
		value, constant := constantOf(sides[1])
		if !ok || !ofTime(call) || !constant {
			continue
		}
		switch n.Operator {
		case "==", "!=", "in", "<", "<=", ">", ">=":
			f.checkShown(callee(call), n, sides[1], value)
		}
	}
}

// checkShown checks what is compared with what a function shows.
func (f *folder) checkShown(name string, n *ast.BinaryNode, at ast.Node, value any) {
	ordered := strings.ContainsAny(n.Operator, "<>")
	if name == "weekday" && ordered {
		f.fail(at, `days of the week have no order: write weekday(…) in ["Sat", "Sun"]`)
		return
	}
	if list, ok := value.([]any); ok && n.Operator == "in" {
		for _, one := range list {
			if why := neverShown(name, one, false); why != "" {
				f.fail(at, "%s", why)
				return
			}
		}
		return
	}
	if why := neverShown(name, value, ordered); why != "" {
		f.fail(at, "%s", why)
	}
}

// neverShown says why a function never shows a value; "" where it may. To be compared
// by order, 24 is as good an end of the day as any.
func neverShown(name string, value any, ordered bool) string {
	switch name {
	case "weekday":
		if text, ok := value.(string); !ok || !slices.Contains(weekdays[:], text) {
			return fmt.Sprintf(`weekday() is Mon, Tue, Wed, Thu, Fri, Sat or Sun, and never %s%s`, show(value), meantWeekday(value))
		}
	case "hour":
		return outOf("hour() is a whole number from 0 to 23", value, 0, 23, ordered)
	case "monthDay":
		hint := ""
		if value == "last" || value == -1 {
			hint = ": the last day of the month stands in the window, as monthDays: last"
		}
		if why := outOf("monthDay() is a whole number from 1 to 31", value, 1, 31, ordered); why != "" {
			return why + hint
		}
	case "date":
		if text, ok := value.(string); !ok || !isDate(text) {
			return fmt.Sprintf(`date() of a time is a text such as "2026-01-31", and never %s%s`, show(value), meantDate(value))
		}
	}
	return ""
}

func outOf(what string, value any, least, most int, ordered bool) string {
	number, ok := value.(int)
	if ok && (ordered && least-1 <= number && number <= most+1 || least <= number && number <= most) {
		return ""
	}
	return what + ", and never " + show(value)
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// meantWeekday ends the error of a day that is written otherwise.
func meantWeekday(value any) string {
	if number, ok := value.(int); ok && number >= 0 && number <= 7 {
		return fmt.Sprintf(": write %s, or %s where the week begins on Monday with 0", show(weekdays[number%7]), show(weekdays[(number+1)%7]))
	}
	text, _ := value.(string)
	text = strings.ToLower(strings.TrimSpace(text))
	first, last, ranged := strings.Cut(text, "-")
	if from, to := weekdayOf(first), weekdayOf(last); ranged && from >= 0 && to >= 0 {
		var days []string
		for day := from; ; day = (day + 1) % 7 {
			days = append(days, show(weekdays[day]))
			if day == to {
				break
			}
		}
		return ": write weekday(…) in [" + strings.Join(days, ", ") + "]"
	}
	if day := weekdayOf(text); day >= 0 {
		return ": write " + show(weekdays[day])
	}
	return ""
}

// weekdayOf reads mon, monday and what begins like tues; -1 is no day.
func weekdayOf(text string) int {
	text = strings.Trim(text, " .")
	for day, short := range weekdays {
		whole := strings.ToLower(time.Weekday(day).String())
		if strings.HasPrefix(text, strings.ToLower(short)) && strings.HasPrefix(whole, text) {
			return day
		}
	}
	return -1
}

// meantDate ends the error of a date that is written otherwise.
func meantDate(value any) string {
	if at, ok := value.(time.Time); ok {
		return ": write " + show(at.UTC().Format(time.DateOnly))
	}
	text, ok := value.(string)
	if !ok {
		return ""
	}
	if first, last, ranged := strings.Cut(text, ".."); ranged && isDate(first) && isDate(last) {
		return fmt.Sprintf(": write %s <= date(…) and date(…) <= %s", show(first), show(last))
	}
	for _, layout := range []string{"2006-1-2", "2006/1/2", "2006.1.2", "20060102", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return ": write " + show(at.Format(time.DateOnly))
		}
	}
	if _, err := time.Parse("2006-01", text); err == nil {
		return ": write date(…) startsWith " + show(text+"-")
	}
	return ""
}
