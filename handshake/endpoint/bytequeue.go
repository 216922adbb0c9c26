package endpoint

// A byteQueue holds delivered bytes until they are read. The zero value is
// empty; whoever fills it bounds it.
type byteQueue struct {
	buf  []byte
	head int // buf[head:] is unread
}

func (q *byteQueue) len() int { return len(q.buf) - q.head }

// push copies b to the end. Rather than grow it moves what is there over bytes
// that were read, if those are as many: a move then costs no more than its gain.
func (q *byteQueue) push(b []byte) {
	if full := len(q.buf)+len(b) > cap(q.buf); full && q.head >= q.len() {
		q.buf = q.buf[:copy(q.buf, q.buf[q.head:])]
		q.head = 0
	}
	q.buf = append(q.buf, b...)
}

// read moves bytes from the front to b and returns how many.
func (q *byteQueue) read(b []byte) int {
	n := copy(b, q.buf[q.head:])
	q.head += n
	if q.head == len(q.buf) {
		q.buf, q.head = q.buf[:0], 0
	}
	return n
}
