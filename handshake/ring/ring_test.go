package ring

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// A lender counts what is out on loan.
type lender struct {
	t    *testing.T
	lent map[*byte]bool
}

func (l *lender) Get(n int) []byte {
	b := make([]byte, roundUp(n))
	l.lent[&b[0]] = true
	return b
}

func (l *lender) Put(b []byte) {
	if !l.lent[&b[0]] {
		l.t.Fatal("a buffer comes back that was not lent")
	}
	delete(l.lent, &b[0])
	clear(b) // whoever still looks at it is found out
}

// Whatever the order of calls, bytes come out as they went in, and an empty ring
// holds no memory.
func TestRing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	from := &lender{t, map[*byte]bool{}}
	var r Ring
	var want []byte
	for range 20000 {
		switch rng.IntN(5) {
		case 4:
			n := rng.IntN(3000)
			want = append(want, fill(t, from, &r, rng, n)...)
		case 0:
			p := make([]byte, rng.IntN(3000))
			for i := range p {
				p[i] = byte(rng.Uint32())
			}
			r.Push(from, p)
			want = append(want, p...)
		case 1:
			p := make([]byte, rng.IntN(3000))
			n := r.Pop(from, p)
			if n != min(len(p), len(want)) || !bytes.Equal(p[:n], want[:n]) {
				t.Fatalf("Pop gives %d bytes, want %d of %d", n, len(p), len(want))
			}
			want = want[n:]
		case 2:
			at := rng.IntN(len(want) + 1)
			n := rng.IntN(len(want) - at + 1)
			a, b := r.View(at, n)
			if got := append(bytes.Clone(a), b...); !bytes.Equal(got, want[at:at+n]) {
				t.Fatalf("View(%d, %d) of %d bytes differs", at, n, len(want))
			}
		case 3:
			n := rng.IntN(min(len(want), 1000) + 1)
			r.Trim(from, n)
			want = want[:len(want)-n]
		}
		if r.Len() != len(want) {
			t.Fatalf("Len: got %d, want %d", r.Len(), len(want))
		}
		if held := len(from.lent); r.Len() == 0 && (held != 0 || r.Cap() != 0) || held > 1 {
			t.Fatalf("%d bytes in %d buffers", r.Len(), held)
		}
	}
}

// fill appends n bytes by Reserve, while what was there before is read and perhaps
// dropped.
func fill(t *testing.T, from *lender, r *Ring, rng *rand.Rand, n int) (appended []byte) {
	t.Helper()
	seen, _ := r.View(0, min(r.Len(), 100))
	before := bytes.Clone(seen)
	old := r.buf
	a, b := r.Reserve(from, n)
	if len(a)+len(b) != n {
		t.Fatalf("Reserve(%d) has room for %d and %d", n, len(a), len(b))
	}
	if old != nil && &old[0] != &r.buf[0] {
		delete(from.lent, &old[0]) // it is for the collector
	}
	if !bytes.Equal(seen, before) {
		t.Fatal("Reserve has changed what View has returned")
	}
	for _, piece := range [][]byte{a, b} {
		for i := range piece {
			piece[i] = byte(rng.Uint32())
		}
	}
	r.Commit(n)
	return append(bytes.Clone(a), b...)
}

// The room of Reserve stays where it is when everything before it is dropped.
func TestReserveWhileDropped(t *testing.T) {
	from := &lender{t, map[*byte]bool{}}
	var r Ring
	r.Push(from, make([]byte, 400))
	a, b := r.Reserve(from, 300)
	r.Discard(400)
	if r.Len() != 0 || r.Cap() == 0 {
		t.Fatalf("%d bytes in a buffer of %d", r.Len(), r.Cap())
	}
	copy(a, bytes.Repeat([]byte("a"), len(a)))
	copy(b, bytes.Repeat([]byte("b"), len(b)))
	r.Commit(300)
	got := make([]byte, 300)
	r.Pop(from, got)
	if want := strings.Repeat("a", len(a)) + strings.Repeat("b", len(b)); string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if r.Cap() != 0 {
		t.Errorf("an empty ring holds %d bytes", r.Cap())
	}
}

// The zero ring needs no lender.
func TestRingFromHeap(t *testing.T) {
	var r Ring
	r.Push(nil, []byte("hello"))
	b := make([]byte, 9)
	if n := r.Pop(nil, b); string(b[:n]) != "hello" || r.Cap() != 0 {
		t.Errorf("got %q, %d bytes held", b[:n], r.Cap())
	}
}

func TestPool(t *testing.T) {
	var p Pool
	for _, n := range []int{0, 1, 511, 512, 513, 65536, 65537, 1<<24 + 1} {
		b := p.Get(n)
		if len(b) < max(n, minBuffer) || len(b)&(len(b)-1) != 0 {
			t.Errorf("Get(%d) has %d bytes", n, len(b))
		}
		p.Put(b)
	}
	p.Put(nil)
	p.Put(make([]byte, 100))
	if b := p.Get(100); len(b) != 512 {
		t.Errorf("a foreign buffer of %d bytes came out", len(b))
	}
}
