package wire_test

import (
	"testing"

	"tfocraft/wire/puretest"
)

func TestPure(t *testing.T) {
	puretest.Check(t, puretest.Rules{Imports: []string{
		"encoding/binary", "encoding/hex", "errors", "fmt", "iter", "math", "math/bits",
		"net/netip", "strconv", "strings", "unicode/utf8",
	}})
}
