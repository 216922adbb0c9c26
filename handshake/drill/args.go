package drill

import (
	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// evaluate returns the number that an expression stands for.
func evaluate(e *script.Expr) (int64, error) {
	switch e.Kind {
	case script.Integer:
		return e.Int, nil
	case script.Symbol:
		if n, ok := constants[e.Text]; ok {
			return n, nil
		}
		if n, ok := infoConstants[e.Text]; ok {
			return n, nil
		}
		if n := socket.Errno(e.Text).Number(); n != 0 {
			return int64(n), nil
		}
		return 0, unsupportedf("the name %s is not supported", e.Text)
	case script.Unary:
		n, err := evaluate(&e.Args[0])
		switch e.Text {
		case "~":
			return ^n, err
		case "-":
			return -n, err
		}
	case script.Binary:
		return evaluateBinary(e)
	case script.Apply:
		if (e.Text == "htons" || e.Text == "htonl" || e.Text == "ntohs") && len(e.Args) == 1 {
			return evaluate(&e.Args[0]) // addresses are kept in the host's order here
		}
	}
	return 0, unsupportedf("this expression is not supported where a number is expected, at %v", e.Pos)
}

func evaluateBinary(e *script.Expr) (int64, error) {
	a, err := evaluate(&e.Args[0])
	if err != nil {
		return 0, err
	}
	b, err := evaluate(&e.Args[1])
	if err != nil {
		return 0, err
	}
	switch e.Text {
	case "|":
		return a | b, nil
	case "&":
		return a & b, nil
	case "^":
		return a ^ b, nil
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "<<":
		return a << (b & 63), nil
	case ">>":
		return a >> (b & 63), nil
	}
	return 0, unsupportedf("the operator %s is not supported, at %v", e.Text, e.Pos)
}

// args walks the arguments of a call. The first error stays.
type args struct {
	player *player
	call   *script.Call
	err    error
}

// fail keeps the first error.
func (a *args) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

func (a *args) at(i int) *script.Expr {
	if i >= len(a.call.Args) {
		a.fail(failf("%s needs more than %d arguments", a.call.Name, len(a.call.Args)))
		return &script.Expr{Kind: script.Ellipsis}
	}
	return &a.call.Args[i]
}

// has reports whether the argument is there and not "...".
func (a *args) has(i int) bool {
	return i < len(a.call.Args) && a.call.Args[i].Kind != script.Ellipsis
}

// int is a number, or what is left open.
func (a *args) int(i, open int) int {
	e := a.at(i)
	if e.Kind == script.Ellipsis {
		return open
	}
	return a.number(e)
}

// fd is a descriptor of the host for one of the script.
func (a *args) fd(i int) int { return a.player.fd(a.int(i, -1)) }

func (a *args) number(e *script.Expr) int {
	n, err := evaluate(e)
	if err != nil {
		a.fail(err)
	}
	return int(n)
}

// element is the number in "[n]", or n itself.
func (a *args) element(i int) int {
	e := a.at(i)
	if e.Kind == script.Array && len(e.Args) == 1 {
		e = &e.Args[0]
	}
	if e.Kind == script.Ellipsis {
		return 0
	}
	return a.number(e)
}

// fields returns the fields of a struct by their names.
func fieldsOf(e *script.Expr) map[string]*script.Expr {
	if e.Kind == script.Array && len(e.Args) == 1 {
		e = &e.Args[0]
	}
	m := make(map[string]*script.Expr)
	for i := range e.Fields {
		f := &e.Fields[i]
		name := f.Name
		if f.Left != nil {
			name = f.Left.Text
		}
		m[name] = &f.Value
	}
	return m
}

// vector is the sum of the lengths in an array of struct iovec.
func (a *args) vector(e *script.Expr) int {
	if e.Kind != script.Array {
		a.fail(unsupportedf("a vector that is not written as [{..., n}, ...] is not supported, at %v", e.Pos))
		return 0
	}
	sum := 0
	for i := range e.Args {
		if fields := e.Args[i].Fields; len(fields) == 2 {
			sum += a.number(&fields[1].Value)
		}
	}
	return sum
}
