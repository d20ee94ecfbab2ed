package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/flowreaper/flowreaper/internal/jsonread"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// decodeJSON reads one JSON value. It is strict where a reader and a writer could
// understand a body differently: a key given twice, bytes that aren't UTF-8, a number too
// large, anything after the value. It reads tokens, so that depth is bounded before it
// costs anything.
//
// Numbers become int where they are whole and fit, so that long account ids
// stay exact, else float64.
func decodeJSON(text []byte) (any, error) {
	if i := invalidUTF8(text); i >= 0 {
		return nil, refuse(position(text, i), "not UTF-8", "expected JSON in UTF-8")
	}
	r := jsonread.New(text)
	r.Number, r.Depth = number, MaxDepth
	value, err := r.Value()
	if err != nil {
		return nil, refusal(text, int(r.InputOffset())-1, err)
	}
	if rest := bytes.TrimLeft(text[r.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return nil, refuse(position(text, len(text)-len(rest)), "more follows the first value", "expected one JSON value: put several events into an array")
	}
	return value, nil
}

// refusal says what is wrong with a text, and where: at its last token's end, unless the
// error knows better.
func refusal(text []byte, offset int, err error) error {
	if wrong, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at := position(text, int(wrong.ByteOffset))
		if wrong.Err == jsontext.ErrDuplicateName {
			return refuse(at, "the key "+quote(string(wrong.JSONPointer))+" is given twice", "expected each key once")
		}
		return refuse(at, "not JSON: "+wrong.Err.Error(), "")
	}
	at := position(text, offset)
	switch {
	case err == jsonread.ErrTooDeep:
		return refuse(at, fmt.Sprintf("objects and arrays nested more than %d deep", MaxDepth), "")
	case err == io.EOF:
		return refuse(at, "not JSON: it is empty", "expected one JSON value")
	}
	return refuse(at, err.Error(), "")
}

func number(text string) (any, error) {
	if i, err := strconv.Atoi(text); err == nil {
		return i, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, fmt.Errorf("the number %s is too large", plain.Clip(text, 41))
	}
	return f, nil
}

// position turns an offset into a place that an editor finds. Columns count
// characters.
func position(text []byte, offset int) string {
	before := text[:max(0, min(offset, len(text)))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("line %d, column %d", line, column)
}

// invalidUTF8 returns the offset of the first byte that isn't UTF-8, or -1.
func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
