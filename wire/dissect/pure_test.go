package dissect_test

import (
	"testing"

	"tfocraft/wire/puretest"
)

func TestPure(t *testing.T) {
	puretest.Check(t, puretest.Rules{Imports: []string{
		"encoding/binary", "encoding/hex", "hash/crc32", "math/bits", "net/netip", "strconv", "strings", "time", "unicode/utf8",
		"tfocraft/wire", "tfocraft/wire/bilingual", "tfocraft/wire/follow",
	}})
}
