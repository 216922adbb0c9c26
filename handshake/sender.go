package handshake

import (
	"time"

	"tfocraft/wire"
)

// sender is the sending half's variables (RFC 9293, Section 3.3.1) and the
// bytes that are not acknowledged yet.
type sender struct {
	limit int
	store []byte // store[head:] are the unacknowledged bytes, from base on
	head  int

	started  bool // the SYN was sent
	iss      wire.Seq
	base     wire.Seq // of store[head]
	una, nxt wire.Seq // SND.UNA, SND.NXT; nxt is pulled back to send again
	max      wire.Seq // highest SND.NXT so far: what the peer may acknowledge

	window    int // SND.WND, scaled
	maxWindow int
	wl1, wl2  wire.Seq
	shift     uint8 // the peer's window scale

	confirmed uint64 // bytes of data acknowledged
	finQueued bool
	timeouts  int // in a row, without an acknowledgement between
	probes    int // of a window that is still closed
	lastSent  time.Time

	timing  bool // one segment at a time is timed (RFC 6298, Section 3)
	timeSeq wire.Seq
	timedAt time.Time
}

// idleStore is the most memory in bytes that a connection with nothing to send
// holds on to.
const idleStore = 1 << 10

func (s *sender) init(c *Config) { s.limit = c.SendBuffer }

// start places the queued bytes behind a SYN with this sequence number.
func (s *sender) start(iss wire.Seq) {
	s.started = true
	s.iss, s.una = iss, iss
	s.base, s.nxt, s.max = iss.Add(1), iss.Add(1), iss.Add(1)
}

func (s *sender) pending() []byte { return s.store[s.head:] }
func (s *sender) space() int      { return max(s.limit-len(s.pending()), 0) }
func (s *sender) unacked() int    { return len(s.pending()) }

// dataEnd is where the FIN goes.
func (s *sender) dataEnd() wire.Seq { return s.base.Add(len(s.pending())) }

// unsent is how many bytes follow nxt.
func (s *sender) unsent() int { return max(s.dataEnd().Diff(s.nxt), 0) }

// inFlight is the sequence space behind the SYN that is sent and not
// acknowledged.
func (s *sender) inFlight() int {
	return max(s.nxt.Diff(s.from()), 0)
}

// from is SND.UNA, the SYN left out.
func (s *sender) from() wire.Seq {
	if s.una.Less(s.base) {
		return s.base
	}
	return s.una
}

// rewind makes everything that is not acknowledged wait to be sent again.
func (s *sender) rewind() { s.nxt = s.base }

// emptySeq is the sequence number of a segment without data: past everything
// sent, but for what a peer that has taken its window back would not accept. An
// edge that is back by less than the peer's scale can express was only rounded
// down (RFC 7323, Section 2.4): the peer has taken what lies beyond it, and a
// segment before that would be old.
func (s *sender) emptySeq() wire.Seq {
	edge := s.from().Add(s.window)
	if s.max.Diff(edge) < 1<<s.shift {
		return s.max
	}
	return edge
}

// finDue reports whether the FIN is the next thing after the bytes before it.
func (s *sender) finDue() bool { return s.finQueued && s.nxt.LessEq(s.dataEnd()) }

func (s *sender) finAcked() bool { return s.finQueued && s.dataEnd().Less(s.una) }

// queue copies as much of p as there is room for. The acknowledged bytes at the
// front are squeezed out only when they outnumber those that have to move, so
// that each byte moves a bounded number of times.
func (s *sender) queue(p []byte) int {
	n := min(len(p), s.space())
	if len(s.store)+n > cap(s.store) && s.head >= s.unacked() {
		s.store = append(s.store[:0], s.pending()...)
		s.head = 0
	}
	s.store = append(s.store, p[:n]...)
	return n
}

// slice returns the n bytes at seq.
func (s *sender) slice(seq wire.Seq, n int) []byte {
	at := s.head + seq.Diff(s.base)
	return s.store[at : at+n : at+n]
}

// advance moves SND.UNA and forgets the bytes before it; it returns how many.
func (s *sender) advance(ack wire.Seq) int {
	s.una = ack
	n := min(max(ack.Diff(s.base), 0), len(s.pending()))
	s.head += n
	s.confirmed += uint64(n)
	s.base = s.base.Add(n)
	if s.head == len(s.store) {
		s.store, s.head = s.store[:0], 0
		if cap(s.store) > idleStore {
			s.store = nil
		}
	}
	if s.nxt.Less(ack) {
		s.nxt = ack
	}
	return n
}

// sent moves SND.NXT past n bytes of sequence space and times the segment if
// it is new and none is timed (Karn's algorithm: RFC 6298, Section 3).
func (s *sender) sent(now time.Time, n int) {
	begin := s.nxt
	s.nxt = s.nxt.Add(n)
	s.lastSent = now
	if s.max.LessEq(begin) && !s.timing {
		s.timing, s.timeSeq, s.timedAt = true, s.nxt, now
	}
	if s.max.Less(s.nxt) {
		s.max = s.nxt
	}
}

// updateWindow takes the window of a segment unless it is older than the one
// that the current window came from (RFC 9293, Section 3.10.7.4).
func (s *sender) updateWindow(seg *wire.Segment) {
	if !(s.wl1.Less(seg.Seq) || s.wl1 == seg.Seq && s.wl2.LessEq(seg.Ack)) {
		return
	}
	s.wl1, s.wl2 = seg.Seq, seg.Ack
	s.window = int(seg.Window)
	if !seg.Flags.Has(wire.SYN) {
		s.window <<= s.shift // a window in a SYN is never scaled (RFC 7323, Section 2.2)
	}
	s.maxWindow = max(s.maxWindow, s.window)
}
