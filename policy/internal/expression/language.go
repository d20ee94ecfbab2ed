package expression

import (
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/types"
)

// Type is what is known of a variable's value before it is read.
type Type = types.Type

var (
	Any    = types.Any // known when it is read
	Text   = types.String
	Int    = types.Int
	Length = types.TypeOf(time.Duration(0))
	Moment = types.TypeOf(time.Time{})
	Object = types.TypeOf(map[string]any{}) // or a map[string]string
)

// Variable is something that conditions may read.
type Variable struct {
	Name string // such as now, or execution.age
	Type Type

	// Show, unless nil, is how explanations and templates write a value that isn't
	// nil, where they don't write it as [Format] does.
	Show func(any) string
}

// Env is where an evaluation reads variables, by their place in the list that
// [New] was given. Values are nil, bool, int, float64, string, time.Duration,
// time.Time, and what encoding/json makes of JSON, with or without UseNumber.
type Env interface {
	Value(variable int) (any, error)
}

// Language is the variables that an expression may read, and the constants
// that it may name as vars.NAME. It is used by one goroutine at a time; what
// it compiles is immutable.
type Language struct {
	variables []Variable
	byName    map[string]int
	fields    map[string][]string // of each group, sorted: execution -> age, env, …
	constants map[string]any
	config    *conf.Config
	patterns  map[string]*Pattern       // that were compiled
	zones     map[string]*time.Location // that were loaded
}

// vars is the group of the policy's own constants.
const vars = "vars"

const (
	maxNodes = 1_000
	maxText  = 16 << 10 // bytes; bounds the parser's recursion, which nodes don't: (((…
)

// New returns the language of these variables and constants.
func New(variables []Variable, constants map[string]any) *Language {
	l := &Language{
		variables: variables,
		byName:    map[string]int{},
		fields:    map[string][]string{vars: slices.Sorted(maps.Keys(constants))},
		constants: constants,
		patterns:  map[string]*Pattern{},
		zones:     map[string]*time.Location{},
	}
	for i, v := range variables {
		l.byName[v.Name] = i
		if group, field, ok := strings.Cut(v.Name, "."); ok {
			l.fields[group] = append(l.fields[group], field)
		}
	}
	for _, fields := range l.fields {
		slices.Sort(fields)
	}
	l.config = l.newConfig()
	return l
}

// newConfig tells expr's parser and checker what there is.
func (l *Language) newConfig() *conf.Config {
	env := types.Map{vars: types.Map{}}
	for _, v := range l.variables {
		group, field, ok := strings.Cut(v.Name, ".")
		if !ok {
			env[group] = v.Type
			continue
		}
		if env[group] == nil {
			env[group] = types.Map{}
		}
		env[group].(types.Map)[field] = v.Type
	}
	config := conf.New(env)
	config.MaxNodes = maxNodes
	config.Functions["duration"] = &builtin.Function{
		Name:  "duration",
		Types: []reflect.Type{reflect.TypeFor[func(string) time.Duration]()},
	}
	maps.Copy(config.Functions, wallFunctions())
	for name := range config.Builtins {
		if !slices.Contains(builtins, name) {
			config.Disabled[name] = true
		}
	}
	return config
}

// ours are the functions that may be called and aren't expr's.
var ours = []string{"date", "duration", "hour", "monthDay", "weekday"}

// builtins are those that are.
var builtins = []string{
	"abs", "all", "any", "count", "filter", "float", "fromJSON", "int", "len", "lower",
	"map", "max", "min", "none", "one", "round", "split", "string", "sum", "trim", "upper",
}

// Set is a set of variables, by their place in the list that [New] was given.
// There are at most 64.
type Set uint64

// SetOf returns the set of these variables.
func SetOf(variables ...int) Set {
	var s Set
	for _, v := range variables {
		s |= 1 << v
	}
	return s
}

// Has says whether a variable is in the set.
func (s Set) Has(variable int) bool { return s&(1<<variable) != 0 }

// Intersects says whether the sets have a variable in common.
func (s Set) Intersects(other Set) bool { return s&other != 0 }

// All yields the variables of the set.
func (s Set) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for v := range 64 {
			if s.Has(v) && !yield(v) {
				return
			}
		}
	}
}

// Reads returns the variables that the expression reads.
func (e *Expression) Reads() Set { return e.reads }

// variable returns the variable that a node of a compiled expression reads: a
// name, or a group's field.
func (l *Language) variable(n ast.Node) (int, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		v, ok := l.byName[n.Value]
		return v, ok
	case *ast.MemberNode:
		group, isName := n.Node.(*ast.IdentifierNode)
		field, isText := n.Property.(*ast.StringNode)
		if !isName || !isText {
			return 0, false
		}
		v, ok := l.byName[group.Value+"."+field.Value]
		return v, ok
	}
	return 0, false
}
