package handshake

import (
	"math"

	"tfocraft/handshake/ring"
	"tfocraft/wire"
)

// sender is the sending half's variables (RFC 9293, Section 3.3.1) and the
// bytes that are not acknowledged yet.
type sender struct {
	limit   int // of the bytes in store; it grows up to most, see tuning
	most    int
	store   ring.Ring // the unacknowledged bytes, from base on
	buffers ring.Buffers
	board   scoreboard // what became of those that were sent
	marks   *marks

	started   bool  // the SYN was sent
	moreComes bool  // see SetMore
	unpushed  bool  // what was queued last is not pushed, for more comes
	shift     uint8 // the peer's window scale
	iss       wire.Seq
	base      wire.Seq // of the first byte in store
	una, nxt  wire.Seq // SND.UNA, SND.NXT
	small     wire.Seq // SND.NXT after the last segment that was not full; ISS before that

	window    int // SND.WND, scaled
	maxWindow int
	wl1, wl2  wire.Seq

	confirmed  uint64 // bytes of data acknowledged
	finQueued  bool
	synAgain   bool  // the SYN that synAt tells of was sent before
	reserved   bool  // somebody is filling the room behind store
	more       bool  // sendNew has stopped at its quota
	timeouts   int16 // in a row, without an acknowledgement between
	probes     int16 // of a window that is still closed
	lastSent   instant
	lastNew    instant // when something was sent for the first time
	stuckSince instant // for how long the peer has taken nothing of what there is; see the user timeout

	synAt instant // when the SYN or SYN-ACK was last sent; zero if it is not timed
}

func (s *sender) init(c *Config) {
	s.limit, s.most = c.SendBuffer, max(c.SendBuffer, c.MaxSendBuffer)
	s.buffers = c.Buffers
	s.board.exact = c.LinuxSender
}

// start places the queued bytes behind a SYN with this sequence number.
func (s *sender) start(iss wire.Seq) {
	s.started = true
	s.iss, s.una, s.small = iss, iss, iss
	s.base, s.nxt = iss.Add(1), iss.Add(1)
}

func (s *sender) space() int   { return max(s.limit-s.store.Len(), 0) }
func (s *sender) unacked() int { return s.store.Len() }

// dataEnd is where the FIN goes.
func (s *sender) dataEnd() wire.Seq { return s.base.Add(s.store.Len()) }

// unsent is how many bytes follow nxt.
func (s *sender) unsent() int { return max(s.dataEnd().Diff(s.nxt), 0) }

// inFlight is the sequence space behind the SYN that is sent and not
// acknowledged.
func (s *sender) inFlight() int { return max(s.nxt.Diff(s.from()), 0) }

// from is SND.UNA, the SYN left out.
func (s *sender) from() wire.Seq {
	if s.una.Less(s.base) {
		return s.base
	}
	return s.una
}

// edge is the right edge of the peer's window.
func (s *sender) edge() wire.Seq { return s.from().Add(s.window) }

// piece is how long a segment with this many bytes of options may be so that two fill the
// largest window that the peer had, and one a window that is tiny (as in Linux).
func (s *sender) piece(options int) int {
	switch n := s.maxWindow; {
	case n == 0:
		return math.MaxInt
	case n > defaultMSS4:
		return max(n/2, leastPiece-options) + options
	default:
		return max(n, leastPiece-options) + options
	}
}

// leastPiece is the least length of a piece of a tiny window.
const leastPiece = 68 - 20

// emptySeq is the sequence number of a segment without data: past everything
// sent, but for what a peer that has taken its window back would not accept. An
// edge that is back by less than the peer's scale can express was only rounded
// down (RFC 7323, Section 2.4): the peer has taken what lies beyond it, and a
// segment before that would be old.
func (s *sender) emptySeq() wire.Seq {
	edge := s.edge()
	if s.nxt.Diff(edge) < 1<<s.shift {
		return s.nxt
	}
	return edge
}

// finDue reports whether the FIN was not sent yet.
func (s *sender) finDue() bool { return s.finQueued && s.nxt.LessEq(s.dataEnd()) }

// finFollows reports whether the FIN can go behind the next n bytes: they are the
// last ones, and the peer has room for it, too.
func (s *sender) finFollows(n int) bool {
	return s.finDue() && n == s.unsent() && s.inFlight()+n < s.window
}

func (s *sender) finAcked() bool { return s.finQueued && s.dataEnd().Less(s.una) }

// reserve returns room for up to n bytes, see [Machine.Reserve].
func (s *sender) reserve(n int) (a, b []byte) {
	n = min(n, s.space())
	s.reserved = n > 0
	return s.store.Reserve(s.buffers, n)
}

// commit queues the first n bytes in the room that reserve has returned, unless it is
// too late for that.
func (s *sender) commit(n int) bool {
	kept := s.reserved && !s.finQueued
	s.reserved = false
	if kept {
		s.store.Commit(n)
		s.unpushed = s.moreComes
	}
	if s.store.Len() == 0 {
		s.store.Reset(s.buffers)
	}
	return kept
}

// release lets go of what was not acknowledged. Outputs of the same call may still
// refer to it, so its buffer is left to the garbage collector.
func (s *sender) release() {
	s.store.Take()
	s.board, s.marks = scoreboard{exact: s.board.exact}, nil
	s.reserved, s.more = false, false
}

// advance moves SND.UNA and forgets the bytes before it; it returns how many.
func (s *sender) advance(ack wire.Seq) int {
	s.una = ack
	if s.small.Less(ack) {
		s.small = ack // or it would be ahead again, half a sequence space later
	}
	n := min(max(ack.Diff(s.base), 0), s.store.Len())
	if s.reserved {
		s.store.Discard(n)
	} else {
		s.store.Skip(s.buffers, n)
	}
	s.confirmed += uint64(n)
	s.base = s.base.Add(n)
	s.marks = s.marks.after(ack)
	if s.nxt.Less(ack) {
		s.nxt = ack
	}
	return n
}

// sent moves SND.NXT past n bytes of sequence space, which go out in segments of
// that size.
func (s *sender) sent(now instant, n, size int, f fate) {
	s.lastSent = max(s.lastSent, now)
	s.lastNew = s.lastSent
	s.board.push(s.lastSent, s.nxt, n, size, f)
	s.nxt = s.nxt.Add(n)
}

// updateWindow takes the window of a segment unless it is older than the one
// that the current window came from (RFC 9293, Section 3.10.7.4). As in Linux a
// segment that advances SND.UNA counts, however old its sequence number: its
// window goes with its acknowledgement.
func (s *sender) updateWindow(seg *wire.Segment) {
	if !(s.una.Less(seg.Ack) || s.wl1.Less(seg.Seq) || s.wl1 == seg.Seq && s.wl2.LessEq(seg.Ack)) {
		return
	}
	window := int(seg.Window)
	if !seg.Flags.Has(wire.SYN) {
		window <<= s.shift // a window in a SYN is never scaled (RFC 7323, Section 2.2)
	}
	if s.board.exact && s.una == seg.Ack && s.wl1 == seg.Seq && 0 < window && window < s.window {
		return // in Linux nobody takes a part of a window back without a sign that it is newer
	}
	s.wl1, s.wl2, s.window = seg.Seq, seg.Ack, window
	s.maxWindow = max(s.maxWindow, s.window)
}
