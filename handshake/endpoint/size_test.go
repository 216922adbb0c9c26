package endpoint

import (
	"testing"
	"unsafe"
)

// What the stack keeps of a connection beside its machine fits the size that
// leaves an idle connection below 2 KiB, see BenchmarkIdleConnections.
func TestConnSize(t *testing.T) {
	if got, most := unsafe.Sizeof(Conn{}), uintptr(384); got > most {
		t.Errorf("a Conn takes %d bytes, want at most %d", got, most)
	}
}
