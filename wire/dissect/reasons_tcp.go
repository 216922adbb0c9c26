package dissect

import (
	"strings"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// firstEphemeral is where the ports begin that Linux gives to clients, and most others do.
const firstEphemeral = 32768

// tcpReason is for the fields of a TCP segment.
func (x *explainer) tcpReason(index int, id string, f *Field) bilingual.Text {
	switch {
	case strings.HasPrefix(id, "tcp.options."):
		return x.optionReason(index, id, f)
	case strings.HasPrefix(id, "tcp.flags."):
		return x.flagReason(id)
	}
	switch id {
	case "tcp.srcport":
		return portReason(x.srcPort, x.dstPort, x.sender)
	case "tcp.dstport":
		return portReason(x.dstPort, x.srcPort, x.receiver)
	case "tcp.seq":
		return x.seqReason()
	case "tcp.ack":
		return x.ackReason()
	case "tcp.hdr_len":
		return say("20 bytes that are always there, and $1 of options; there is room for 40.", "固定的 20 字节，加上 $1 字节选项；选项最多 40 字节。", max(x.tcpHeader-wire.HeaderLen, 0))
	case "tcp.window":
		return x.windowReason(f)
	case "tcp.checksum":
		return x.checksumReason(f)
	case "tcp.urgent_pointer":
		return say("Nobody should use it for something new (RFC 6093); Fast Open does not.", "新的应用不应使用它（RFC 6093）；Fast Open 也不使用。")
	case "tcp.payload":
		return x.payloadReason()
	}
	return bilingual.Text{}
}

func portReason(port, other uint16, who bilingual.Text) bilingual.Text {
	switch {
	case who.En == "the server":
		return say("The service's port, at which $1 listens; who connects has to know it.", "服务的端口，$1在此监听；发起连接者必须事先知道。", who)
	case port >= firstEphemeral && port > other:
		return say("From the range of ephemeral ports: as a rule the system of $1 has chosen a free one for this connection.", "位于临时端口范围：通常由$1的系统为此连接选取的空闲端口。", who)
	}
	return say("The port of $1; with both addresses and the other port it tells this connection from all others.", "$1的端口；与两个地址和另一端口一起唯一确定此连接。", who)
}

func (x *explainer) checksumReason(f *Field) bilingual.Text {
	over := say("Over $1 bytes of TCP, and the pseudo-header with both addresses, protocol 6 and that length, so that a packet delivered to the wrong host is noticed",
		"覆盖 $1 字节的 TCP 内容，以及含两个地址、协议号 6 和该长度的伪首部，从而能发现被误送到其他主机的分组", x.tcpHeader+x.sent())
	switch {
	case f.unfinished:
		return unfinishedReason()
	case f.Bad:
		return say("$1. As it is wrong, a receiver drops the segment without a word.", "$1。由于不正确，接收方会默默丢弃此报文段。", over)
	}
	return say("$1.", "$1。", over)
}

// windowReason explains the number in the window field.
func (x *explainer) windowReason(f *Field) bilingual.Text {
	window := int(x.value(f))
	scale := x.facts.Sender.Scale
	switch {
	case x.flags.Has(wire.RST):
		return say("A reset asks for nothing, so its window does not matter.", "复位不请求数据，因此窗口无关紧要。")
	case x.flags.Has(wire.SYN) && window == 65535:
		return say("The greatest number that fits; the window scale counts from the next segment on (RFC 7323, Section 2.2).", "该字段的最大值；窗口扩大从下一个报文段起才生效（RFC 7323，第 2.2 节）。")
	case x.flags.Has(wire.SYN) && x.mss > 0 && window%x.mss == 0:
		return say("$1 = $2 × $3: room for $2 segments of the announced size. Not scaled yet (RFC 7323, Section 2.2).", "$1 = $2 × $3：可容纳 $2 个所通告长度的报文段。此时尚未使用窗口扩大（RFC 7323，第 2.2 节）。", window, window/x.mss, x.mss)
	case x.flags.Has(wire.SYN):
		return say("What the sender is ready to take to begin with. Not scaled yet (RFC 7323, Section 2.2).", "发送方起初准备接收的数据量。此时尚未使用窗口扩大（RFC 7323，第 2.2 节）。")
	case !x.known || scale < 0 || scale > 14:
		return say("How much room the receive buffer has; whether it is scaled was not seen or not agreed upon.", "接收缓冲区的剩余空间；是否使用窗口扩大没有观察到，或没有协商。")
	case scale == 0:
		return say("$1 bytes, not scaled: so much room the receive buffer has.", "$1 字节，不使用窗口扩大：这是接收缓冲区的剩余空间。", window)
	}
	return say("$1 × 2^$2 = $3 bytes: so much room the receive buffer has, in the scale that the sender announced in its SYN.",
		"$1 × 2^$2 = $3 字节：这是接收缓冲区的剩余空间，移位数由发送方在其 SYN 中通告。", window, scale, window<<scale)
}

// payloadReason explains why there is data in this segment.
func (x *explainer) payloadReason() bilingual.Text {
	n := bytesOf(x.payload)
	switch {
	case x.syn() && !x.hasCookie("fo") && !x.hasCookie("foexp"):
		return say("Data in a SYN without a cookie: unless the server is set to do without cookies, its application does not get them before the handshake is complete (RFC 9293, Section 3.5).",
			"SYN 带有数据而无 cookie：除非服务器设置为不要求 cookie，否则在握手完成之前不会交给应用（RFC 9293，第 3.5 节）。")
	case x.syn():
		return x.synDataReason()
	case x.synAck():
		return say("The server answers in the SYN-ACK already, $1: it need not wait for the client's ACK (RFC 7413, Section 4.2.2).", "服务器在 SYN-ACK 中就已带有响应数据（$1）：不必等待客户端的 ACK（RFC 7413，第 4.2.2 节）。", n)
	case x.flags.Has(wire.RST):
		return say("A reset may carry a text that says why.", "复位可携带说明原因的文本。")
	}
	off, ok := offset(x.facts.Sender.HasISS, x.facts.Sender.ISS, x.facts.Sender.Next, x.seq)
	switch {
	case x.facts.Copy:
		return say("The path has made a second copy of the segment.", "路径产生了此报文段的副本。")
	case !ok:
		return say("Data that the application of $1 has written.", "$1的应用写入的数据。", x.sender)
	case x.synDataAgain(off) && x.facts.SynAcked == 0:
		return say("Data again: the server took only the SYN, so the $1 in it go once more, by ordinary TCP.", "重新发送：服务器只接受了 SYN，因此其中的 $1数据按普通 TCP 再发一次。", bytesOf(x.facts.SynData))
	case x.synDataAgain(off):
		return say("The rest: the server took only $1 of the $2 in the SYN, so the client sends the others by ordinary TCP.", "其余数据：服务器只接受了 SYN 中 $2里的 $1 字节，因此客户端按普通 TCP 发送其余部分。",
			x.facts.SynAcked, bytesOf(x.facts.SynData))
	case off < x.facts.Sender.Next && off+int64(x.payload) <= x.facts.Sender.Acked:
		return say("Sent again, although it is acknowledged, as was seen here.", "重传，尽管此处已观察到对它的确认。")
	case off < x.facts.Sender.Next:
		return say("Sent again: as a rule no acknowledgment for it has reached $1 in time.", "重传：通常是因为对它的确认没有及时到达$1。", x.sender)
	case x.sender.En == "the server" && x.facts.Sender.Acked == 0 && x.facts.SynAcked > 0:
		return say("The server sends before an ACK of the client was seen: having taken the data of the SYN it need not wait for that (RFC 7413, Section 4.2.2).",
			"在观察到客户端的 ACK 之前，服务器就发送了数据：它已接受 SYN 中的数据，无需等待该 ACK（RFC 7413，第 4.2.2 节）。")
	}
	return say("Bytes $1 to $2 of the stream of $3.", "$3的字节流中第 $1 到第 $2 字节。", int(off), int(off)+x.payload-1, x.sender)
}
