package endpoint

import (
	"hash/maphash"
	"iter"
)

// A connTable finds connections by their addresses and ports. Its map has a hash
// of them for a key, which takes a fifth of their room; connections with the same
// one are a chain. The hash is keyed, so that nobody can make the chains long.
type connTable struct {
	seed   maphash.Seed
	mask   uint64 // of the bits of the hash that count: all, but in tests
	chains map[uint64]*Conn
	n      int
	peak   int // the most there were since chains was made
}

const everyBit = 1<<64 - 1

func newConnTable() connTable {
	return connTable{seed: maphash.MakeSeed(), mask: everyBit, chains: make(map[uint64]*Conn)}
}

func (t *connTable) hash(key tuple) uint64 { return maphash.Comparable(t.seed, key) & t.mask }

// get returns the connection, or nil.
func (t *connTable) get(key tuple) *Conn {
	c := t.chains[t.hash(key)]
	for c != nil && (c.local != key.local || c.remote != key.remote) {
		c = c.next
	}
	return c
}

// put adds a connection that is not there.
func (t *connTable) put(c *Conn) {
	h := t.hash(tuple{c.local, c.remote})
	c.next = t.chains[h]
	t.chains[h] = c
	t.n++
	t.peak = max(t.peak, t.n)
}

// remove takes a connection out that is there.
func (t *connTable) remove(c *Conn) {
	h := t.hash(tuple{c.local, c.remote})
	first := t.chains[h]
	switch {
	case first != c:
		for ; first.next != c; first = first.next {
		}
		first.next = c.next
	case c.next != nil:
		t.chains[h] = c.next
	default:
		delete(t.chains, h)
	}
	c.next = nil
	if t.n--; t.n == 0 && t.peak > smallTable {
		// A map keeps the room that it has grown to.
		t.chains, t.peak = make(map[uint64]*Conn), 0
	}
}

// smallTable is how many entries of a table are not worth to give back.
const smallTable = 1024

// all yields every connection; the one in hand may be removed.
func (t *connTable) all() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) {
		for _, c := range t.chains {
			for c != nil {
				next := c.next
				if !yield(c) {
					return
				}
				c = next
			}
		}
	}
}
