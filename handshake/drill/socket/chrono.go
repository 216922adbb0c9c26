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
	full   bool // a write has found no room (SOCK_NOSPACE)
}

// clock notes what limits the connection from now on.
func (s *socket) clock() {
	c := &s.chrono
	i := s.conn.Info()
	if c.full && s.writable() {
		c.full = false
	}
	if l := s.limitedBy(&i); l != c.now {
		c.passed[c.now] += s.host.now.Sub(c.since)
		c.now, c.since = l, s.host.now
	}
}

func (s *socket) limitedBy(i *handshake.Info) limit {
	queued := s.conn.Unsent()
	flight := queued - i.Unsent
	switch {
	case !i.State.Synchronized() || queued == 0:
		return resting
	case i.Unsent > 0 && flight+min(i.Unsent, i.MSS) > i.SendWindow && flight < i.Cwnd:
		return byWindow
	case i.Unsent == 0 && s.chrono.full && i.Unacked < i.CwndSegments:
		return byBuffer
	}
	return busy
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
