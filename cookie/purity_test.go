package cookie

import (
	"testing"

	"tfocraft/wire/puretest"
)

// Of log/slog only the value type is used, for redaction.
func TestPure(t *testing.T) {
	puretest.Check(t, puretest.Rules{
		Imports: []string{
			"cmp", "container/list", "crypto/aes", "crypto/cipher", "crypto/subtle", "encoding/binary", "encoding/hex", "errors",
			"fmt", "github.com/dchest/siphash", "golang.org/x/sys/cpu", "io", "iter", "log/slog", "net/netip", "slices", "strconv", "strings", "sync",
			"sync/atomic", "time",
		},
		Only: map[string][]string{"log/slog": {"StringValue", "Value"}},
	})
}
