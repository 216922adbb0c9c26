package script_test

import (
	"testing"

	"tfocraft/wire/puretest"
)

func TestPure(t *testing.T) {
	puretest.Check(t, puretest.Rules{Imports: []string{
		"errors", "fmt", "math", "slices", "strconv", "strings", "time", "unicode/utf8", "tfocraft/wire",
	}})
}
