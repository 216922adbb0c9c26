package dissect

import (
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

const sectionTCP = "RFC 9293, Section 3.1"

// tcp is a TCP segment: header, options, data.
func (b *builder) tcp(n network) {
	start := b.at / 8
	if b.left() == 0 {
		b.missing(say("TCP header", "TCP 首部"))
		return
	}
	b.begin("tcp", say("Transmission Control Protocol", "传输控制协议"))
	from := b.port("tcp.srcport", say("Source Port", "源端口"), say("The sender's end of the connection: port $1.", "连接的发送方一端：端口 $1。"), sectionTCP)
	to := b.port("tcp.dstport", say("Destination Port", "目的端口"), say("The receiver's end of the connection: port $1.", "连接的接收方一端：端口 $1。"), sectionTCP)
	seq, f := b.number(32, leaf{"tcp.seq", b.seqFilter(), say("Sequence Number", "序列号"), sectionTCP})
	f.Meaning = say("The number of the segment's first byte in the sender's stream; a SYN has a number of its own before the data.",
		"本报文段首字节在发送方字节流中的序列号；SYN 在数据之前占用一个序列号。")
	_, f = b.number(32, leaf{"tcp.ack", "tcp.ack_raw", say("Acknowledgment Number", "确认号"), sectionTCP})
	f.Meaning = say("The number that the sender expects next of the other side: it has everything before; counts only with the ACK flag.",
		"发送方期望从对方收到的下一个序列号：此前的都已收到；仅当 ACK 标志置位时有效。")
	words, f := b.number(4, leaf{"tcp.hdr_len", "tcp.hdr_len", say("Data Offset", "数据偏移"), sectionTCP})
	header := 4 * int(words)
	f.Unit, f.Meaning = unitWords, headerLengthMeaning(header, wire.HeaderLen)
	f.Bad = f.Width == 4 && (header < wire.HeaderLen || header > n.length)
	flags := b.tcpFlags()
	b.tcpWindow(flags)
	b.transportChecksum(leaf{"tcp.checksum", "tcp.checksum", say("Checksum", "校验和"), sectionTCP},
		say("Guards header, data and the pseudo-header: addresses, protocol and length of the IP packet", "保护首部、数据和伪首部（IP 分组的地址、协议和长度）"), n, start, 16)
	b.urgentPointer(flags)
	b.tcpOptions(header - wire.HeaderLen)
	length := max(n.length-max(header, wire.HeaderLen), 0)
	b.close(itoa(from) + " > " + itoa(to) + " [" + flags.String() + "], seq " + itoa(seq) + ", " + itoa(uint64(length)) + " bytes of data")
	b.content(b.left(), leaf{"tcp.payload", "tcp.payload", say("Data", "数据"), sectionTCP}, say("the application's data", "应用程序的数据"))
}

// seqFilter is Wireshark's name of the sequence number as it is in the header, which it does not have in quotes.
func (b *builder) seqFilter() string {
	if b.quoting() {
		return "tcp.seq"
	}
	return "tcp.seq_raw"
}

// port is a port of TCP or UDP. Of its meaning $1 is the number.
func (b *builder) port(id string, name, meaning bilingual.Text, section string) uint64 {
	port, f := b.number(16, leaf{id, id, name, section})
	f.Meaning = say(meaning.En, meaning.Zh, port)
	return port
}

// A controlBit is one of the flags of a TCP header: its name and what it says if it is set, and if it is not.
type controlBit struct {
	leaf
	flag       wire.Flags
	set, clear bilingual.Text
}

var controlBits = [...]controlBit{
	{leaf{"tcp.flags.ae", "tcp.flags.ae", say("AE, Accurate ECN", "AE，精确 ECN"), "RFC 9768, Section 3.1"}, wire.AE,
		say("Part of the counter of accurate ECN, or in a SYN: the sender can do accurate ECN (was NS before).", "精确 ECN 计数器的一部分；在 SYN 中表示发送方支持精确 ECN（旧称 NS）。"),
		say("Not set: not part of accurate ECN here.", "未置位：此处不用于精确 ECN。")},
	{leaf{"tcp.flags.cwr", "tcp.flags.cwr", say("CWR, Congestion Window Reduced", "CWR，拥塞窗口已减小"), "RFC 3168, Section 6.1"}, wire.CWR,
		say("The sender has slowed down since it was told of congestion; in a SYN: it asks for ECN.", "发送方得知拥塞后已降低速率；在 SYN 中表示请求使用 ECN。"),
		say("Not set: the sender has not slowed down because of a mark.", "未置位：发送方没有因标记而降速。")},
	{leaf{"tcp.flags.ece", "tcp.flags.ece", say("ECE, ECN-Echo", "ECE，ECN 回显"), "RFC 3168, Section 6.1"}, wire.ECE,
		say("A packet of the other side came with a congestion mark; in a SYN or SYN-ACK: the sender can do ECN.", "收到了对方带拥塞标记的分组；在 SYN 或 SYN-ACK 中表示发送方支持 ECN。"),
		say("Not set: no congestion mark is reported.", "未置位：没有报告拥塞标记。")},
	{leaf{"tcp.flags.urg", "tcp.flags.urg", say("URG, Urgent", "URG，紧急"), sectionTCP}, wire.URG,
		say("The urgent pointer counts.", "紧急指针有效。"), say("Not set: there is nothing urgent.", "未置位：没有紧急数据。")},
	{leaf{"tcp.flags.ack", "tcp.flags.ack", say("ACK, Acknowledgment", "ACK，确认"), sectionTCP}, wire.ACK,
		say("The acknowledgment number counts; it is set in every segment after the first SYN.", "确认号有效；第一个 SYN 之后的每个报文段都置位。"),
		say("Not set: the acknowledgment number does not count.", "未置位：确认号无效。")},
	{leaf{"tcp.flags.push", "tcp.flags.push", say("PSH, Push", "PSH，推送"), sectionTCP}, wire.PSH,
		say("Asks the receiver to hand over the data without waiting for more.", "请接收方立即上交数据，不必等待更多数据。"),
		say("Not set: the receiver may wait for more before it hands over the data.", "未置位：接收方可等待更多数据再上交。")},
	{leaf{"tcp.flags.reset", "tcp.flags.reset", say("RST, Reset", "RST，复位"), sectionTCP}, wire.RST,
		say("The connection is broken off, or there is none.", "连接被中止，或者并不存在。"), say("Not set: the connection is not broken off.", "未置位：连接没有被中止。")},
	{leaf{"tcp.flags.syn", "tcp.flags.syn", say("SYN, Synchronize", "SYN，同步"), sectionTCP}, wire.SYN,
		say("The sender opens its side: its sequence numbers begin here.", "发送方建立自己方向的连接：其序列号从此开始。"),
		say("Not set: this does not open a connection.", "未置位：不是建立连接的报文段。")},
	{leaf{"tcp.flags.fin", "tcp.flags.fin", say("FIN, Finish", "FIN，结束"), sectionTCP}, wire.FIN,
		say("The sender will send no more data.", "发送方不再发送数据。"), say("Not set: the sender may send more.", "未置位：发送方还可能发送数据。")},
}

// tcpFlags reads the reserved bits and the control bits.
func (b *builder) tcpFlags() (flags wire.Flags) {
	b.begin("tcp.flags", say("Control bits", "控制位"))
	reserved, f := b.number(3, leaf{"tcp.flags.res", "tcp.flags.res", say("Rsrvd, Reserved", "保留位"), sectionTCP})
	f.Meaning = say("Kept for later use: senders set them to 0, receivers ignore them.", "留作将来使用：发送方置 0，接收方忽略。")
	if reserved != 0 {
		f.Bad, f.Meaning = true, say("Should be 0, as these bits have no meaning yet.", "应为 0，因为这些位尚无含义。")
	}
	for i := range controlBits {
		bit := &controlBits[i]
		if b.flag(bit.leaf, bit.set, bit.clear) {
			flags |= bit.flag
		}
	}
	b.close(flags.String())
	return flags
}

func (b *builder) tcpWindow(flags wire.Flags) {
	window, f := b.number(16, leaf{"tcp.window", "tcp.window_size_value", say("Window", "窗口"), sectionTCP})
	f.Unit = unitBytes
	switch {
	case flags.Has(wire.RST):
		f.Meaning = say("How much the sender can take; without meaning in a reset: $1.", "发送方能接收多少数据；在复位中没有意义：$1。", window)
	case flags.Has(wire.SYN):
		f.Meaning = say("The sender can take $1 bytes; in a SYN this is never scaled.", "发送方可接收 $1 字节；SYN 中的窗口从不使用窗口扩大。", window)
	case window == 0:
		f.Meaning = say("0: the sender has no room for data; the other side must wait.", "0：发送方没有空间接收数据；对方必须等待。")
	default:
		f.Meaning = say("The sender can take $1 bytes more, counted from the acknowledgment number and times the window scale, if one was agreed upon.",
			"发送方还可接收 $1 字节，从确认号算起；若协商了窗口扩大，则还要按移位数放大。", window)
	}
}

func (b *builder) urgentPointer(flags wire.Flags) {
	urgent, f := b.number(16, leaf{"tcp.urgent_pointer", "tcp.urgent_pointer", say("Urgent Pointer", "紧急指针"), sectionTCP})
	switch {
	case flags.Has(wire.URG):
		f.Meaning = say("The urgent data ends $1 bytes after the sequence number.", "紧急数据在序列号之后 $1 字节处结束。", urgent)
	case urgent == 0:
		f.Meaning = say("0, as the URG flag is not set.", "0，因为没有设置 URG 标志。")
	default:
		f.Meaning = say("$1, which does not count, as the URG flag is not set.", "$1，无效，因为没有设置 URG 标志。", urgent)
	}
}
