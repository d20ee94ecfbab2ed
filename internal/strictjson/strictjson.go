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

// Form is what a file must be.
type Form struct {
	Kind    string // such as plan
	Version int    // that its "version" must say
	Remedy  string // what to do with a file of another version
}

// Read reads a file's text. Its version comes first: of another one nothing else can
// be said.
func Read(text []byte, into any, f Form) error {
	var v struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return said(err, f.Kind)
	}
	switch {
	case v.Version == nil:
		return errors.New("it has no version")
	case *v.Version != f.Version:
		return fmt.Errorf("its version is %d, and this flowreaper reads version %d: %s", *v.Version, f.Version, f.Remedy)
	}
	return said(json.Unmarshal(text, into, json.RejectUnknownMembers(true)), f.Kind)
}

// said is an error of the library's without what is Go's in it; nil of nil.
func said(err error, what string) error {
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
