package handshake

import "tfocraft/wire"

// synWindow is the window in a SYN, which is never scaled (RFC 7323,
// Section 2.2).
func (r *receiver) synWindow() int { return min(r.limit, 65535) }

// wantShift is the scale that lets the whole buffer be announced, as large as it
// may become.
func (r *receiver) wantShift() uint8 {
	var shift uint8
	for r.most>>shift > 65535 && shift < maxShift {
		shift++
	}
	return shift
}

// widest is the largest window that can be announced.
func (r *receiver) widest() int { return min(r.limit, 65535<<r.shift) }

func (r *receiver) window() int { return max(r.edge.Diff(r.nxt), 0) }

// step is how far the right edge could move now. What waits out of order is
// inside the window and takes no room from it.
func (r *receiver) step() int {
	room := min(max(r.limit-r.unread, 0), r.widest())
	return r.nxt.Add(room).Diff(r.edge)
}

// announce returns the window field of a segment and moves the edge. The edge
// moves in steps worth having (RFC 9293, Section 3.8.6.2.2), or by the little
// that scaling would round off, so that it does not seem to move back. Where
// there is no room for that the field is rounded down; what was announced
// before is still taken (RFC 7323, Section 2.4).
func (r *receiver) announce(mss int) uint16 {
	step := r.step()
	rounding := -r.window() & (1<<r.shift - 1)
	switch {
	case r.eager && step > 0 && r.window()+step >= min(r.limit/4, mss):
		r.edge = r.edge.Add(step)
	case step >= min(r.widest()/2, mss):
		r.edge = r.edge.Add(step)
	case rounding > 0 && rounding <= step:
		r.edge = r.edge.Add(rounding)
	}
	return r.field()
}

// field is the window field that says what was announced.
func (r *receiver) field() uint16 { return uint16(min(r.window()>>r.shift, 65535)) }

// announceSyn is announce for a SYN-ACK: the window is behind the data of the SYN
// that was taken, and as large as if there had been none where there is room.
func (r *receiver) announceSyn() uint16 {
	room := min(max(r.limit-r.unread, 0), 65535)
	if step := r.nxt.Add(room).Diff(r.edge); step > 0 {
		r.edge = r.edge.Add(step)
	}
	return uint16(min(r.window(), 65535))
}

// windowUpdateDue reports whether reading has made enough room to say so
// unasked: where the peer is about to stall, or has little left of a window
// that is half free again. Otherwise the next acknowledgement is soon enough.
func (r *receiver) windowUpdateDue(mss int) bool {
	window, step, widest := r.window(), r.step(), r.widest()
	if r.eager {
		return 2*step >= r.limit || step >= 2*mss && (step >= r.limit/4 || window+step <= r.limit/8 || r.limit <= 8*mss)
	}
	if step < min(widest/2, mss) {
		return false
	}
	return window < max(min(2*mss, widest/2), 1) || window < widest/8 && step >= widest/2
}

// acceptable is the test of RFC 9293, Section 3.4, on the n bytes of sequence
// space at seq, and lets two kinds more pass, so that their ACK and RST count:
// an empty segment at the right edge, which is where a peer stands that has
// filled the window, and any at RCV.NXT when the window is closed (RFC 9293,
// Section 3.10.7.4), whose data is then not taken.
func (r *receiver) acceptable(seq wire.Seq, n int) bool {
	window := r.window()
	if window == 0 {
		return seq == r.nxt
	}
	if n == 0 {
		return seq.In(r.nxt, window+1)
	}
	return seq.In(r.nxt, window) || seq.Add(n-1).In(r.nxt, window)
}
