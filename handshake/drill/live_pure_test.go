package drill_test

import (
	"testing"

	"tfocraft/wire/puretest"
)

// Sockets, clocks and goroutines are those of who plays scripts.
func TestLivePure(t *testing.T) {
	puretest.Check(t, puretest.Rules{Imports: []string{
		"encoding/binary", "errors", "fmt", "iter", "maps", "math", "net/netip", "reflect", "slices", "strconv", "strings", "time",
		"tfocraft/handshake", "tfocraft/handshake/drill/expr", "tfocraft/handshake/drill/script", "tfocraft/handshake/drill/socket",
		"tfocraft/handshake/endpoint", "tfocraft/wire",
	}})
}
