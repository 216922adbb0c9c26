package follow

import (
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// reset takes a segment with RST. One that does not fit changes nothing, as
// with its receiver (RFC 5961, Section 3).
func (c *conn) reset(st *step) bilingual.Text {
	switch {
	case c.info.Reset:
		return bilingual.T("reset again", "再次复位")
	case !c.resetFits(st):
		return st.ignore("reset that does not fit the connection: ignored", "复位与本连接不符：被忽略")
	case c.info.ClosedInOrder:
		return bilingual.T("reset after the close", "关闭之后的复位")
	}
	c.info.Reset, c.info.Closed = true, st.At
	self, other := &c.sides[st.from], &c.sides[st.from.other()]
	switch {
	case st.from == server && !self.known:
		c.refused = !c.info.MidStream
		st.refused = c.refused
		return bilingual.T("refuses the connection", "拒绝连接")
	case st.from == client && other.synSeen && other.acked == 0 && !st.seg.Flags.Has(wire.ACK):
		return bilingual.T("reset: the client's host seems to know of no such connection", "复位：客户端主机似乎没有这个连接")
	case self.finAcked() || other.finSeen:
		return bilingual.T("reset after a close: as a rule nobody is there any more to read", "一方关闭之后的复位：通常已没有程序在读取")
	}
	return bilingual.T("breaks the connection off", "中止连接")
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
