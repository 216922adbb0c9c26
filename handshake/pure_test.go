package handshake

import (
	"testing"

	"tfocraft/wire/puretest"
)

func TestPure(t *testing.T) {
	puretest.Check(t, puretest.Rules{Imports: []string{
		"encoding/binary", "errors", "math", "net/netip", "slices", "time",
		"github.com/dchest/siphash", "tfocraft/cookie", "tfocraft/handshake/ring", "tfocraft/wire",
	}})
}
