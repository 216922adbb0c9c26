package expr_test

import (
	"testing"

	"tfocraft/wire/puretest"
)

func TestPure(t *testing.T) {
	puretest.Check(t, puretest.Rules{Imports: []string{
		"cmp", "errors", "fmt", "math", "math/big", "math/bits", "slices", "strconv", "strings", "unicode", "unicode/utf8",
	}})
}
