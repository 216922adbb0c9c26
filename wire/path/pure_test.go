package path_test

import (
	"testing"

	"tfocraft/wire/puretest"
)

func TestPure(t *testing.T) {
	puretest.Check(t, puretest.Rules{
		Imports: []string{
			"bytes", "encoding/binary", "fmt", "math/rand/v2", "net/netip", "slices", "strconv", "strings", "sync", "time",
			"tfocraft/wire", "tfocraft/wire/bilingual", "tfocraft/wire/internal/lru",
		},
		// The functions of the package itself draw from a stream that no seed governs.
		Only: map[string][]string{"math/rand/v2": {"New", "NewPCG", "Rand"}},
	})
}
