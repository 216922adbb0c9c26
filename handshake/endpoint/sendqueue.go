package endpoint

import "tfocraft/wire"

// sendBatch is how many frames are sent at once.
const sendBatch = 64

// A sendQueue collects frames for one write. It uses its buffers again.
type sendQueue struct {
	frames [][]byte
}

func (q *sendQueue) full() bool { return len(q.frames) >= sendBatch }

func (q *sendQueue) clear() { q.frames = q.frames[:0] }

// push adds a frame: a link-layer header and the packet.
func (q *sendQueue) push(header []byte, p *wire.Packet) {
	n := len(q.frames)
	if n == cap(q.frames) {
		q.frames = append(q.frames, nil)
	}
	q.frames = q.frames[:n+1]
	q.frames[n] = p.Append(append(q.frames[n][:0], header...))
}
