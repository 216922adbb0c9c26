package expr

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// functions are those that code can call, with how many arguments they take.
var functions = map[string]struct {
	least, most int
	call        func(r *runner, at int, args []Value) (Value, error)
}{
	"abs":   {1, 1, (*runner).abs},
	"bool":  {0, 1, (*runner).boolOf},
	"float": {0, 1, (*runner).floatOf},
	"hex":   {1, 1, (*runner).hex},
	"int":   {0, 1, (*runner).intOf},
	"len":   {1, 1, (*runner).length},
	"max":   {1, math.MaxInt, (*runner).largest},
	"min":   {1, math.MaxInt, (*runner).smallest},
	"print": {0, math.MaxInt, (*runner).print},
	"range": {1, 3, (*runner).rangeOf},
	"repr":  {1, 1, (*runner).repr},
	"round": {1, 2, (*runner).round},
	"str":   {0, 1, (*runner).strOf},
	"sum":   {1, 1, (*runner).sum},
}

func (r *runner) call(n *node) (Value, error) {
	if v, ok := r.env.lookup(n.text); ok {
		return Value{}, r.fail(n.at, n.text+" is "+v.kind.String()+", which cannot be called")
	}
	f, ok := functions[n.text]
	if !ok {
		return Value{}, r.unsupported(n.at, "the function "+n.text)
	}
	args, err := r.evalAll(n.args)
	switch {
	case err != nil:
		return Value{}, err
	case len(args) < f.least || len(args) > f.most:
		return Value{}, r.unsupported(n.at, n.text+" with "+strconv.Itoa(len(args))+" arguments")
	}
	return f.call(r, n.at, args)
}

func (r *runner) wrongType(at int, function string, v Value) (Value, error) {
	return Value{}, r.fail(at, "there is no "+function+" of "+v.kind.String())
}

func (r *runner) abs(at int, args []Value) (Value, error) {
	switch v := args[0]; {
	case v.kind == FloatKind:
		return Float(math.Abs(v.float)), nil
	case !v.isInt():
		return r.wrongType(at, "abs", v)
	case v.num < 0:
		return r.unary(at, "-", v)
	default:
		return Int(v.num), nil
	}
}

func (r *runner) boolOf(_ int, args []Value) (Value, error) {
	return Bool(len(args) > 0 && args[0].Truth()), nil
}

func (r *runner) strOf(_ int, args []Value) (Value, error) {
	if len(args) == 0 {
		return Str(""), nil
	}
	return Str(args[0].text()), nil
}

func (r *runner) repr(_ int, args []Value) (Value, error) { return Str(args[0].String()), nil }

func (r *runner) print(_ int, args []Value) (Value, error) {
	r.env.print(args)
	return Value{}, nil
}

func (r *runner) floatOf(at int, args []Value) (Value, error) {
	switch {
	case len(args) == 0:
		return Float(0), nil
	case args[0].isNumber():
		return Float(args[0].asFloat()), nil
	case args[0].kind == StrKind:
		return Value{}, r.unsupported(at, "float of a string")
	}
	return r.wrongType(at, "float", args[0])
}

func (r *runner) hex(at int, args []Value) (Value, error) {
	v := args[0]
	switch {
	case !v.isInt():
		return r.wrongType(at, "hex", v)
	case v.num < 0:
		return Str("-0x" + strconv.FormatUint(magnitude(v.num), 16)), nil
	}
	return Str("0x" + strconv.FormatInt(v.num, 16)), nil
}

func (r *runner) intOf(at int, args []Value) (Value, error) {
	if len(args) == 0 {
		return Int(0), nil
	}
	switch v := args[0]; {
	case v.isInt():
		return Int(v.num), nil
	case v.kind == FloatKind:
		return r.whole(at, math.Trunc(v.float))
	case v.kind == StrKind:
		n, err := strconv.ParseInt(strings.TrimSpace(v.str), 10, 64)
		if err != nil {
			return Value{}, r.fail(at, "int of "+v.String()+", which is not an integer of 64 bits")
		}
		return Int(n), nil
	default:
		return r.wrongType(at, "int", v)
	}
}

// whole gives a float without a fraction as an integer.
func (r *runner) whole(at int, f float64) (Value, error) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return Value{}, r.fail(at, "there is no integer for "+Float(f).String())
	case f >= 1<<63 || f < -1<<63:
		return Value{}, r.fail(at, overflow)
	}
	return Int(int64(f)), nil
}

func (r *runner) length(at int, args []Value) (Value, error) {
	switch v := args[0]; {
	case v.kind == StrKind:
		return Int(int64(utf8.RuneCountInString(v.str))), r.work(at, len(v.str))
	case v.isSequence():
		return Int(int64(len(v.items))), nil
	default:
		return r.wrongType(at, "len", v)
	}
}

func (r *runner) largest(at int, args []Value) (Value, error) {
	return r.extreme(at, "max", ">", args)
}

func (r *runner) smallest(at int, args []Value) (Value, error) {
	return r.extreme(at, "min", "<", args)
}

// extreme gives the first of the arguments, or of the elements of a single one,
// that no other surpasses.
func (r *runner) extreme(at int, function, op string, args []Value) (Value, error) {
	if len(args) == 1 {
		switch v := args[0]; {
		case v.kind == StrKind:
			args = characters(v.str)
		case v.isSequence():
			args = v.items
		default:
			return r.wrongType(at, function, v)
		}
	}
	if len(args) == 0 {
		return Value{}, r.fail(at, function+" of nothing")
	}
	best := args[0]
	for _, v := range args[1:] {
		better, err := r.ordered(at, op, v, best)
		if err != nil {
			return Value{}, err
		}
		if better {
			best = v
		}
	}
	return best, nil
}

func (r *runner) sum(at int, args []Value) (Value, error) {
	if args[0].kind != TupleKind && args[0].kind != ListKind {
		return r.wrongType(at, "sum", args[0])
	}
	total := Int(0)
	for _, v := range args[0].items {
		if !v.isNumber() {
			return r.wrongType(at, "sum", v)
		}
		var err error
		if total, err = r.arithmetic(at, "+", total, v); err != nil {
			return Value{}, err
		}
	}
	return total, r.work(at, len(args[0].items))
}

// round rounds half to even. With a second argument other than None the result
// has the type of the first.
func (r *runner) round(at int, args []Value) (Value, error) {
	v := args[0]
	if !v.isNumber() {
		return r.wrongType(at, "round", v)
	}
	if len(args) == 1 || args[1].kind == NoneKind {
		if v.isInt() {
			return Int(v.num), nil
		}
		return r.whole(at, math.RoundToEven(v.float))
	}
	digits, ok := args[1].Int()
	switch {
	case !ok:
		return r.wrongType(at, "round to digits", args[1])
	case digits < 0:
		return Value{}, r.unsupported(at, "round to a negative number of digits")
	case v.isInt():
		return Int(v.num), nil
	case digits > 400 || math.IsNaN(v.float) || math.IsInf(v.float, 0):
		return v, nil
	}
	f, err := strconv.ParseFloat(strconv.FormatFloat(v.float, 'f', int(digits), 64), 64)
	if err != nil {
		return Value{}, r.fail(at, "the result is too large for a float")
	}
	return Float(f), nil
}
