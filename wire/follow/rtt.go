package follow

import (
	"time"

	"tfocraft/wire"
)

// maxTimed bounds the segments of a side that are timed at once. Of a larger window the first ones are.
const maxTimed = 16

// flight are the segments of a side whose acknowledgment will tell a round-trip time.
type flight []timed

type timed struct {
	to    int64 // after its last byte
	at    time.Time
	frame int
}

// time begins to time the segment of st, before which the side had sent everything below next. What is sent twice is
// not timed (Karn's algorithm, RFC 6298, Section 3), nor what was sent after the first time: its acknowledgment may have
// waited for the second.
func (c *conn) time(st *step, next int64) {
	if st.ignored || st.copy || st.seg.Len() == 0 || st.seg.Flags.Has(wire.RST) {
		return
	}
	self := &c.sides[st.from]
	from := self.offset(st.seg.Seq)
	to := from + int64(st.seg.Len())
	if st.seg.Flags.Has(wire.SYN) {
		to = 1 // the server may leave out the data (RFC 7413, Section 4.2.2)
	}
	if to <= next && !st.rest {
		self.flight = self.flight.below(from)
	} else if len(self.flight) < maxTimed {
		self.flight = append(self.flight, timed{to, st.At, st.Number})
	}
}

// below keeps what was sent before an offset.
func (f flight) below(from int64) flight {
	for i := range f {
		if f[i].to > from {
			return f[:i]
		}
	}
	return f
}

// measure takes note that everything of a side below offset is acknowledged by the segment of st.
func (c *conn) measure(st *step, measured end, offset int64) {
	self := &c.sides[measured]
	left := self.flight[:0]
	for _, t := range self.flight {
		if t.to > offset {
			left = append(left, t)
			continue
		}
		st.facts.RTT, st.facts.Acknowledged = max(0, st.Arrived.Sub(t.at)), t.frame
	}
	self.flight = left
	if rtt := st.facts.RTT; rtt > 0 {
		least := &c.info.ClientRTT
		if measured == server {
			least = &c.info.ServerRTT
		}
		if *least == 0 || rtt < *least {
			*least = rtt
		}
	}
}
