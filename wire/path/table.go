package path

import (
	"net/netip"

	"tfocraft/wire/internal/lru"
)

// maxConnections is how many connections a box remembers: those that were used last, by a segment in whichever direction.
const maxConnections = 4096

// remember puts what a box knows about a connection into its memory. It returns what had to be forgotten for it.
func remember[V any](memory *lru.Map[flow, V], f flow, v V) (forgotten V, full bool) {
	memory.Put(f, v)
	_, forgotten, full = memory.Excess(maxConnections)
	return forgotten, full
}

// A flow is a connection by its two ends.
type flow struct {
	near, far netip.AddrPort
}

// flow returns the one that a segment belongs to.
func (s *segment) flow() flow {
	if s.forward {
		return flow{s.Src(), s.Dst()}
	}
	return flow{s.Dst(), s.Src()}
}
