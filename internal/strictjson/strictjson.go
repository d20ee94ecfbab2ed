// Package strictjson reads flowreaper's own files of JSON as a person reads them: no key
// twice, none in another case, none unknown, and nothing after the value. Its errors say
// what is wrong in people's words.
package strictjson

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
)

// Read reads a file's text. what is the kind of file, such as plan.
func Read(text []byte, into any, what string) error {
	return Said(json.Unmarshal(text, into, json.RejectUnknownMembers(true)), what)
}

// Said is an error of the library's without what is Go's in it; nil of nil.
func Said(err error, what string) error {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, json.ErrUnknownName):
		return fmt.Errorf("it has a key that no %s has, %s", what, semantic.JSONPointer)
	case ok && semantic.JSONPointer != "":
		return fmt.Errorf("its %s is not what it should be", semantic.JSONPointer)
	case ok:
		return errors.New("it is no JSON object")
	}
	return errors.New(strings.TrimPrefix(err.Error(), "jsontext: "))
}
