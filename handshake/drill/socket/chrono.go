package socket

import (
	"time"

	"tfocraft/handshake"
)

// A limit is what keeps a connection from sending faster (enum tcp_chrono).
type limit uint8

const (
	resting  limit = iota
	busy           // data is on its way, or about to leave
	byWindow       // the peer has no room
	byBuffer       // the send buffer is full of what is on its way
	limits
)

// A chrono measures for how long there was each limit.
type chrono struct {
	now    limit
	since  time.Time
	passed [limits]time.Duration
	full   bool   // a write has found no room (SOCK_NOSPACE)
	left   uint64 // bytes that had left when this was looked at last
}

// clock notes what limits the connection from now on.
func (s *socket) clock() {
	c := &s.chrono
	i := s.conn.Info()
	if c.full && s.writable() {
		c.full = false
	}
	_, left := s.progress()
	sends := left > c.left
	c.left = left
	if l := s.limitedBy(&i, sends); l != c.now {
		c.passed[c.now] += s.host.now.Sub(c.since)
		c.now, c.since = l, s.host.now
	}
}

// limitedBy says what the limit is. As in Linux the buffer becomes one when the last that
// is in it is sent (tcp_cwnd_validate), unless the congestion window is.
func (s *socket) limitedBy(i *handshake.Info, sends bool) limit {
	queued := s.conn.Unsent()
	flight := queued - i.Unsent
	switch {
	case !i.State.Synchronized() || queued == 0:
		return resting
	case i.Unsent > 0 && flight+min(i.Unsent, i.MSS) > i.SendWindow && flight < i.Cwnd:
		return byWindow
	case i.Unsent == 0 && s.chrono.full && (s.chrono.now == byBuffer || sends && !cwndLimited(i)):
		return byBuffer
	}
	return busy
}

// cwndLimited is tcp_is_cwnd_limited.
func cwndLimited(i *handshake.Info) bool {
	return i.Unacked >= i.CwndSegments || i.Cwnd < i.Threshold && i.CwndSegments < 2*i.Unacked
}

// limited returns for how many microseconds there was a limit until now; busy is the
// time of all of them.
func (s *socket) limited(l limit) int64 {
	c := &s.chrono
	passed := c.passed
	if c.now != resting {
		passed[c.now] += s.host.now.Sub(c.since)
	}
	if l == busy {
		return (passed[busy] + passed[byWindow] + passed[byBuffer]).Microseconds()
	}
	return passed[l].Microseconds()
}
