package ring

import (
	"math/bits"
	"sync"
	"unsafe"
)

// The sizes that a Pool keeps, as powers of two: 512 bytes to 16 MiB.
const (
	minClass = 9
	maxClass = 24
)

// A Pool is a [Buffers] that any number of goroutines may use. What is given
// back is used again, or collected as garbage when nobody wants it.
type Pool struct {
	classes [maxClass - minClass + 1]sync.Pool // of *byte, the first of a buffer
}

var _ Buffers = (*Pool)(nil)

// roundUp returns the power of two that is not below n.
func roundUp(n int) int { return 1 << class(n) }

func class(n int) int { return bits.Len(uint(max(n, 1) - 1)) }

// Get implements [Buffers].
func (p *Pool) Get(n int) []byte {
	k := max(class(n), minClass)
	if k <= maxClass {
		if b, ok := p.classes[k-minClass].Get().(*byte); ok {
			return unsafe.Slice(b, 1<<k)
		}
	}
	return make([]byte, 1<<k)
}

// Put implements [Buffers].
func (p *Pool) Put(b []byte) {
	if k := class(len(b)); k >= minClass && k <= maxClass && len(b) == 1<<k {
		// A pointer goes into the pool without an allocation, a slice does not.
		p.classes[k-minClass].Put(unsafe.SliceData(b))
	}
}
