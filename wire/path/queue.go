package path

import "time"

// A traveller is a frame on its way.
type traveller struct {
	at      time.Time // when it gets to the end of its stage
	buf     []byte
	to      Place
	oneWire bool // it is only delayed
	luck    luck
	log     *Passage // what there is to tell of it so far; nil if nobody observes
}

// A queue holds frames by time of arrival, those of the same time as they came.
// Most arrive behind all others, so a new frame looks for its place from the back.
type queue struct {
	frames []traveller
	head   int // frames before it have been taken
}

func (q *queue) len() int { return len(q.frames) - q.head }

// first returns when the first frame arrives; the zero time if there is none.
func (q *queue) first() time.Time {
	if q.len() == 0 {
		return time.Time{}
	}
	return q.frames[q.head].at
}

func (q *queue) push(t traveller) {
	if q.head > len(q.frames)/2 {
		q.frames = q.frames[:copy(q.frames, q.frames[q.head:])]
		q.head = 0
	}
	q.frames = append(q.frames, traveller{})
	i := len(q.frames) - 1
	for ; i > q.head && q.frames[i-1].at.After(t.at); i-- {
		q.frames[i] = q.frames[i-1]
	}
	q.frames[i] = t
}

// pop takes the first frame if it has arrived by now.
func (q *queue) pop(now time.Time) (traveller, bool) {
	if q.len() == 0 || q.frames[q.head].at.After(now) {
		return traveller{}, false
	}
	q.head++
	return q.frames[q.head-1], true
}

// buffers are those that no frame is in.
type buffers struct {
	free [][]byte
}

// get returns an empty buffer.
func (b *buffers) get() []byte {
	last := len(b.free) - 1
	if last < 0 {
		return nil
	}
	buf := b.free[last]
	b.free = b.free[:last]
	return buf[:0]
}

func (b *buffers) put(bufs ...[]byte) { b.free = append(b.free, bufs...) }

// earlier returns the earlier of two times, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
