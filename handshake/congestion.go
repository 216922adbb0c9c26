package handshake

// congestion is the congestion window of RFC 5681, in bytes: slow start,
// congestion avoidance and the collapse after a timeout. Loss is found by the
// retransmission timer alone.
type congestion struct {
	window, threshold int
	initial           int // segments
	credit            int // bytes acknowledged since the window last grew in congestion avoidance
}

// open sets the initial window: RFC 6928's, or one segment after a lost SYN or
// SYN-ACK (RFC 5681, Section 3.1).
func (c *congestion) open(segments, mss int, synLost bool) {
	c.initial = segments
	c.threshold = 1 << 30
	if synLost {
		segments = 1
	}
	c.window = segments * mss
}

// acked lets the window grow by what was acknowledged: a segment for each
// acknowledgement in slow start, a segment for each window after (RFC 5681,
// Section 3.1, which counts bytes so that split acknowledgements gain nothing).
func (c *congestion) acked(n, mss int) {
	if c.window < c.threshold {
		c.window += min(n, mss)
		return
	}
	if c.credit += n; c.credit >= c.window {
		c.credit -= c.window
		c.window += mss
	}
}

// timedOut collapses the window (RFC 5681, equation 4). Only the first timeout
// for a flight lowers the threshold.
func (c *congestion) timedOut(inFlight, mss int, first bool) {
	if first {
		c.threshold = max(inFlight/2, 2*mss)
	}
	c.window, c.credit = mss, 0
}

// idle restarts after a pause longer than the retransmission timeout
// (RFC 5681, Section 4.1).
func (c *congestion) idle(mss int) { c.window = min(c.window, c.initial*mss) }
