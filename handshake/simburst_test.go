package handshake

import (
	"iter"

	"tfocraft/wire"
)

// A host whose Config.Burst is set has a link that cuts, and takes what arrives at one
// time as one run.

// cut yields the segments that a Transmit stands for.
func cut(o *Output) iter.Seq[Output] {
	return func(yield func(Output) bool) {
		for rest := o.Segment; ; {
			piece := *o
			piece.Segment = rest
			if o.SegmentSize == 0 || len(rest.Payload) <= o.SegmentSize {
				yield(piece)
				return
			}
			piece.Segment.Payload = rest.Payload[:o.SegmentSize:o.SegmentSize]
			piece.Segment.Flags &^= wire.FIN | wire.PSH
			rest.Payload = rest.Payload[o.SegmentSize:]
			rest.Seq = rest.Seq.Add(o.SegmentSize)
			rest.Flags &^= wire.CWR
			if !yield(piece) {
				return
			}
		}
	}
}

// input gives a segment to the machine.
func (s *sim) input(h *simHost, seg *wire.Segment) {
	if h.config.Burst == 0 {
		s.take(h, h.m.Input(s.now, *seg, h.out[:0]))
		return
	}
	s.take(h, h.m.InputMore(s.now, *seg, h.out[:0]))
	if h.m.held {
		s.seen.held++
	}
	if !h.inRun {
		h.inRun = true
		s.after(0, h, func(s *sim, h *simHost) {
			h.inRun = false
			s.take(h, h.m.Settle(s.now, h.out[:0]))
		})
	}
}

// pushLater calls Push again if that is due.
func (s *sim) pushLater(h *simHost) {
	if h.pushing || !h.m.PushDue() {
		return
	}
	h.pushing = true
	s.seen.cuts++
	s.after(0, h, func(s *sim, h *simHost) {
		h.pushing = false
		s.take(h, h.m.Push(s.now, h.out[:0]))
	})
}
