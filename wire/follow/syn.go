package follow

import (
	"bytes"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// syn takes a SYN without an acknowledgment.
func (c *conn) syn(st *step) bilingual.Text {
	self := &c.sides[st.from]
	switch {
	case self.synSeen:
		return c.synAgain(st)
	case st.from == server:
		return c.crossedSyn(st)
	}
	c.firstSyn(st)
	reason := synReason(fastOpen(st.seg.Options), len(st.seg.Payload))
	if st.seg.Flags.Has(wire.FIN) {
		reason = bilingual.Join(reason, bilingual.T("with FIN, which most hosts drop", "带有 FIN，多数主机会丢弃"))
	}
	return reason
}

// open takes note of the sequence number and the data of a SYN or a SYN-ACK.
func (c *conn) open(st *step) {
	self := &c.sides[st.from]
	if !self.known || self.base != st.seg.Seq {
		self.begin(st.seg.Seq)
	}
	self.synSeen = true
	self.synTrips = c.trips.of(c, st)
	c.synPayload(st)
}

// synPayload takes note of what a SYN or a SYN-ACK carries behind itself.
func (c *conn) synPayload(st *step) {
	self, end := &c.sides[st.from], 1+int64(len(st.seg.Payload))
	if end > 1 {
		self.add(1, len(st.seg.Payload))
		c.trips.sent(c, st, span{1, end})
	}
	// A SYN with FIN is dropped by most hosts; a SYN-ACK with FIN is read.
	if st.seg.Flags.Has(wire.FIN|wire.ACK) && !self.finSeen {
		self.finish(end)
	}
}

func (c *conn) firstSyn(st *step) {
	fo := fastOpen(st.seg.Options)
	c.info.Syn = st.At
	c.info.SynOption, c.info.SynExperimental = optionOf(fo), fo.Experimental
	c.info.SynCookie = bytes.Clone(fo.Cookie)
	c.info.SynData = len(st.seg.Payload)
	c.rest = 1
	c.open(st)
}

func synReason(fo wire.FastOpen, data int) bilingual.Text {
	n := bytesOf(data)
	switch {
	case fo.Present && !fo.Legal() && data > 0:
		return bilingual.Join(illegal(fo), bilingual.Format("%s of data in the SYN", "SYN 中有 %s数据", n))
	case fo.Present && !fo.Legal():
		return illegal(fo)
	case fo.Request() && data > 0:
		return bilingual.Format("asks for a cookie (%s, empty), with %s of data that no cookie covers",
			"请求 cookie（%s，空），并带有没有 cookie 担保的 %s数据", optionName(fo), n)
	case fo.Request():
		return bilingual.Format("asks for a cookie (%s, empty)", "请求 cookie（%s，空）", optionName(fo))
	case fo.Present && data > 0 && fo.Experimental:
		return bilingual.Format("cookie (%s) and %s of data in the SYN: no waiting for the handshake",
			"SYN 中有 cookie（%s）和 %s数据：无需等待握手", optionName(fo), n)
	case fo.Present && data > 0:
		return bilingual.Format("cookie and %s of data in the SYN: no waiting for the handshake",
			"SYN 中有 cookie 和 %s数据：无需等待握手", n)
	case fo.Present:
		return bilingual.Format("cookie in the SYN (%s), no data", "SYN 中有 cookie（%s），没有数据", optionName(fo))
	case data > 0:
		return bilingual.Format("%s of data in the SYN, without a cookie", "SYN 中有 %s数据，没有 cookie", n)
	}
	return bilingual.T("opens the connection, without Fast Open", "发起连接，不使用 Fast Open")
}

func optionName(fo wire.FastOpen) bilingual.Text {
	if fo.Experimental {
		return bilingual.T("experimental Fast Open option, kind 254", "实验性 Fast Open 选项，类型 254")
	}
	return bilingual.T("Fast Open option", "Fast Open 选项")
}

// crossedSyn takes a SYN from the side that was asked to connect (RFC 9293,
// Section 3.5).
func (c *conn) crossedSyn(st *step) bilingual.Text {
	c.info.Simultaneous = true
	// It is sent before the other's SYN has come: nothing precedes it.
	c.sides[server].begin(st.seg.Seq)
	c.sides[server].synSeen, c.sides[server].synTrips = true, 1
	c.synPayload(st)
	return bilingual.T("opens from its side too: both opened at once", "己方也发起连接：双方同时打开")
}

// synAgain takes a SYN with the sequence number of the first.
func (c *conn) synAgain(st *step) bilingual.Text {
	if st.copy {
		return bilingual.T("duplicate of the SYN", "重复的 SYN")
	}
	st.again = true
	if st.from == server {
		return bilingual.T("SYN again: no answer yet", "重传 SYN：尚无应答")
	}
	c.info.SynRetransmits++
	fo, data := fastOpen(st.seg.Options), len(st.seg.Payload)
	c.synPayload(st)
	less := optionOf(fo) != c.info.SynOption || data < c.info.SynData
	st.fellBack = less && !c.plainAgain
	c.plainAgain = c.plainAgain || less
	switch {
	case c.established():
		return bilingual.T("SYN again, though it was acknowledged", "重传 SYN，尽管已被确认")
	case !c.info.SynAck.IsZero():
		return bilingual.Format("SYN again%s: the SYN-ACK has not arrived", "重传 SYN%s：SYN-ACK 没有到达", without(less))
	case st.fellBack:
		return bilingual.Format("SYN again%s: the first got no answer (RFC 7413, %s)",
			"重传 SYN%s：第一个没有得到应答（RFC 7413，第 %s 节）", without(less), c.synSection())
	}
	return bilingual.Format("SYN again%s: still no answer", "重传 SYN%s：仍然没有应答", without(less))
}

// without is for a SYN or SYN-ACK that has less than the first one had.
func without(less bool) bilingual.Text {
	if less {
		return bilingual.T(", without Fast Open", "，不带 Fast Open")
	}
	return bilingual.Text{}
}

// synSection is where RFC 7413 says how a SYN is retransmitted.
func (c *conn) synSection() string {
	if c.info.SynOption == OptionRequest {
		return "4.2.1"
	}
	return "4.2.2"
}
