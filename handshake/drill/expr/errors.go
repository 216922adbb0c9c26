package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Pos is a place in a piece of code: line and column, counted from 1, the
// column in characters.
type Pos struct{ Line, Column int }

func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// posOf returns the place of an offset.
func posOf(code string, offset int) Pos {
	before := code[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return Pos{1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[start:])}
}

// A SyntaxError says where code is not Python.
type SyntaxError struct {
	Pos Pos
	Msg string // what was expected
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("expr: %v: %s", e.Pos, e.Msg) }

// An UnsupportedError names a construct of Python that this package does not have.
type UnsupportedError struct {
	Pos  Pos
	What string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("expr: %v: %s is not supported", e.Pos, e.What)
}

// A NameError is about a name that has no value.
type NameError struct {
	Pos  Pos
	Name string
}

func (e *NameError) Error() string { return fmt.Sprintf("expr: %v: unknown name %s", e.Pos, e.Name) }

// An EvalError is about an operation that has no result: a wrong type, a division
// by zero, an integer beyond 64 bits.
type EvalError struct {
	Pos Pos
	Msg string
}

func (e *EvalError) Error() string { return fmt.Sprintf("expr: %v: %s", e.Pos, e.Msg) }

// An AssertError is an assertion that does not hold.
type AssertError struct {
	Pos     Pos     // of the statement
	Expr    string  // the expression, on one line
	Message string  // what follows the comma, as text; empty if nothing does
	Values  []Named // of the names in the expression, in the order of the code
}

// A Named is a name and its value.
type Named struct {
	Name  string
	Value Value
}

// Error returns the assertion, its message and the values of its names:
//
//	assert tcpi_unacked == 5: two are missing (tcpi_unacked = 3)
func (e *AssertError) Error() string {
	text := "assert " + e.Expr
	if e.Message != "" {
		text += ": " + e.Message
	}
	if len(e.Values) == 0 {
		return text
	}
	values := make([]string, len(e.Values))
	for i, v := range e.Values {
		values[i] = v.Name + " = " + v.Value.String()
	}
	return text + " (" + strings.Join(values, ", ") + ")"
}
