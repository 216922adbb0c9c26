// Package ring is the queue of bytes that both directions of a connection are
// kept in: a buffer that grows with what it holds, is used round and round, and
// is given back when it is empty, so that an idle connection holds none.
package ring

// A Buffers lends the memory of rings. What Get returns has a length that is a
// power of two and at least n; Put takes it back, and nobody uses it any more.
type Buffers interface {
	Get(n int) []byte
	Put(b []byte)
}

// A Ring is a queue of less than 2 GiB. The zero value is empty and takes its
// memory from the heap. It has one owner and no locks.
type Ring struct {
	buf  []byte // its length is a power of two
	head int32  // index of the first byte
	n    int32  // bytes in the queue
	peak int32  // the most that were, since it was last empty
	want int32  // the peaks before that, fading: what the next buffer should hold
}

// minBuffer is the smallest buffer, in bytes.
const minBuffer = 512

// Len returns how many bytes are in the queue.
func (r *Ring) Len() int { return int(r.n) }

// Cap returns how much memory the queue holds on to, in bytes.
func (r *Ring) Cap() int { return len(r.buf) }

// at returns the index in buf of the byte that is n behind the first one.
func (r *Ring) at(n int) int { return (int(r.head) + n) & (len(r.buf) - 1) }

// Push copies p to the end. If that takes a larger buffer it comes from from,
// and the one before goes back there.
func (r *Ring) Push(from Buffers, p []byte) {
	if len(p) == 0 {
		return
	}
	if r.Len()+len(p) > len(r.buf) {
		put(from, r.grow(from, r.Len()+len(p)))
	}
	copy(r.buf, p[copy(r.buf[r.at(r.Len()):], p):])
	r.Commit(len(p))
}

// Reserve returns the room for n bytes behind the end, in two pieces where the
// buffer begins anew, to be filled and then appended by Commit. Until then there is
// no Push; Discard takes the place of Skip, or the room might be gone. A buffer that
// is too small for it is left to the garbage collector, so that what View has
// returned stays valid.
func (r *Ring) Reserve(from Buffers, n int) (a, b []byte) {
	if n == 0 {
		return nil, nil
	}
	if r.Len()+n > len(r.buf) {
		r.grow(from, r.Len()+n)
	}
	return r.View(r.Len(), n)
}

// Commit appends the n bytes that the room of Reserve was filled with.
func (r *Ring) Commit(n int) {
	r.n += int32(n)
	r.peak = max(r.peak, r.n)
}

// grow moves to a larger buffer and returns the one before.
func (r *Ring) grow(from Buffers, need int) (before []byte) {
	if r.buf == nil {
		// What it has grown to the last time it need not grow to again.
		need = max(need, int(r.want))
	}
	buf := get(from, max(need, minBuffer))
	a, b := r.View(0, r.Len())
	copy(buf[copy(buf, a):], b)
	before, r.buf, r.head = r.buf, buf, 0
	return before
}

// View returns the n bytes that begin at bytes behind the first one. They are in
// two pieces where the buffer begins anew between them; b is empty otherwise.
// They are valid until the next Push, and as long as they are in the queue.
func (r *Ring) View(at, n int) (a, b []byte) {
	if n == 0 {
		return nil, nil
	}
	from := r.at(at)
	if end := from + n; end > len(r.buf) {
		return r.buf[from:], r.buf[:end-len(r.buf)]
	}
	return r.buf[from : from+n : from+n], nil
}

// Pop moves bytes from the front to p and returns how many. An empty queue gives
// its buffer back to to.
func (r *Ring) Pop(to Buffers, p []byte) int {
	n := min(len(p), r.Len())
	a, b := r.View(0, n)
	copy(p[copy(p, a):], b)
	r.Skip(to, n)
	return n
}

// Skip takes n bytes from the front, which must be there. An empty queue gives
// its buffer back to to.
func (r *Ring) Skip(to Buffers, n int) {
	r.Discard(n)
	if r.n == 0 {
		r.Reset(to)
	}
}

// Discard is Skip that keeps the buffer.
func (r *Ring) Discard(n int) {
	if n > r.Len() {
		panic("ring: Skip of more than there is")
	}
	if n > 0 {
		r.head = int32(r.at(n))
		r.n -= int32(n)
	}
}

// Trim takes n bytes from the end, which must be there. An empty queue gives its
// buffer back to to.
func (r *Ring) Trim(to Buffers, n int) {
	switch {
	case n > r.Len():
		panic("ring: Trim of more than there is")
	case n == r.Len():
		r.Reset(to)
		return
	}
	r.n -= int32(n)
}

// Take empties the queue and returns what was in it as a ring of its own.
func (r *Ring) Take() Ring {
	taken := *r
	*r = Ring{want: r.fade()}
	return taken
}

// Reset empties the queue and gives its buffer back to to.
func (r *Ring) Reset(to Buffers) {
	put(to, r.buf)
	*r = Ring{want: r.fade()}
}

// fade returns what to expect after the present peak.
func (r *Ring) fade() int32 { return max(r.peak, r.want-r.want/8) }

func get(from Buffers, n int) []byte {
	if from != nil {
		return from.Get(n)
	}
	return make([]byte, roundUp(n))
}

func put(to Buffers, b []byte) {
	if to != nil && b != nil {
		to.Put(b)
	}
}
