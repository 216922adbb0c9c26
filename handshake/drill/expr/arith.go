package expr

import (
	"math"
	"math/big"
	"math/bits"
)

const overflow = "the result is an integer beyond 64 bits"

func (r *runner) unary(at int, op string, v Value) (Value, error) {
	switch {
	case op == "~" && v.isInt():
		return Int(^v.num), nil
	case !v.isNumber() || op == "~":
		return Value{}, r.fail(at, "there is no "+op+" for "+v.kind.String())
	case v.kind == FloatKind && op == "-":
		return Float(-v.float), nil
	case v.kind == FloatKind:
		return v, nil
	case op == "+":
		return Int(v.num), nil
	case v.num == math.MinInt64:
		return Value{}, r.fail(at, overflow)
	}
	return Int(-v.num), nil
}

// arithmetic gives the result of a binary operator.
func (r *runner) arithmetic(at int, op string, a, b Value) (Value, error) {
	switch op {
	case "|", "^", "&":
		if a.isInt() && b.isInt() {
			return bitwise(op, a, b), nil
		}
	case "<<", ">>":
		if a.isInt() && b.isInt() {
			return r.shift(at, op, a.num, b.num)
		}
	default:
		switch {
		case a.isInt() && b.isInt():
			return r.integers(at, op, a.num, b.num)
		case a.isNumber() && b.isNumber():
			return r.floats(at, op, a.asFloat(), b.asFloat())
		}
		if v, ok, err := r.sequences(at, op, a, b); ok || err != nil {
			return v, err
		}
	}
	return Value{}, r.fail(at, "there is no "+op+" for "+a.kind.String()+" and "+b.kind.String())
}

// bitwise gives a bool for two bools.
func bitwise(op string, a, b Value) Value {
	n := a.num & b.num
	switch op {
	case "|":
		n = a.num | b.num
	case "^":
		n = a.num ^ b.num
	}
	if a.kind == BoolKind && b.kind == BoolKind {
		return Bool(n != 0)
	}
	return Int(n)
}

func (r *runner) shift(at int, op string, a, count int64) (Value, error) {
	switch {
	case count < 0:
		return Value{}, r.fail(at, "a shift by a negative count")
	case op == ">>":
		return Int(a >> min(count, 63)), nil
	case a == 0:
		return Int(0), nil
	case count > 63 || a<<count>>count != a:
		return Value{}, r.fail(at, overflow)
	}
	return Int(a << count), nil
}

func (r *runner) integers(at int, op string, a, b int64) (Value, error) {
	if b == 0 && (op == "/" || op == "//" || op == "%") {
		return Value{}, r.fail(at, "division by zero")
	}
	result, ok := int64(0), true
	switch op {
	case "+":
		result = a + b
		ok = (result > a) == (b > 0)
	case "-":
		result = a - b
		ok = (result < a) == (b > 0)
	case "*":
		result, ok = multiply(a, b)
	case "/":
		quotient, _ := new(big.Rat).SetFrac64(a, b).Float64() // rounded once
		if a == 0 && b < 0 {
			quotient = math.Copysign(0, -1)
		}
		return Float(quotient), nil
	case "//":
		result, ok = floorDiv(a, b), a != math.MinInt64 || b != -1
	case "%":
		result = a - b*floorDiv(a, b)
	case "**":
		if b < 0 {
			return r.power(at, float64(a), float64(b))
		}
		result, ok = raise(a, b)
	}
	if !ok {
		return Value{}, r.fail(at, overflow)
	}
	return Int(result), nil
}

// floorDiv rounds down, where Go rounds toward zero.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func multiply(a, b int64) (product int64, ok bool) {
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	if (a < 0) != (b < 0) {
		return -int64(low), high == 0 && low <= 1<<63
	}
	return int64(low), high == 0 && low <= math.MaxInt64
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// raise gives a to the power of b, which is not negative.
func raise(a, b int64) (result int64, ok bool) {
	switch {
	case b == 0:
		return 1, true
	case a == 0 || a == 1:
		return a, true
	case a == -1:
		return 1 - 2*(b&1), true
	}
	result = 1
	for ok = true; b > 0 && ok; b-- { // it overflows within 64 rounds
		result, ok = multiply(result, a)
	}
	return result, ok
}

func (r *runner) floats(at int, op string, a, b float64) (Value, error) {
	if b == 0 && (op == "/" || op == "//" || op == "%") {
		return Value{}, r.fail(at, "division by zero")
	}
	switch op {
	case "+":
		return Float(a + b), nil
	case "-":
		return Float(a - b), nil
	case "*":
		return Float(a * b), nil
	case "/":
		return Float(a / b), nil
	case "**":
		return r.power(at, a, b)
	}
	quotient, remainder := divMod(a, b)
	if op == "%" {
		return Float(remainder), nil
	}
	return Float(quotient), nil
}

// divMod divides so that the remainder has the sign of b and the quotient is
// whole.
func divMod(a, b float64) (quotient, remainder float64) {
	remainder = math.Mod(a, b)
	quotient = (a - remainder) / b
	switch {
	case remainder == 0:
		remainder = math.Copysign(0, b)
	case (b < 0) != (remainder < 0):
		remainder += b
		quotient--
	}
	if quotient == 0 {
		return math.Copysign(0, a/b), remainder
	}
	whole := math.Floor(quotient)
	if quotient-whole > 0.5 {
		whole++
	}
	return whole, remainder
}

func (r *runner) power(at int, a, b float64) (Value, error) {
	finite := !math.IsInf(a, 0) && !math.IsNaN(a) && !math.IsInf(b, 0) && !math.IsNaN(b)
	switch {
	case a == 0 && b < 0 && finite:
		return Value{}, r.fail(at, "division by zero")
	case a < 0 && finite && b != math.Trunc(b):
		return Value{}, r.unsupported(at, "a complex number")
	}
	result := math.Pow(a, b)
	if math.IsInf(result, 0) && finite {
		return Value{}, r.fail(at, "the result is too large for a float")
	}
	return Float(result), nil
}
