package handshake

import (
	"slices"

	"tfocraft/wire"
)

// records are the ends of what was written as a whole (MSG_EOR in Linux) and is not
// acknowledged yet, in their order: no segment has bytes from both sides of one. Few
// connections have any, which is nil.
type records struct{ ends []wire.Seq }

// EndRecord says that what was queued last ends a record: what is queued behind it
// goes in other segments, now and when it has to be sent again. The end of a record
// does not wait for more once something follows (as with MSG_EOR in Linux).
func (m *Machine) EndRecord() {
	s := &m.send
	end := s.dataEnd()
	if s.store.Len() == 0 || s.records.has(end) {
		return
	}
	if s.records == nil {
		s.records = new(records)
	}
	s.records.ends = append(s.records.ends, end)
}

// nextRecord is how many bytes that were not sent yet can share segments.
func (s *sender) nextRecord() int { return s.records.within(s.nxt, s.unsent()) }

// has reports whether a record ends at seq.
func (r *records) has(seq wire.Seq) bool { return r != nil && slices.Contains(r.ends, seq) }

// after returns what is left of the records behind an acknowledgement.
func (r *records) after(ack wire.Seq) *records {
	if r == nil {
		return nil
	}
	for len(r.ends) > 0 && r.ends[0].LessEq(ack) {
		r.ends = r.ends[1:]
	}
	if len(r.ends) == 0 {
		return nil
	}
	return r
}

// within is how many of the n bytes at seq lie before the next end.
func (r *records) within(seq wire.Seq, n int) int {
	if r == nil {
		return n
	}
	for _, end := range r.ends {
		if d := end.Diff(seq); d > 0 {
			return min(d, n)
		}
	}
	return n
}

// last is how many of the n bytes before seq lie behind the last end before it.
func (r *records) last(seq wire.Seq, n int) int {
	if r == nil {
		return n
	}
	for _, end := range slices.Backward(r.ends) {
		if d := seq.Diff(end); d > 0 {
			return min(d, n)
		}
	}
	return n
}
