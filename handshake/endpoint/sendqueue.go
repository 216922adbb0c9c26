package endpoint

import (
	"tfocraft/wire"
	"tfocraft/wire/link"
)

const (
	// sendBatch is how many frames are sent at once.
	sendBatch = 64
	// maxOwned is the longest payload that is copied behind its header. A longer
	// one is borrowed from the machine until it is written.
	maxOwned = 2048
)

// A sendQueue collects frames for one write. It uses its buffers again.
type sendQueue struct {
	// offload finishes checksums and cuts long frames; nil if the link can't.
	offload link.Offloader
	borrows bool // some payload is the machine's

	frames   [][]byte        // without offload: whole frames
	segments []link.Outgoing // with it
	buffers  [][]byte        // of their headers
	written  int             // of either
}

func (q *sendQueue) len() int { return len(q.frames) + len(q.segments) }

func (q *sendQueue) full() bool { return q.len() >= sendBatch }

// push adds a link-layer header and the packet, whose lengths and checksums it
// fills in, and returns how many segments that makes.
func (q *sendQueue) push(header []byte, p *wire.Packet, segmentSize int) uint64 {
	p.SetLengths()
	if q.offload != nil {
		return q.pushSegments(header, p, segmentSize)
	}
	p.SetChecksums()
	n := len(q.frames)
	if n == cap(q.frames) {
		q.frames = append(q.frames, nil)
	}
	q.frames = q.frames[:n+1]
	q.frames[n] = p.Append(append(q.frames[n][:0], header...))
	return 1
}

func (q *sendQueue) pushSegments(header []byte, p *wire.Packet, segmentSize int) uint64 {
	n := len(q.segments)
	if n == len(q.buffers) {
		q.buffers = append(q.buffers, nil)
	}
	p.SetPartialChecksums()
	payload := p.TCP.Payload
	p.TCP.Payload = nil
	b := p.Append(append(q.buffers[n][:0], header...))
	p.TCP.Payload = payload
	o := link.Outgoing{Transport: len(b) - wire.HeaderLen - len(p.TCP.Options), SegmentSize: segmentSize}
	if end := len(b); len(payload) <= maxOwned {
		b = append(b, payload...)
		o.Header, o.Payload = b[:end:end], b[end:]
	} else {
		o.Header, o.Payload = b, payload
		q.borrows = true
	}
	q.buffers[n] = b
	q.segments = append(q.segments, o)
	return uint64(o.Segments())
}

// write sends what is queued up to the first frame that the link does not take,
// and empties the queue as far.
func (q *sendQueue) write(l link.Link) error {
	var n int
	var err error
	if q.offload != nil {
		n, err = q.offload.WriteSegments(q.segments[q.written:])
	} else {
		n, err = l.WriteFrames(q.frames[q.written:])
	}
	if q.written += n + 1; err == nil || q.written >= q.len() {
		q.clear()
	}
	return err
}

func (q *sendQueue) clear() {
	clear(q.segments) // the buffers that they borrow from are not ours to keep
	q.frames, q.segments = q.frames[:0], q.segments[:0]
	q.written, q.borrows = 0, false
}
