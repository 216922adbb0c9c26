package follow

import (
	"slices"

	"tfocraft/wire"
)

// maxWindow is the largest window that TCP can offer (RFC 7323, Section 2.3):
// what is farther away belongs to no connection.
const maxWindow = 1 << 30

// maxHoles bounds the gaps that are remembered of a side.
const maxHoles = 16

// side is one end of a connection as far as it was seen. Its numbers are
// offsets into the stream: the SYN is 0, data begins at 1. They do not wrap.
type side struct {
	known   bool     // base is
	synSeen bool     // and not only concluded
	base    wire.Seq // the initial sequence number
	next    int64    // after the highest byte that was seen
	acked   int64    // up to here the other side has acknowledged
	holes   []span   // what is missing below next, lowest first
	finSeen bool
	fin     int64 // offset of the FIN
	bytes   uint64

	// What the side has said last of the other one.
	ackSeen, windowSeen bool
	ack                 int64
	window              uint16 // as sent
	probing             bool   // it has asked for an answer

	options options
	offered int // bytes of the window that it has offered last
	state   State
	lost    []span // of what it has sent, known not to have arrived
	flight  flight

	synTrips  int // of its SYN
	openTrips int // of the segment that acknowledged it
	recent    copies
}

// span is a range of offsets; to is the one after the last.
type span struct{ from, to int64 }

// begin sets the initial sequence number.
func (s *side) begin(isn wire.Seq) {
	s.known, s.base, s.next, s.acked, s.holes = true, isn, 1, 0, nil
}

// join begins in the middle: seq is the number that counts as 1.
func (s *side) join(seq wire.Seq) {
	s.begin(seq.Add(-1))
	s.acked = 1
}

// offset returns where a sequence number lies.
func (s *side) offset(seq wire.Seq) int64 {
	return s.next + int64(seq.Diff(s.base.Add(int(s.next))))
}

// near reports whether an offset can belong to the connection.
func (s *side) near(offset int64) bool {
	return offset >= 0 && offset >= s.next-maxWindow && offset <= s.next+maxWindow
}

// finAcked reports whether the side is closed for good.
func (s *side) finAcked() bool { return s.finSeen && s.acked > s.fin }

// windowShut reports whether the side has no room for data.
func (s *side) windowShut() bool { return s.windowSeen && s.window == 0 }

// add takes note of n bytes and returns how many of them are new.
func (s *side) add(from int64, n int) (fresh int) {
	to := from + int64(n)
	fresh = s.fill(from, to)
	if from > s.next {
		s.setHoles(append(s.holes, span{s.next, from}))
	}
	if to > s.next {
		fresh += int(to - max(from, s.next))
		s.next = to
	}
	s.bytes += uint64(fresh)
	return fresh
}

// finish takes note of a FIN.
func (s *side) finish(fin int64) {
	s.add(fin, 0)
	s.finSeen, s.fin = true, fin
	s.next = max(s.next, fin+1)
}

// fill closes what the range covers of the holes and returns how much it was.
func (s *side) fill(from, to int64) (n int) {
	if len(s.holes) == 0 || from >= to {
		return 0
	}
	left, n := cut(s.holes, span{from, to})
	s.setHoles(left)
	return n
}

// cut takes a range out of others and returns what is left, and how much was taken.
func cut(all []span, out span) (left []span, n int) {
	for _, s := range all {
		if below := (span{s.from, min(s.to, out.from)}); below.from < below.to {
			left = append(left, below)
		}
		if above := (span{max(s.from, out.to), s.to}); above.from < above.to {
			left = append(left, above)
		}
		n += int(max(0, min(s.to, out.to)-max(s.from, out.from)))
	}
	return left, n
}

// setHoles keeps to the limit: what is lowest is the least likely to come.
func (s *side) setHoles(holes []span) {
	s.holes = slices.Delete(holes, 0, max(0, len(holes)-maxHoles))
}

// acknowledge takes note that the other side has everything below offset, and
// returns how many bytes of data that is more than before.
func (s *side) acknowledge(offset int64) (data int) {
	if offset <= s.acked || offset > s.next {
		return 0
	}
	from, to := max(s.acked, 1), offset
	if s.finSeen && to > s.fin {
		to--
	}
	s.acked = offset
	return int(max(0, to-from))
}
