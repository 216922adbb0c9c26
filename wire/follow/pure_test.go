package follow_test

import (
	"testing"

	"tfocraft/wire/puretest"
)

func TestPure(t *testing.T) {
	puretest.Check(t, puretest.Rules{Imports: []string{
		"bytes", "cmp", "container/list", "fmt", "iter", "net/netip", "slices", "strconv", "time", "tfocraft/cookie", "tfocraft/wire", "tfocraft/wire/bilingual", "tfocraft/wire/internal/lru",
	}})
}
