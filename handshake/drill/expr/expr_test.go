package expr_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"tfocraft/handshake/drill/expr"
)

// info stands for what a runner knows of a connection.
func info(name string) (expr.Value, bool) {
	v, ok := map[string]int64{
		"tcpi_state": 1, "TCP_ESTABLISHED": 1, "tcpi_options": 0x21, "TCPI_OPT_SYN_DATA": 32, "tcpi_unacked": 3, "tcpi_retrans": 0,
	}[name]
	return expr.Int(v), ok
}

func TestRunHolds(t *testing.T) {
	for _, code := range []string{
		"",
		"\n\n# nothing\n",
		"pass",
		"assert (tcpi_options & TCPI_OPT_SYN_DATA) != 0, tcpi_options",
		"assert tcpi_retrans == 0, tcpi_retrans; assert tcpi_unacked == 3, tcpi_unacked",
		"\nassert tcpi_state == TCP_ESTABLISHED\nassert (tcpi_unacked +\n        2) == 5 # a comment\n",
		"  assert 1\n  assert 2\n",
		"assert tcpi_unacked \\\n    == 3;",
		"assert 2 < tcpi_unacked <= 3, unknown", // only a failure needs its message
		"assert tcpi_unacked or unknown",
		"x = y = tcpi_unacked + 1; x += 2; x *= 3; assert (x, y) == (18, 4)",
		"x = 1, 2\nassert x[1] == 2",
		"x = 7; x //= 2; x <<= 4; x |= 1; x ^= 3; x &= 0xff; x -= 1; x %= 10; x **= 2; x /= 9; assert x == 9",
		"assert (False, 'always true, as in Python')",
		"tcpi_unacked = 5; assert tcpi_unacked == 5", // a variable hides the name
		"print('x'); print 'y', 1; print",
		"if tcpi_unacked == 3: x = 1; y = 2\nelse: x = 0\nassert (x, y) == (1, 2)",
		"if tcpi_unacked < 3:\n  x = 1\nelif tcpi_unacked == 3:\n  if 1:\n    x = 2\n  # nothing\n\n  y = x\nelse:\n  x = 3\nassert (x, y) == (2, 2)",
		"if 0:\n  unknown\nassert 1",
		"total = 0\nfor i in range(1, 4):\n  for j in (i, 10):\n    total += j\nassert total == 36 and i == 3",
		"assert range(3)[2] == 2 and range(5, 0, -2) == [5, 3, 1]",
	} {
		env := expr.Env{Lookup: info}
		if err := env.Run(code); err != nil {
			t.Errorf("%q: %v", code, err)
		}
	}
}

func TestAssertError(t *testing.T) {
	for code, want := range map[string]string{
		"assert False": "assert False",
		"assert  tcpi_unacked  == 5,\ttcpi_unacked":     "assert tcpi_unacked == 5: 3 (tcpi_unacked = 3)",
		"assert (tcpi_options & 2\n) != 0, 'no %d' % 2": "assert (tcpi_options & 2 ) != 0: no 2 (tcpi_options = 33)",
		"x = 'a'; assert x == str(tcpi_unacked) == x":   "assert x == str(tcpi_unacked) == x (x = 'a', tcpi_unacked = 3)",
		"assert tcpi_retrans and unknown":               "assert tcpi_retrans and unknown (tcpi_retrans = 0)",
		"assert ()":                                     "assert ()",
		"assert 1\nassert 0, (1, 'b')":                  "assert 0: (1, 'b')",
	} {
		env := expr.Env{Lookup: info}
		err := env.Run(code)
		e, ok := errors.AsType[*expr.AssertError](err)
		if !ok || e.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", code, err, want)
		}
	}
	env := expr.Env{Lookup: info}
	e, _ := errors.AsType[*expr.AssertError](env.Run("x = 1\nassert 1; assert x == 2, 'no'"))
	if e == nil || e.Pos != (expr.Pos{Line: 2, Column: 11}) || e.Expr != "x == 2" || e.Message != "no" || len(e.Values) != 1 {
		t.Errorf("got %+v", e)
	}
}

func TestVariablesPersist(t *testing.T) {
	env := expr.Env{Lookup: info}
	for _, code := range []string{"limit = 10", "limit -= tcpi_unacked; before = limit", "assert limit == 7 and before == 7; print(limit)"} {
		if err := env.Run(code); err != nil {
			t.Fatalf("%s: %v", code, err)
		}
	}
	if err := env.Run("limit = 1; assert False; limit = 2"); err == nil {
		t.Error("a false assertion: no error")
	}
	if v, err := env.Eval("limit"); err != nil || v.String() != "1" {
		t.Errorf("after a failure: got %v, %v, want what was assigned before it", v, err)
	}
	if got, want := env.Output(), "7\n"; got != want {
		t.Errorf("output: got %q, want %q", got, want)
	}
}

func TestPrint(t *testing.T) {
	var env expr.Env
	if err := env.Run("print('a', 1, 2.0, ('b',))\nprint\nprint()\nprint 'c', 5\nprint not 1"); err != nil {
		t.Fatal(err)
	}
	if got, want := env.Output(), "a 1 2.0 ('b',)\n\n\nc 5\nFalse\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for range 100 {
		if err := env.Run("print('x' * 10000)"); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(env.Output()); got > 64<<10 {
		t.Errorf("output without a limit: %d bytes", got)
	}
}

func TestErrors(t *testing.T) {
	for code, want := range map[string]string{
		// Not Python.
		"assert":                    "*expr.SyntaxError expr: 1:7: expected a value",
		"assert 1,":                 "*expr.SyntaxError expr: 1:10: expected a value",
		"assert 1 2":                "*expr.SyntaxError expr: 1:10: expected an operator or the end of the statement",
		"assert 1 == ":              "*expr.SyntaxError expr: 1:13: expected a value",
		"x = ":                      "*expr.SyntaxError expr: 1:5: expected a value",
		"x == 1 = 2":                "*expr.SyntaxError expr: 1:3: expected a name before =",
		"5 += 1":                    "*expr.SyntaxError expr: 1:1: expected a name before +=",
		"None = 1":                  "*expr.SyntaxError expr: 1:1: expected a name before =",
		"(1":                        "*expr.SyntaxError expr: 1:3: expected ) after an expression",
		"[1, 2":                     "*expr.SyntaxError expr: 1:6: expected ] or a comma after an element",
		"max(1":                     "*expr.SyntaxError expr: 1:6: expected ) or a comma after an argument",
		"x[1":                       "*expr.SyntaxError expr: 1:4: expected ] after an index",
		"1 if 2":                    "*expr.SyntaxError expr: 1:7: expected else and another value",
		"assert and":                "*expr.SyntaxError expr: 1:8: expected a value, and and is none",
		"1 = = 2":                   "*expr.SyntaxError expr: 1:1: expected a name before =",
		"if 1: if 2: pass":          "*expr.SyntaxError expr: 1:7: expected a statement of one line: if and for begin one of their own",
		"if 1\n  pass":              "*expr.SyntaxError expr: 1:5: expected : and the statements",
		"if 1:\npass":               "*expr.SyntaxError expr: 2:1: expected an indented block",
		"if 1:\n  pass\n   pass":    "*expr.SyntaxError expr: 3:4: expected no change of the indentation",
		"if 1:\n  pass\n pass":      "*expr.SyntaxError expr: 3:2: expected no change of the indentation",
		"else: pass":                "*expr.SyntaxError expr: 1:1: expected a value, and else is none",
		"for 5 in x: pass":          "*expr.SyntaxError expr: 1:5: expected a name before in",
		"for x of y: pass":          "*expr.SyntaxError expr: 1:7: expected in after the name that for assigns to",
		"assert 1\n  x = 2":         "*expr.SyntaxError expr: 2:3: expected no change of the indentation",
		"a $ b":                     "*expr.SyntaxError expr: 1:3: expected a value, a name or an operator",
		"é + ?":                     "*expr.SyntaxError expr: 1:5: expected a value, a name or an operator",
		"'abc":                      "*expr.SyntaxError expr: 1:1: expected a closing quote for the string that begins here",
		"'abc\n'":                   "*expr.SyntaxError expr: 1:1: expected a closing quote for the string that begins here",
		`'\x4'`:                     "*expr.SyntaxError expr: 1:2: expected an escape of Python with all of its digits",
		"010":                       "*expr.SyntaxError expr: 1:1: expected 0o before an octal number",
		"1__0":                      "*expr.SyntaxError expr: 1:1: expected a digit on both sides of each _",
		"0b2":                       "*expr.SyntaxError expr: 1:1: expected the digits of a number",
		"1x":                        "*expr.SyntaxError expr: 1:2: expected an operator after a number",
		strings.Repeat("(", 200):    "*expr.SyntaxError expr: 1:51: expected an expression that nests less deep",
		strings.Repeat("-", 200):    "*expr.SyntaxError expr: 1:100: expected an expression that nests less deep",
		strings.Repeat("not ", 200): "*expr.SyntaxError expr: 1:397: expected an expression that nests less deep",

		// Python, but not here.
		"import sys":          "*expr.UnsupportedError expr: 1:1: the statement import is not supported",
		"while x: pass":       "*expr.UnsupportedError expr: 1:1: the statement while is not supported",
		"for a, b in x: pass": "*expr.UnsupportedError expr: 1:6: an assignment to anything but a name is not supported",
		"if x:\n  break":      "*expr.UnsupportedError expr: 2:3: the statement break is not supported",
		"a, b = 1, 2":         "*expr.UnsupportedError expr: 1:6: an assignment to anything but a name is not supported",
		"x[0] = 1":            "*expr.UnsupportedError expr: 1:6: an assignment to anything but a name is not supported",
		"x: int = 1":          "*expr.UnsupportedError expr: 1:2: an annotation is not supported",
		"tcp.state":           "*expr.UnsupportedError expr: 1:4: an attribute is not supported",
		"{1: 2}":              "*expr.UnsupportedError expr: 1:1: a set or dictionary is not supported",
		"[x for x in y]":      "*expr.UnsupportedError expr: 1:4: a comprehension is not supported",
		"sum(x for x in y)":   "*expr.UnsupportedError expr: 1:7: a generator expression is not supported",
		"(x for x in y)":      "*expr.UnsupportedError expr: 1:4: a generator expression is not supported",
		"lambda: 1":           "*expr.UnsupportedError expr: 1:1: a lambda expression is not supported",
		"(x := 1)":            "*expr.UnsupportedError expr: 1:4: an assignment in an expression is not supported",
		"(yield)":             "*expr.UnsupportedError expr: 1:2: the expression yield is not supported",
		"max(*x)":             "*expr.UnsupportedError expr: 1:5: a starred argument is not supported",
		"max(1, key=2)":       "*expr.UnsupportedError expr: 1:8: an argument by its name is not supported",
		"x[1:2]":              "*expr.UnsupportedError expr: 1:4: a slice is not supported",
		"f(1)(2)":             "*expr.UnsupportedError expr: 1:6: a call of anything but a name is not supported",
		"1 @ 2":               "*expr.UnsupportedError expr: 1:3: a matrix product is not supported",
		"...":                 "*expr.UnsupportedError expr: 1:1: ... is not supported",
		"*x":                  "*expr.UnsupportedError expr: 1:1: a starred expression is not supported",
		"b'x'":                "*expr.UnsupportedError expr: 1:1: a string of bytes is not supported",
		"f'x'":                "*expr.UnsupportedError expr: 1:1: a formatted string is not supported",
		`"""x"""`:             "*expr.UnsupportedError expr: 1:1: a string in three quotes is not supported",
		`"\N{DASH}"`:          "*expr.UnsupportedError expr: 1:2: a character by its name is not supported",
		"1j":                  "*expr.UnsupportedError expr: 1:1: a complex number is not supported",
		"(-8) ** 0.5":         "*expr.UnsupportedError expr: 1:6: a complex number is not supported",
		"9223372036854775808": "*expr.UnsupportedError expr: 1:1: an integer beyond 64 bits is not supported",
		"sorted((1, 2))":      "*expr.UnsupportedError expr: 1:1: the function sorted is not supported",
		"int('1f', 16)":       "*expr.UnsupportedError expr: 1:1: int with 2 arguments is not supported",
		"'a' is 'a'":          "*expr.UnsupportedError expr: 1:5: is for values other than None, True and False is not supported",
		"'%c' % 5":            "*expr.UnsupportedError expr: 1:6: the format %c is not supported",
		"round(15, -1)":       "*expr.UnsupportedError expr: 1:1: round to a negative number of digits is not supported",

		// Without a result.
		"unknown":                       "*expr.NameError expr: 1:1: unknown name unknown",
		"assert 1 and\\\n unknown == 2": "*expr.NameError expr: 2:2: unknown name unknown",
		"x += 1":                        "*expr.NameError expr: 1:1: unknown name x",
		"tcpi_state(1)":                 "*expr.EvalError expr: 1:1: tcpi_state is int, which cannot be called",
		"1 / 0":                         "*expr.EvalError expr: 1:3: division by zero",
		"1 // 0":                        "*expr.EvalError expr: 1:3: division by zero",
		"1.0 % 0":                       "*expr.EvalError expr: 1:5: division by zero",
		"0 ** -1":                       "*expr.EvalError expr: 1:3: division by zero",
		"9223372036854775807 + 1":       "*expr.EvalError expr: 1:21: the result is an integer beyond 64 bits",
		"-9223372036854775807 - 2":      "*expr.EvalError expr: 1:22: the result is an integer beyond 64 bits",
		"4294967296 * 2147483648":       "*expr.EvalError expr: 1:12: the result is an integer beyond 64 bits",
		"1 << 63":                       "*expr.EvalError expr: 1:3: the result is an integer beyond 64 bits",
		"2 ** 63":                       "*expr.EvalError expr: 1:3: the result is an integer beyond 64 bits",
		"(-1 << 63) // -1":              "*expr.EvalError expr: 1:12: the result is an integer beyond 64 bits",
		"-(-1 << 63)":                   "*expr.EvalError expr: 1:1: the result is an integer beyond 64 bits",
		"abs(-1 << 63)":                 "*expr.EvalError expr: 1:1: the result is an integer beyond 64 bits",
		"int(1e19)":                     "*expr.EvalError expr: 1:1: the result is an integer beyond 64 bits",
		"int(1e999)":                    "*expr.EvalError expr: 1:1: there is no integer for inf",
		"10.0 ** 400":                   "*expr.EvalError expr: 1:6: the result is too large for a float",
		"1 << -1":                       "*expr.EvalError expr: 1:3: a shift by a negative count",
		"1 + 'a'":                       "*expr.EvalError expr: 1:3: there is no + for int and str",
		"1.5 | 2":                       "*expr.EvalError expr: 1:5: there is no | for float and int",
		"~1.5":                          "*expr.EvalError expr: 1:1: there is no ~ for float",
		"-'a'":                          "*expr.EvalError expr: 1:1: there is no - for str",
		"1 < 'a'":                       "*expr.EvalError expr: 1:3: there is no < for int and str",
		"None < None":                   "*expr.EvalError expr: 1:6: there is no < for NoneType and NoneType",
		"1 in 2":                        "*expr.EvalError expr: 1:3: there is no in for int and int",
		"(1, 2)[2]":                     "*expr.EvalError expr: 1:7: there is no element at this index",
		"(1, 2)['a']":                   "*expr.EvalError expr: 1:7: an index is an int, not str",
		"5[0]":                          "*expr.EvalError expr: 1:2: int has no elements",
		"for x in 5: pass":              "*expr.EvalError expr: 1:10: int has no elements",
		"range(1, 2, 0)":                "*expr.EvalError expr: 1:1: a range without a step",
		"range('a')":                    "*expr.EvalError expr: 1:1: there is no range of str",
		"len(5)":                        "*expr.EvalError expr: 1:1: there is no len of int",
		"max(())":                       "*expr.EvalError expr: 1:1: max of nothing",
		"int('x')":                      "*expr.EvalError expr: 1:1: int of 'x', which is not an integer of 64 bits",
		"'%d' % 'x'":                    "*expr.EvalError expr: 1:6: the format %d needs a number, not str",
		"'%d %d' % 5":                   "*expr.EvalError expr: 1:9: more formats than values",
		"'%d' % (5, 6)":                 "*expr.EvalError expr: 1:6: more values than formats",
		"'%' % 5":                       "*expr.EvalError expr: 1:5: a format without a letter after %",
		"'x' * 100000":                  "*expr.EvalError expr: 1:5: the result is too long",
	} {
		env := expr.Env{Lookup: info}
		err := env.Run(code)
		if got := fmt.Sprintf("%T %v", err, err); got != want {
			t.Errorf("%q:\n got %s\nwant %s", code, got, want)
		}
	}
}

// What is not supported is found before anything runs.
func TestErrorsComeFirst(t *testing.T) {
	var env expr.Env
	for _, code := range []string{"x = 1; import y", "x = 1; y ="} {
		if err := env.Run(code); err == nil {
			t.Errorf("%s: no error", code)
		}
	}
	if v, err := env.Eval("x"); err == nil {
		t.Errorf("x is %v", v)
	}
}

func TestWorkIsLimited(t *testing.T) {
	var env expr.Env
	err := env.Run("x = (0,) * 60000; y = (x,) * 60000; z = (y,) * 60000\nassert z == (y,) * 60000")
	if _, ok := errors.AsType[*expr.EvalError](err); !ok {
		t.Errorf("got %v, want an *expr.EvalError", err)
	}
	if _, ok := errors.AsType[*expr.EvalError](env.Run("for i in range(5000):\n  for j in range(5000): pass")); !ok {
		t.Error("25,000,000 times nothing: no *expr.EvalError")
	}
	if v, err := env.Eval("y"); err != nil || len(v.String()) > 5000 {
		t.Errorf("got a text of %d bytes, %v", len(v.String()), err)
	}
}

func TestValues(t *testing.T) {
	for _, test := range []struct {
		value expr.Value
		kind  string
		text  string
		truth bool
	}{
		{expr.Value{}, "NoneType", "None", false},
		{expr.Bool(true), "bool", "True", true},
		{expr.Int(-5), "int", "-5", true},
		{expr.Float(math.NaN()), "float", "nan", true},
		{expr.Str("\x00é\u2028\U0001f600\u200b"), "str", `'\x00é\u2028😀\u200b'`, true},
		{expr.Tuple(), "tuple", "()", false},
		{expr.List(expr.Int(1)), "list", "[1]", true},
	} {
		if got := test.value.Kind().String(); got != test.kind {
			t.Errorf("kind: got %s, want %s", got, test.kind)
		}
		if got := test.value.String(); got != test.text {
			t.Errorf("got %s, want %s", got, test.text)
		}
		if got := test.value.Truth(); got != test.truth {
			t.Errorf("truth of %s: got %t", test.text, got)
		}
	}
	if n, ok := expr.Bool(true).Int(); n != 1 || !ok {
		t.Errorf("True as an integer: got %d, %t", n, ok)
	}
	if _, ok := expr.Str("1").Int(); ok {
		t.Error("a string is an integer")
	}
}

func ExampleEnv_Run() {
	env := expr.Env{Lookup: func(name string) (expr.Value, bool) {
		return expr.Int(3), name == "tcpi_unacked"
	}}
	fmt.Println(env.Run("limit = 5; assert tcpi_unacked <= limit"))
	fmt.Println(env.Run("assert tcpi_unacked == limit, 'some are missing'"))
	// Output:
	// <nil>
	// assert tcpi_unacked == limit: some are missing (tcpi_unacked = 3, limit = 5)
}
