package load

import "testing"

func TestWalk(t *testing.T) {
	w := newWalk(5, nil, Ports{10, 12}, 99, 0, 1)
	seen := make(map[uint64]uint32)
	var first []int
	for n := range 30 {
		client, port, round := w.next()
		if n < 5 {
			first = append(first, client)
		}
		k := key(client, port)
		if got := seen[k]; got != round || round != uint32(n/15) {
			t.Errorf("pair %d: client %d, port %d, round %d, used %d times before", n, client, port, round, got)
		}
		seen[k]++
	}
	if len(seen) != 15 {
		t.Errorf("%d pairs, want 15", len(seen))
	}
	for i, c := range first {
		if c != (first[0]+i)%5 {
			t.Errorf("the first clients are %v", first)
		}
	}
}

// A pair of address and port that is still in flight is passed over.
func TestPairInFlight(t *testing.T) {
	c := small(Exchange)
	c.Clients, _ = ParseClients("198.18.1.1-198.18.1.2")
	c.Ports = Ports{1000, 1000}
	c.Concurrency, c.Count = 64, 0
	h := start(t, c)
	if got := h.InFlight(); got != 2 {
		t.Fatalf("%d in flight, want one for each pair", got)
	}
	h.pop()
	h.want(testSyn)
	for range 3 {
		h.server("R. 0:0(0) ack 14 win 0")
		h.advance(0)
		isn := h.isn
		h.want(testSyn)
		if step := h.isn.Diff(isn); step <= MaxSize+2 { // SYN and FIN
			t.Errorf("the numbers of the next connection are %d later", step)
		}
	}
}
