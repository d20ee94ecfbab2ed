package redact

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// view is a way of reading a text, and where each of its bytes comes from in
// the text.
type view struct {
	text       []byte
	begin, end []int32
}

// reading is the text as it is.
func reading(s string) view {
	v := view{text: []byte(s), begin: make([]int32, len(s)), end: make([]int32, len(s))}
	for i := range len(s) {
		v.begin[i], v.end[i] = int32(i), int32(i+1)
	}
	return v
}

// hide marks where bytes from one to before another come from.
func (v view) hide(hidden []bool, from, to int) {
	for i := v.begin[from]; i < v.end[to-1]; i++ {
		hidden[i] = true
	}
}

// add appends a byte that comes from those of another view.
func (v *view) add(b byte, of view, from, to int) {
	v.text = append(v.text, b)
	v.begin, v.end = append(v.begin, of.begin[from]), append(v.end, of.end[to-1])
}

// unescaped is the view with one layer of escaping taken off, a query's, HTML's,
// JSON's or a JSON pointer's, and whether there was any.
func (v view) unescaped() (plainer view, any bool) {
	plainer.text = make([]byte, 0, len(v.text))
	for i := 0; i < len(v.text); {
		value, size := unescape(v.text[i:])
		any = any || size > 0
		if size == 0 {
			value, size = v.text[i:i+1], 1
		}
		for _, b := range value {
			plainer.add(b, v, i, i+size)
		}
		i += size
	}
	return plainer, any
}

// longestEscape bounds the search for an escape's end.
const longestEscape = 12

// unescape is what an escape at the beginning of a text stands for, and its
// length; 0 if there is none.
func unescape(text []byte) (value []byte, size int) {
	head := string(text[:min(len(text), longestEscape)])
	switch head[0] {
	case '%':
		return character(head, 1, 2, 16)
	case '~': // a JSON pointer's
		if strings.HasPrefix(head, "~1") || strings.HasPrefix(head, "~0") {
			return []byte{map[byte]byte{'1': '/', '0': '~'}[head[1]]}, 2
		}
	case '&':
		return entity(head)
	case '\\':
		return backslashed(head)
	}
	return nil, 0
}

func backslashed(head string) (value []byte, size int) {
	if len(head) < 2 {
		return nil, 0
	}
	switch head[1] {
	case 'u':
		return character(head, 2, 4, 16)
	case 'x':
		return character(head, 2, 2, 16)
	case 'n':
		return []byte("\n"), 2
	case 'r':
		return []byte("\r"), 2
	case '/', '"', '\'', '\\':
		return []byte{head[1]}, 2
	}
	return nil, 0
}

// entities are HTML's names of what secrets and their escapes are made of.
var entities = map[string]byte{
	"amp": '&', "plus": '+', "sol": '/', "equals": '=', "percnt": '%', "bsol": '\\', "lowbar": '_',
	"hyphen": '-', "period": '.', "colon": ':', "quot": '"', "apos": '\'', "lt": '<', "gt": '>',
}

func entity(head string) (value []byte, size int) {
	inner, _, ended := strings.Cut(head[1:], ";")
	if named, ok := entities[inner]; ok && ended {
		return []byte{named}, len(inner) + 2
	}
	digits, base := 2, 10
	if strings.HasPrefix(head, "&#x") || strings.HasPrefix(head, "&#X") {
		digits, base = 3, 16
	}
	if !strings.HasPrefix(head, "&#") || !ended || len(inner)+1 <= digits {
		return nil, 0
	}
	value, size = character(head, digits, len(inner)+1-digits, base)
	if size > 0 {
		size++ // the semicolon
	}
	return value, size
}

// character is the one whose number stands at some digits of a text.
func character(head string, from, digits, base int) (value []byte, size int) {
	if len(head) < from+digits {
		return nil, 0
	}
	number, err := strconv.ParseUint(head[from:from+digits], base, 21)
	switch {
	case err != nil:
		return nil, 0
	case head[0] == '%' || number < utf8.RuneSelf:
		return []byte{byte(number)}, from + digits
	}
	return utf8.AppendRune(nil, rune(number)), from + digits
}

// beginnings are the bits by which a run of base64 that was cut, or begins with
// something else, may be short of a whole byte.
var beginnings = []int{0, 2, 4, 6}

// decoded is what the view reads as if its runs of base64's characters were that,
// but for the first bits of each run. Line breaks within a run don't end it.
func (v view) decoded(without int) view {
	var d view
	var bits uint32
	count, first, inside := 0, 0, false // of the bits that are left, and the character of the oldest
	for i, b := range v.text {
		value := sextet(b)
		switch {
		case b == '\n' || b == '\r':
			continue
		case value < 0:
			d.add(b, v, i, i+1) // what stands on both sides is not one text
			inside = false
			continue
		case !inside:
			bits, count, first, inside = 0, -without, i, true
		}
		if count <= 0 {
			first = i
		}
		bits, count = bits<<6|uint32(value), count+6
		if count >= 8 {
			count -= 8
			d.add(byte(bits>>count), v, first, i+1)
			bits &= 1<<count - 1
			first = i
		}
	}
	return d
}

// sextet is what a character stands for in base64, in either of its alphabets; -1 of
// one that is in none.
func sextet(b byte) int {
	switch b {
	case '-':
		b = '+'
	case '_':
		b = '/'
	}
	return strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", b)
}
