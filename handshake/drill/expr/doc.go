// Package expr evaluates the Python that packetdrill scripts assert with:
//
//	assert (tcpi_options & TCPI_OPT_SYN_DATA) != 0, tcpi_options
//	limit = 10; assert 0 < tcpi_snd_cwnd <= limit
//
// It knows the statements assert, pass, print, if, for and assignments to names, and
// expressions of integers, floats, strings, tuples and lists with Python's
// operators, their precedence and their results, comparison chains, "a if c else
// b", indexes and a few functions: abs, bool, float, hex, int, len, max, min, range,
// repr, round, str and sum.
//
// A float to the power of a fraction may differ from Python's in the last digit.
//
// Integers have 64 bits: what Python would go on with beyond these is an
// [*EvalError]. Any other construct of Python is an [*UnsupportedError] that names
// it, and what is not Python is a [*SyntaxError]; both are found before the first
// statement runs. The package is pure, and no code makes it panic or run for long.
package expr
