package follow

import (
	"fmt"

	"tfocraft/cookie"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// ICMP takes the next frame, an ICMP error that quotes a segment. The Line is about the connection of the segment: Sender
// in its facts is who sent the segment. Connection is 0 if no such connection is remembered.
//
// An error about something that is not on its way is ignored (RFC 5927, Section 4.1). Another one counts, and is in the
// client's cookie cache if its SYN used Fast Open (RFC 7413, Section 4.1.3.1). States stay as they are: whether a side gives
// up shows in what it sends next.
func (f *Follower) ICMP(s Sighting, e *wire.ICMPError) Line {
	f.begin(&s)
	line := Line{Number: f.frame, At: s.At.Sub(f.start), Text: icmpText(e, e.Seq), Reason: icmpReason(e)}
	element := f.open[tupleOf(e.Src, e.Dst)]
	if element == nil {
		line.Reason = bilingual.Join(line.Reason, bilingual.T("about a connection that was not seen", "涉及没有观察到的连接"))
		return line
	}
	c := element.Value.(*conn)
	from := client
	if e.Src != c.info.Client {
		from = server
	}
	line.Connection, line.FromClient = c.info.Number, from == client
	line.Facts.Sender, line.Facts.Receiver = c.endpoint(from), c.endpoint(from.other())
	c.conclude(&line.Facts, &step{})
	line.After = Ends{c.endpoint(client), c.endpoint(server)}
	line.Text = icmpText(e, e.Seq.Add(-int(c.sides[from].base)))
	line.Reason = bilingual.Join(line.Reason, f.icmpAbout(c, from, e))
	return line
}

// icmpAbout takes note of an error about a segment of a side and says what it is about.
func (f *Follower) icmpAbout(c *conn, from end, e *wire.ICMPError) bilingual.Text {
	self := &c.sides[from]
	offset := self.offset(e.Seq)
	who := bilingual.T("client", "客户端")
	if from == server {
		who = bilingual.T("server", "服务器")
	}
	switch {
	case !self.known || offset < self.acked || offset >= self.next:
		return bilingual.Format("about a segment of the %s that is not on its way: ignored", "涉及%s的一个并不在途中的报文段：被忽略", who)
	case offset > 0:
		c.info.ICMPErrors++
		return bilingual.Format("about the segment of the %s at %d", "涉及%s从 %d 开始的报文段", who, offset)
	}
	c.info.ICMPErrors++
	tried := c.info.SynOption != OptionNone || c.info.SynData > 0
	if from == client && tried && !c.plainAgain && !c.info.MidStream && !e.PacketTooBig() {
		f.block(c, f.frame, cookie.ICMPError)
	}
	return bilingual.Format("about the SYN of the %s", "涉及%s的 SYN", who)
}

func icmpText(e *wire.ICMPError, seq wire.Seq) string {
	text := fmt.Sprintf("icmp %d/%d seq %d", e.Type, e.Code, seq)
	if e.PacketTooBig() {
		text += fmt.Sprintf(" mtu %d", e.MTU)
	}
	return text
}

func icmpReason(e *wire.ICMPError) bilingual.Text {
	switch {
	case e.PacketTooBig() && e.MTU > 0:
		return bilingual.Format("ICMP error: too big for the path, which takes %d bytes", "ICMP 差错：对路径来说太大，路径最多通过 %d 字节", e.MTU)
	case e.PacketTooBig():
		return bilingual.T("ICMP error: too big for the path", "ICMP 差错：对路径来说太大")
	case e.IPVersion == 6:
		return icmp6Reason(e)
	}
	return icmp4Reason(e)
}

// icmp4Reason is after RFC 792, RFC 1122, Section 3.2.2.1, and RFC 1812, Section 5.2.7.1.
func icmp4Reason(e *wire.ICMPError) bilingual.Text {
	switch e.Type {
	case wire.ICMPv4TimeExceeded:
		return timeExceeded(e.Code)
	case wire.ICMPv4Parameter:
		return badHeader()
	}
	switch e.Code {
	case 2, 3:
		return nobodyThere()
	case 9, 10, 13, 14, 15:
		return prohibited()
	}
	return noWay()
}

// icmp6Reason is after RFC 4443, Section 3, and for the codes behind those of it RFC 6550 and RFC 8883.
func icmp6Reason(e *wire.ICMPError) bilingual.Text {
	switch e.Type {
	case wire.ICMPv6TimeExceeded:
		return timeExceeded(e.Code)
	case wire.ICMPv6Parameter:
		return badHeader()
	}
	switch e.Code {
	case 4:
		return nobodyThere()
	case 1, 5, 6:
		return prohibited()
	case 7, 8:
		return badHeader()
	}
	return noWay()
}

// timeExceeded has the same codes in both versions.
func timeExceeded(code uint8) bilingual.Text {
	if code == 1 {
		return bilingual.T("ICMP error: not all of its fragments came in time", "ICMP 差错：分片未及时到齐")
	}
	return bilingual.T("ICMP error: too many hops", "ICMP 差错：经过的跳数太多")
}

func badHeader() bilingual.Text {
	return bilingual.T("ICMP error: its header was not understood", "ICMP 差错：首部无法理解")
}

func nobodyThere() bilingual.Text {
	return bilingual.T("ICMP error: the host has nobody to take it", "ICMP 差错：主机上无人接收")
}

func prohibited() bilingual.Text {
	return bilingual.T("ICMP error: somebody on the way forbids it", "ICMP 差错：途中被禁止")
}

func noWay() bilingual.Text {
	return bilingual.T("ICMP error: there is no way to the host", "ICMP 差错：没有到达主机的路由")
}
