package follow

import (
	"bytes"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// synAck takes a SYN-ACK.
func (c *conn) synAck(st *step) bilingual.Text {
	self, other := &c.sides[st.from], &c.sides[st.from.other()]
	if c.info.MidStream && !other.known {
		other.join(st.seg.Ack)
	}
	// RFC 9293, Section 3.10.7.3: what was never sent is not acknowledged.
	if a := other.offset(st.seg.Ack); !other.known || a < 1 || a > other.next {
		return st.ignore("SYN-ACK for something that was never sent: ignored or reset", "SYN-ACK 确认了从未发送的内容：被忽略或复位")
	}
	switch {
	case c.info.Simultaneous:
		return c.crossedSynAck(st)
	case st.from == client:
		return st.ignore("SYN-ACK from the side that opened the connection: out of place", "SYN-ACK 来自发起连接的一方：不应出现")
	case self.synSeen && st.seg.Seq == self.base:
		return c.synAckAgain(st)
	case self.known && st.seg.Seq != self.base && c.established():
		return otherSynAck(st)
	}
	c.open(st)
	c.readSynAck(st)
	return c.synAckReason(st)
}

// readSynAck takes over what a SYN-ACK says before the client has
// acknowledged one: a later one counts instead.
func (c *conn) readSynAck(st *step) {
	i := &c.info
	fo := fastOpen(st.seg.Options)
	c.acknowledge(st)
	c.trips.refuseSynData()
	i.SynAck = st.At
	i.SynAckOption, i.SynAckCookie = optionOf(fo), bytes.Clone(fo.Cookie)
	i.SynAckData = len(st.seg.Payload)
	if !i.MidStream {
		i.SynAcked = min(int(c.sides[client].offset(st.seg.Ack)-1), i.SynData)
		c.rest = 1 + int64(i.SynAcked)
	}
}

func otherSynAck(st *step) bilingual.Text {
	return st.ignore("SYN-ACK with another sequence number: it does not belong to this connection", "SYN-ACK 的序列号不同：不属于本连接")
}

func (c *conn) synAckReason(st *step) bilingual.Text {
	var response, fin bilingual.Text
	if n := len(st.seg.Payload); n > 0 {
		response = bilingual.Format("%s of response in the SYN-ACK", "SYN-ACK 中有 %s响应", bytesOf(n))
	}
	if st.seg.Flags.Has(wire.FIN) {
		fin = bilingual.T("closes its side", "关闭己方的发送方向")
	}
	return bilingual.Join(c.answerReason(fastOpen(st.seg.Options)), response, fin)
}

// answerReason says what a SYN-ACK answers to the option and the data of the SYN.
func (c *conn) answerReason(fo wire.FastOpen) bilingual.Text {
	i := &c.info
	taken, legal := c.takenReason(), legalCookie(fo.Cookie)
	switch {
	case i.MidStream:
		return bilingual.Join(bilingual.T("acknowledges a SYN that was not seen", "确认没有观察到的 SYN"), c.cookieAside(fo))
	case legal && i.SynOption == OptionRequest:
		return bilingual.Join(bilingual.Format("grants cookie %x", "授予 cookie %x", fo.Cookie), taken)
	case legal && i.SynOption == OptionCookie && i.SynAcked > 0:
		return bilingual.Join(taken, bilingual.Format("renews the cookie: %x", "更换 cookie：%x", fo.Cookie))
	case legal && i.SynOption == OptionCookie:
		return bilingual.Join(bilingual.Format("refuses the cookie and sends a new one, %x", "拒绝该 cookie，并发来新的 cookie %x", fo.Cookie), taken)
	case fo.Present:
		return bilingual.Join(taken, c.cookieAside(fo))
	case i.SynOption == OptionRequest && !c.plainAgain:
		return bilingual.Join(bilingual.T("no cookie for the client", "没有给客户端 cookie"), taken)
	}
	return taken
}

// takenReason says what a SYN-ACK does with the data of the SYN.
func (c *conn) takenReason() bilingual.Text {
	i := &c.info
	switch {
	case i.SynData == 0:
		return bilingual.T("acknowledges the SYN", "确认 SYN")
	case i.SynAcked == i.SynData:
		return bilingual.Format("accepts the %s before the handshake is over", "在握手结束之前接受这 %s", bytesOf(i.SynData))
	case i.SynAcked > 0:
		return bilingual.Format("accepts %d of the %s before the handshake is over",
			"在握手结束之前接受 %[2]s中的 %[1]d 字节", i.SynAcked, bytesOf(i.SynData))
	}
	if c.plainAgain {
		return bilingual.T("acknowledges the plain SYN", "确认普通的 SYN")
	}
	return bilingual.T("acknowledges the SYN only", "只确认 SYN")
}

// cookieAside tells of an option that the SYN did not lead to expect.
func (c *conn) cookieAside(fo wire.FastOpen) bilingual.Text {
	switch {
	case !fo.Present:
		return bilingual.Text{}
	case fo.Request():
		return bilingual.T("empty Fast Open option, without meaning here", "空的 Fast Open 选项，在此没有意义")
	case !fo.Legal():
		return illegal(fo)
	case c.info.MidStream:
		return bilingual.Format("sends cookie %x", "发来 cookie %x", fo.Cookie)
	}
	return bilingual.Format("sends cookie %x unasked", "未经请求就发来 cookie %x", fo.Cookie)
}

func (c *conn) synAckAgain(st *step) bilingual.Text {
	if st.copy {
		return duplicateSynAck()
	}
	st.again = true
	c.info.SynAckRetransmits++
	less := c.info.SynAckOption != OptionNone && !st.seg.Options.FastOpen().Present
	c.synPayload(st)
	if c.sides[server].acked > 0 {
		return bilingual.Format("SYN-ACK again%s, though the client has acknowledged it", "重传 SYN-ACK%s，尽管客户端已确认", without(less))
	}
	if c.info.SynRetransmits > 0 || c.sides[client].acked == 0 {
		// The client was still waiting: this is the one that it will read.
		c.readSynAck(st)
	}
	return bilingual.Format("SYN-ACK again%s: the client's ACK has not arrived", "重传 SYN-ACK%s：客户端的 ACK 没有到达", without(less))
}

func duplicateSynAck() bilingual.Text {
	return bilingual.T("duplicate of the SYN-ACK", "重复的 SYN-ACK")
}

// crossedSynAck takes the SYN-ACK of either side after a simultaneous open.
func (c *conn) crossedSynAck(st *step) bilingual.Text {
	if st.copy {
		return duplicateSynAck()
	}
	if st.seg.Seq != c.sides[st.from].base {
		return otherSynAck(st)
	}
	before := c.established()
	if st.from == server {
		c.readSynAck(st)
	} else {
		c.acknowledge(st)
	}
	answers := bilingual.T("answers the other side's SYN", "应答对方的 SYN")
	if c.established() && !before {
		return bilingual.Join(answers, bilingual.T("handshake complete", "握手完成"))
	}
	return answers
}
