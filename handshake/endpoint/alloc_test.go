//go:build !race

package endpoint_test

import (
	"io"
	"testing"
)

// The race detector makes sync.Pool drop buffers at random: this is for builds
// without it.

// The way of a segment from link to machine and back allocates nothing: per
// byte there and back, four segments on two stacks.
func TestNoAllocations(t *testing.T) {
	near, far := twoConns(t)
	go io.Copy(far, far)
	one := make([]byte, 1)
	allocs := testing.AllocsPerRun(2000, func() {
		near.Write(one)
		if _, err := near.Read(one); err != nil {
			t.Fatal(err)
		}
	})
	if allocs >= 1 {
		t.Errorf("%v allocations for a byte there and back, want none", allocs)
	}
}
