package load

import (
	"testing"

	"tfocraft/wire/puretest"
)

func TestPure(t *testing.T) {
	puretest.Check(t, puretest.Rules{Imports: []string{
		"encoding/binary", "errors", "fmt", "math", "net/netip", "strconv", "strings", "time",
		"github.com/HdrHistogram/hdrhistogram-go",
		"tfocraft/cookie", "tfocraft/handshake", "tfocraft/wire",
	}})
}
