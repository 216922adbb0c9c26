package endpoint

// A byteQueue holds bytes on their way between application and machine. The
// zero value is empty; whoever fills it bounds it.
type byteQueue struct {
	buf  []byte
	head int // buf[head:] is in the queue
}

func (q *byteQueue) len() int { return len(q.buf) - q.head }

// bytes returns what is in the queue; it is valid until the next push.
func (q *byteQueue) bytes() []byte { return q.buf[q.head:] }

// push copies b to the end. Rather than grow it moves what is there over bytes
// that are gone, if those are as many: a move then costs no more than its gain.
func (q *byteQueue) push(b []byte) {
	if full := len(q.buf)+len(b) > cap(q.buf); full && q.head >= q.len() {
		q.buf = q.buf[:copy(q.buf, q.buf[q.head:])]
		q.head = 0
	}
	q.buf = append(q.buf, b...)
}

// read moves bytes from the front to b and returns how many.
func (q *byteQueue) read(b []byte) int {
	n := copy(b, q.bytes())
	q.skip(n)
	return n
}

// skip takes n bytes from the front.
func (q *byteQueue) skip(n int) {
	if q.head += n; q.head == len(q.buf) {
		q.buf, q.head = q.buf[:0], 0
	}
}
