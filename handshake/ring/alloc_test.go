//go:build !race

package ring

import "testing"

// The race detector makes sync.Pool drop buffers at random: this is for builds
// without it.

// Neither the ring nor its pool costs an allocation once there is a buffer.
func TestRingAllocatesNothing(t *testing.T) {
	var p Pool
	var r Ring
	b := make([]byte, 5000)
	if got := testing.AllocsPerRun(1000, func() {
		r.Push(&p, b)
		r.Pop(&p, b)
	}); got >= 1 {
		t.Errorf("%v allocations", got)
	}
}
