package follow

import "tfocraft/wire"

// reset takes a segment with RST. One that does not fit changes nothing, as
// with its receiver (RFC 5961, Section 3).
func (c *conn) reset(st *step) string {
	switch {
	case c.info.Reset:
		return "reset again"
	case !c.resetFits(st):
		return "reset that does not fit the connection: ignored"
	case c.info.ClosedInOrder:
		return "reset after the close"
	}
	c.info.Reset, c.info.Closed = true, st.at
	self, other := &c.sides[st.from], &c.sides[st.from.other()]
	switch {
	case st.from == server && !self.known:
		c.refused = !c.info.MidStream
		return "refuses the connection"
	case st.from == client && other.synSeen && other.acked == 0 && !st.seg.Flags.Has(wire.ACK):
		return "reset: the client's host knows of no such connection"
	case self.finAcked() || other.finSeen:
		return "reset: nobody is there any more to read"
	}
	return "breaks the connection off"
}

// resetFits reports whether the receiver will believe a reset.
func (c *conn) resetFits(st *step) bool {
	self, other := &c.sides[st.from], &c.sides[st.from.other()]
	if self.known {
		offset := self.offset(st.seg.Seq)
		return self.acked <= offset && offset <= self.next
	}
	if !other.known {
		return true
	}
	// RFC 9293, Section 3.10.7.3: it has to acknowledge the SYN.
	offset := other.offset(st.seg.Ack)
	return st.seg.Flags.Has(wire.ACK) && 1 <= offset && offset <= other.next
}
