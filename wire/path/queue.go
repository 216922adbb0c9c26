package path

import "time"

// underWay is a frame and when it arrives.
type underWay struct {
	at  time.Time
	buf []byte
}

// A queue holds frames by time of arrival, those of the same time as they came.
// Most arrive behind all others, so a new frame looks for its place from the back.
type queue struct {
	frames []underWay
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

func (q *queue) push(at time.Time, buf []byte) {
	if q.head > len(q.frames)/2 {
		q.frames = q.frames[:copy(q.frames, q.frames[q.head:])]
		q.head = 0
	}
	q.frames = append(q.frames, underWay{})
	i := len(q.frames) - 1
	for ; i > q.head && q.frames[i-1].at.After(at); i-- {
		q.frames[i] = q.frames[i-1]
	}
	q.frames[i] = underWay{at, buf}
}

// pop takes the first frame if it has arrived by now.
func (q *queue) pop(now time.Time) ([]byte, bool) {
	if q.len() == 0 || q.frames[q.head].at.After(now) {
		return nil, false
	}
	q.head++
	return q.frames[q.head-1].buf, true
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
