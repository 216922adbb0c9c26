package handshake

import (
	"math"
	"slices"

	"tfocraft/wire"
)

// marks are places in what is sent and not acknowledged yet that a program has marked.
// Few connections have any, which is nil.
type marks struct {
	ends   []wire.Seq // of records, in their order: no segment has bytes from both sides of one
	urgent wire.Seq   // end of the urgent data (SND.UP), if there is some
	urges  bool
}

func (s *sender) mark() *marks {
	if s.marks == nil {
		s.marks = new(marks)
	}
	return s.marks
}

// EndRecord says that what was queued last ends a record: what is queued behind it
// goes in other segments, now and when it has to be sent again. The end of a record
// does not wait for more once something follows (as with MSG_EOR in Linux).
func (m *Machine) EndRecord() {
	s := &m.send
	if end := s.dataEnd(); s.store.Len() > 0 && !s.marks.endsAt(end) {
		s.mark().ends = append(s.mark().ends, end)
	}
}

// Urge says that what was queued last ends urgent data (RFC 9293, Section 3.8.5): until
// it is acknowledged, segments that begin before its end point there, and none waits
// for more. As in Linux the pointer leads behind the last byte, which RFC 6093,
// Section 3.1, says of all that is in use.
func (m *Machine) Urge() {
	s := &m.send
	if s.store.Len() > 0 {
		s.mark().urgent, s.marks.urges = s.dataEnd(), true
	}
}

// endsAt reports whether a record ends at seq.
func (k *marks) endsAt(seq wire.Seq) bool { return k != nil && slices.Contains(k.ends, seq) }

// urging reports whether there is urgent data that was not acknowledged.
func (k *marks) urging() bool { return k != nil && k.urges }

// pointer is what a segment at seq says about urgent data: 0 for nothing.
func (k *marks) pointer(seq wire.Seq) uint16 {
	if !k.urging() || !seq.Less(k.urgent) {
		return 0
	}
	return uint16(min(k.urgent.Diff(seq), math.MaxUint16))
}

// after returns what is left of the marks behind an acknowledgement.
func (k *marks) after(ack wire.Seq) *marks {
	if k == nil {
		return nil
	}
	for len(k.ends) > 0 && k.ends[0].LessEq(ack) {
		k.ends = k.ends[1:]
	}
	k.urges = k.urges && ack.Less(k.urgent)
	if len(k.ends) == 0 && !k.urges {
		return nil
	}
	return k
}

// within is how many of the n bytes at seq lie before the next end of a record.
func (k *marks) within(seq wire.Seq, n int) int {
	if k == nil {
		return n
	}
	for _, end := range k.ends {
		if d := end.Diff(seq); d > 0 {
			return min(d, n)
		}
	}
	return n
}

// last is how many of the n bytes before seq lie behind the last end before it.
func (k *marks) last(seq wire.Seq, n int) int {
	if k == nil {
		return n
	}
	for _, end := range slices.Backward(k.ends) {
		if d := seq.Diff(end); d > 0 {
			return min(d, n)
		}
	}
	return n
}

// nextRecord is how many bytes that were not sent yet can share segments.
func (s *sender) nextRecord() int { return s.marks.within(s.nxt, s.unsent()) }
