package expr

import (
	"slices"
	"strings"
)

// maxLen limits how long strings, tuples and lists can get.
const maxLen = 64 << 10

// sequences gives the result of +, * and % for strings, tuples and lists; ok is
// false if there is none.
func (r *runner) sequences(at int, op string, a, b Value) (v Value, ok bool, err error) {
	switch {
	case op == "%" && a.kind == StrKind:
		v, err = r.format(at, a.str, b)
		return v, true, err
	case op == "+" && a.kind == b.kind && a.isSequence():
		if err := r.fits(at, a.size()+b.size()); err != nil {
			return v, false, err
		}
		return Value{kind: a.kind, str: a.str + b.str, items: slices.Concat(a.items, b.items)}, true, nil
	case op == "*" && a.isInt() && b.isSequence():
		a, b = b, a
	case op != "*" || !a.isSequence() || !b.isInt():
		return v, false, nil
	}
	count := max(0, b.num)
	if a.size() == 0 {
		count = 0
	}
	if count > maxLen {
		return v, false, r.fits(at, maxLen+1)
	}
	if err := r.fits(at, a.size()*int(count)); err != nil {
		return v, false, err
	}
	return Value{kind: a.kind, str: strings.Repeat(a.str, int(count)), items: slices.Repeat(a.items, int(count))}, true, nil
}

func (v Value) isSequence() bool {
	return v.kind == StrKind || v.kind == TupleKind || v.kind == ListKind
}

// size is the number of bytes or elements.
func (v Value) size() int { return len(v.str) + len(v.items) }

// fits returns an error if a size is beyond the limit.
func (r *runner) fits(at, size int) error {
	if size > maxLen {
		return r.fail(at, "the result is too long")
	}
	return r.work(at, size)
}
