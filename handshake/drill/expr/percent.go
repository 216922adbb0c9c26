package expr

import (
	"fmt"
	"math"
	"strings"
)

// format gives what Python's % makes of a string and a value or a tuple.
func (r *runner) format(at int, text string, v Value) (Value, error) {
	args := []Value{v}
	if v.kind == TupleKind {
		args = v.items
	}
	var dst strings.Builder
	for {
		before, rest, found := strings.Cut(text, "%")
		dst.WriteString(before)
		if !found {
			break
		}
		spec := rest[:len(rest)-len(strings.TrimLeft(rest, "#0- +.123456789"))]
		if len(spec) == len(rest) || len(spec) > 8 {
			return Value{}, r.fail(at, "a format without a letter after %"+spec)
		}
		letter := rest[len(spec)]
		text = rest[len(spec)+1:]
		if letter == '%' && spec == "" {
			dst.WriteByte('%')
			continue
		}
		if len(args) == 0 {
			return Value{}, r.fail(at, "more formats than values")
		}
		piece, err := r.conversion(at, spec, letter, args[0])
		if err != nil {
			return Value{}, err
		}
		dst.WriteString(piece)
		args = args[1:]
		if err := r.fits(at, dst.Len()); err != nil {
			return Value{}, err
		}
	}
	if len(args) > 0 && (v.kind == TupleKind || v.kind != ListKind) {
		return Value{}, r.fail(at, "more values than formats")
	}
	return Str(dst.String()), nil
}

// conversion formats one value. Go's flags and letters are Python's, but for
// the letters here.
func (r *runner) conversion(at int, spec string, letter byte, v Value) (string, error) {
	if strings.Count(spec, ".") > 1 || strings.ContainsAny(spec, "#") && letter != 'x' && letter != 'X' {
		return "", r.unsupported(at, "the format %"+spec+string(rune(letter)))
	}
	switch letter {
	case 's', 'r', 'a':
		text := v.text()
		if letter != 's' {
			text = v.String()
		}
		return fmt.Sprintf("%"+textSpec(spec)+"s", text), nil
	case 'd', 'i', 'u':
		if v.kind == FloatKind {
			var err error
			if v, err = r.whole(at, math.Trunc(v.float)); err != nil {
				return "", err
			}
		}
		letter = 'd'
		fallthrough
	case 'x', 'X', 'o':
		if !v.isInt() {
			return "", r.fail(at, "the format %"+string(rune(letter))+" needs a number, not "+v.kind.String())
		}
		return fmt.Sprintf("%"+spec+string(rune(letter)), v.num), nil
	case 'f', 'F', 'e', 'E', 'g', 'G':
		if !v.isNumber() {
			return "", r.fail(at, "the format %"+string(rune(letter))+" needs a number, not "+v.kind.String())
		}
		if (letter == 'g' || letter == 'G') && !strings.Contains(spec, ".") {
			spec += ".6"
		}
		if f := v.asFloat(); !math.IsInf(f, 0) && !math.IsNaN(f) {
			return fmt.Sprintf("%"+spec+string(rune(letter)), f), nil
		}
		return fmt.Sprintf("%"+textSpec(spec)+"s", v.String()), nil
	}
	return "", r.unsupported(at, "the format %"+spec+string(rune(letter)))
}

// textSpec leaves of the flags only the one that text takes.
func textSpec(spec string) string {
	size := strings.TrimLeft(spec, "#0- +")
	if strings.Contains(spec[:len(spec)-len(size)], "-") {
		return "-" + size
	}
	return size
}
