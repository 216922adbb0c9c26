package expr

import (
	"cmp"
	"math"
	"strings"
)

// compare tells whether a comparison holds.
func (r *runner) compare(at int, op string, a, b Value) (bool, error) {
	switch op {
	case "==":
		return r.equal(at, a, b)
	case "!=":
		equal, err := r.equal(at, a, b)
		return !equal, err
	case "is", "is not":
		if !single(a) && !single(b) {
			return false, r.unsupported(at, op+" for values other than None, True and False")
		}
		return (a.kind == b.kind && a.num == b.num) == (op == "is"), nil
	case "in", "not in":
		in, err := r.contains(at, b, a)
		return in == (op == "in"), err
	}
	return r.ordered(at, op, a, b)
}

// single reports whether there is only one value like this, so that it is equal
// to another if it is the same.
func single(v Value) bool { return v.kind == NoneKind || v.kind == BoolKind }

func (r *runner) equal(at int, a, b Value) (bool, error) {
	if err := r.work(at, 1); err != nil {
		return false, err
	}
	switch {
	case a.isNumber() && b.isNumber():
		order, ok := compareNumbers(a, b)
		return ok && order == 0, nil
	case a.kind != b.kind:
		return false, nil
	case a.kind == StrKind:
		return a.str == b.str, nil
	case len(a.items) != len(b.items):
		return false, nil
	}
	for i := range a.items {
		if equal, err := r.equal(at, a.items[i], b.items[i]); !equal || err != nil {
			return false, err
		}
	}
	return true, nil
}

// compareNumbers compares exactly, integers and floats with each other, too; ok
// is false if one is not a number.
func compareNumbers(a, b Value) (order int, ok bool) {
	switch {
	case a.isInt() && b.isInt():
		return cmp.Compare(a.num, b.num), true
	case a.isInt():
		order, ok = compareNumbers(b, a)
		return -order, ok
	case math.IsNaN(a.float) || b.kind == FloatKind && math.IsNaN(b.float):
		return 0, false
	case b.kind == FloatKind:
		return cmp.Compare(a.float, b.float), true
	case a.float >= 1<<63:
		return 1, true
	case a.float < -1<<63:
		return -1, true
	}
	whole := math.Trunc(a.float)
	if int64(whole) != b.num {
		return cmp.Compare(int64(whole), b.num), true
	}
	return cmp.Compare(a.float, whole), true
}

// ordered compares by <, <=, > or >=.
func (r *runner) ordered(at int, op string, a, b Value) (bool, error) {
	if err := r.work(at, 1); err != nil {
		return false, err
	}
	switch {
	case a.isNumber() && b.isNumber():
		order, ok := compareNumbers(a, b)
		return ok && holds(op, order), nil
	case a.kind == StrKind && b.kind == StrKind:
		return holds(op, strings.Compare(a.str, b.str)), nil
	case a.kind != b.kind || a.kind != TupleKind && a.kind != ListKind:
		return false, r.fail(at, "there is no "+op+" for "+a.kind.String()+" and "+b.kind.String())
	}
	for i := range min(len(a.items), len(b.items)) {
		equal, err := r.equal(at, a.items[i], b.items[i])
		if err != nil {
			return false, err
		}
		if !equal {
			return r.ordered(at, op, a.items[i], b.items[i])
		}
	}
	return holds(op, cmp.Compare(len(a.items), len(b.items))), nil
}

func holds(op string, order int) bool {
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

func (r *runner) contains(at int, v, item Value) (bool, error) {
	switch {
	case v.kind == StrKind && item.kind == StrKind:
		return strings.Contains(v.str, item.str), nil
	case v.kind != TupleKind && v.kind != ListKind:
		return false, r.fail(at, "there is no in for "+item.kind.String()+" and "+v.kind.String())
	}
	for _, other := range v.items {
		if equal, err := r.equal(at, item, other); equal || err != nil {
			return equal, err
		}
	}
	return false, nil
}
