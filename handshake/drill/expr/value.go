package expr

// A Kind is the type of a value.
type Kind uint8

// The kinds.
const (
	NoneKind Kind = iota
	BoolKind
	IntKind
	FloatKind
	StrKind
	TupleKind
	ListKind
)

// String returns Python's name of the type.
func (k Kind) String() string {
	return [...]string{"NoneType", "bool", "int", "float", "str", "tuple", "list"}[k]
}

// A Value is what an expression comes to. The zero Value is None. Values do not
// change.
type Value struct {
	kind  Kind
	num   int64 // of a BoolKind 0 or 1
	float float64
	str   string
	items []Value
}

// Bool returns True or False.
func Bool(b bool) Value {
	v := Value{kind: BoolKind}
	if b {
		v.num = 1
	}
	return v
}

// Int returns an integer.
func Int(n int64) Value { return Value{kind: IntKind, num: n} }

// Float returns a floating-point number.
func Float(f float64) Value { return Value{kind: FloatKind, float: f} }

// Str returns a string.
func Str(s string) Value { return Value{kind: StrKind, str: s} }

// Tuple returns a tuple, which keeps the slice.
func Tuple(items ...Value) Value { return Value{kind: TupleKind, items: items} }

// List returns a list, which keeps the slice.
func List(items ...Value) Value { return Value{kind: ListKind, items: items} }

// Kind returns the type.
func (v Value) Kind() Kind { return v.kind }

// Int returns an integer, or a bool as 0 or 1.
func (v Value) Int() (n int64, ok bool) {
	return v.num, v.kind == IntKind || v.kind == BoolKind
}

// Truth reports whether the value counts as true in Python.
func (v Value) Truth() bool {
	switch v.kind {
	case BoolKind, IntKind:
		return v.num != 0
	case FloatKind:
		return v.float != 0
	case StrKind:
		return v.str != ""
	case TupleKind, ListKind:
		return len(v.items) > 0
	}
	return false
}

// isInt reports whether the value is an int to Python, which a bool is, too.
func (v Value) isInt() bool { return v.kind == IntKind || v.kind == BoolKind }

func (v Value) isNumber() bool { return v.isInt() || v.kind == FloatKind }

// asFloat returns a number as a float.
func (v Value) asFloat() float64 {
	if v.kind == FloatKind {
		return v.float
	}
	return float64(v.num)
}
