package path

import "net/netip"

// maxConnections is how many connections a box remembers.
const maxConnections = 4096

// A table holds what a box remembers of the last maxConnections that it has met.
type table[K comparable, V any] struct {
	entries map[K]V
	order   []K // of arrival, a ring once it is full
	oldest  int
}

func newTable[K comparable, V any]() *table[K, V] { return &table[K, V]{entries: make(map[K]V)} }

func (t *table[K, V]) get(key K) (V, bool) {
	v, ok := t.entries[key]
	return v, ok
}

// put replaces what there was about the key. It returns what it had to forget for it.
func (t *table[K, V]) put(key K, v V) (forgotten V, full bool) {
	if _, known := t.entries[key]; !known {
		if len(t.order) < maxConnections {
			t.order = append(t.order, key)
		} else {
			forgotten, full = t.entries[t.order[t.oldest]], true
			delete(t.entries, t.order[t.oldest])
			t.order[t.oldest] = key
			t.oldest = (t.oldest + 1) % maxConnections
		}
	}
	t.entries[key] = v
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
