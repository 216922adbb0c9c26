package endpoint

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// Whatever the hash, connections are found by what they are: also where all have
// the same one.
func TestConnTable(t *testing.T) {
	for _, mask := range []uint64{0, 7, everyBit} {
		testConnTable(t, mask)
	}
}

func testConnTable(t *testing.T, mask uint64) {
	rng := rand.New(rand.NewPCG(1, 2))
	table := newConnTable()
	table.mask = mask
	known := map[tuple]*Conn{}
	key := func() tuple {
		at := netip.AddrFrom4([4]byte{192, 0, 2, byte(rng.IntN(4))})
		return tuple{netip.AddrPortFrom(at, uint16(rng.IntN(30))), netip.AddrPortFrom(at.Next(), 80)}
	}
	for range 20_000 {
		k := key()
		c := table.get(k)
		if c != known[k] {
			t.Fatalf("%v: got %p, want %p", k, c, known[k])
		}
		if c == nil {
			c = &Conn{local: k.local, remote: k.remote}
			table.put(c)
			known[k] = c
		} else {
			table.remove(c)
			delete(known, k)
		}
		if table.n != len(known) {
			t.Fatalf("got %d connections, want %d", table.n, len(known))
		}
	}
	for c := range table.all() {
		if known[tuple{c.local, c.remote}] != c {
			t.Fatal("a connection that is not there was yielded, or one twice")
		}
		table.remove(c)
		delete(known, tuple{c.local, c.remote})
	}
	if len(known) > 0 || table.n != 0 {
		t.Errorf("%d connections were not yielded, %d are counted", len(known), table.n)
	}
}
