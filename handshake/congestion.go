package handshake

import (
	"time"

	"tfocraft/wire"
)

// CongestionControl names the way in which the congestion window grows and
// shrinks.
type CongestionControl uint8

// The ways.
const (
	Cubic   CongestionControl = iota // RFC 9438, as in Linux
	NewReno                          // RFC 5681
)

// congestion is the congestion window, in bytes: slow start and the collapse
// after a timeout are RFC 5681's, congestion avoidance and the answer to a loss
// are the control's. When losses are found and repaired is recovery's matter.
type congestion struct {
	window, threshold int
	credit            int          // NewReno: what was acknowledged since the window last grew in congestion avoidance
	linux             *linuxWindow // nil unless Config.LinuxSender
	cubic             *cubic       // nil until a loss, or the end of slow start
	peak              int32        // the most that was sent and not acknowledged, unless limited
	round             wire.Seq     // SND.NXT then: what is sent after that is acknowledged counts anew
	initial           int16        // segments
	control           CongestionControl
	limited           bool // the window has held data back, or would have, when something was last sent
}

// curve returns CUBIC's part, which most connections never need.
func (c *congestion) curve() *cubic {
	if c.cubic == nil {
		c.cubic = new(cubic)
	}
	return c.cubic
}

// open sets the initial window: RFC 6928's, or one segment after a lost SYN or
// SYN-ACK (RFC 5681, Section 3.1).
func (c *congestion) open(segments int16, mss int, synLost bool) {
	c.initial = segments
	c.threshold = 1 << 30
	if synLost {
		segments = 1
	}
	c.window = int(segments) * mss
}

// acked lets the window grow by what was acknowledged, if it was made use of
// (RFC 9438, Section 5.8): in slow start by as much, so that ACKs that are split
// gain nothing and ACKs for many segments lose nothing.
func (c *congestion) acked(now instant, n, mss int, rtt time.Duration) {
	if !c.isLimited() {
		if c.cubic != nil {
			c.cubic.pause(now)
		}
		return
	}
	if c.linux != nil {
		c.linuxAcked(now, n)
		return
	}
	if c.window < c.threshold {
		grown := min(c.window+n, max(c.threshold, c.window))
		n -= grown - c.window
		if c.window = grown; n == 0 {
			return
		}
	}
	if c.control == Cubic {
		c.window = c.curve().acked(now, c.window, n, mss, rtt)
		return
	}
	c.renoAcked(n, mss)
}

// renoAcked is congestion avoidance of RFC 5681, Section 3.1, equation 3, by
// bytes: a segment for each window.
func (c *congestion) renoAcked(n, mss int) {
	for c.credit += n; c.credit >= c.window; c.window += mss {
		c.credit -= c.window
	}
}

// isLimited reports whether the window makes a difference (RFC 9438, Section 5.8): it has
// held data back, or will soon if slow start does not keep up, as in Linux.
func (c *congestion) isLimited() bool {
	return c.limited || c.window < c.threshold && c.window < 2*int(c.peak)
}

// lost lowers the threshold for a flight of this size, once for a recovery
// (RFC 5681, equation 4; RFC 9438, Section 4.6). What was sent beyond the window
// while duplicates came in does not count (RFC 5681, Section 3.2).
func (c *congestion) lost(flight, mss int) {
	c.credit = 0
	if c.linux != nil {
		flight = c.window
	}
	flight = min(flight, max(c.window, mss))
	if c.control == Cubic && c.linux != nil {
		flight = c.linux.lost(flight)
	} else if c.control == Cubic {
		flight = c.curve().lost(flight, mss)
	} else {
		flight /= 2
	}
	c.threshold = max(flight, 2*mss)
}

// collapse is for a timeout: the window is one segment (RFC 5681, Section 3.1), beside
// what is not taken for lost.
// CUBIC's curve begins anew where slow start will end (RFC 9438, Section 4.8).
func (c *congestion) collapse(pipe, mss int) {
	c.window, c.limited = pipe+mss, true
	if c.linux != nil {
		c.linux.reset()
		c.credit = 0
	}
	if c.cubic != nil {
		c.cubic.most, c.cubic.epoch = 0, 0
	}
}

// restore takes back what a loss has changed that there was not (RFC 9438,
// Section 4.9).
func (c *congestion) restore(window, threshold int) {
	c.window, c.threshold = max(c.window, window), threshold
	if c.cubic != nil {
		c.cubic.most, c.cubic.epoch = max(c.cubic.most, c.cubic.prior), 0
	}
}

// idle restarts after a pause longer than the retransmission timeout
// (RFC 5681, Section 4.1).
func (c *congestion) idle(mss int) {
	c.window = min(c.window, int(c.initial)*mss)
	if c.cubic != nil {
		c.cubic.epoch = 0
	}
}
