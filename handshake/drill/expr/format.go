package expr

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxText limits how much of a value is shown.
const maxText = 4096

// String returns the value as Python's repr writes it. Of a value that takes
// more than some thousand characters it returns the beginning.
func (v Value) String() string {
	dst := v.appendRepr(nil)
	if len(dst) > maxText {
		dst = append(dst[:maxText], "..."...)
	}
	return string(dst)
}

// text returns the value as Python's str writes it.
func (v Value) text() string {
	if v.kind == StrKind {
		return v.str
	}
	return v.String()
}

func (v Value) appendRepr(dst []byte) []byte {
	switch v.kind {
	case BoolKind:
		if v.num == 0 {
			return append(dst, "False"...)
		}
		return append(dst, "True"...)
	case IntKind:
		return strconv.AppendInt(dst, v.num, 10)
	case FloatKind:
		return appendFloat(dst, v.float)
	case StrKind:
		return appendStr(dst, v.str)
	case TupleKind:
		dst = appendItems(append(dst, '('), v.items)
		if len(v.items) == 1 {
			dst = append(dst, ',')
		}
		return append(dst, ')')
	case ListKind:
		return append(appendItems(append(dst, '['), v.items), ']')
	}
	return append(dst, "None"...)
}

func appendItems(dst []byte, items []Value) []byte {
	for i, item := range items {
		if len(dst) > maxText {
			return dst
		}
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = item.appendRepr(dst)
	}
	return dst
}

// appendFloat writes as many digits as tell the number from its neighbours, with
// an exponent below 1e-4 and from 1e16 on.
func appendFloat(dst []byte, f float64) []byte {
	switch abs := math.Abs(f); {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case abs != 0 && (abs < 1e-4 || abs >= 1e16):
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if slices.Contains(dst[start:], '.') {
		return dst
	}
	return append(dst, ".0"...)
}

// appendStr writes a string in single quotes, or in double ones if there are
// single quotes and no double ones in it.
func appendStr(dst []byte, s string) []byte {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	dst = append(dst, byte(quote))
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == ' ' || unicode.IsPrint(r):
			dst = append(dst, string(r)...)
		default:
			dst = appendEscape(dst, r)
		}
	}
	return append(dst, byte(quote))
}

func appendEscape(dst []byte, r rune) []byte {
	prefix, digits := `\x`, 2
	switch {
	case r > 0xffff:
		prefix, digits = `\U`, 8
	case r > 0xff:
		prefix, digits = `\u`, 4
	}
	hex := strconv.FormatInt(int64(r), 16)
	dst = append(dst, prefix...)
	dst = append(dst, strings.Repeat("0", digits-len(hex))...)
	return append(dst, hex...)
}
