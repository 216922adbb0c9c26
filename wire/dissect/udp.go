package dissect

const sectionUDP = "RFC 768"

// udp is a UDP datagram.
func (b *builder) udp(n network) {
	start := b.at / 8
	if b.left() == 0 {
		b.missing(say("UDP header", "UDP 首部"))
		return
	}
	b.begin("udp", say("User Datagram Protocol", "用户数据报协议"))
	from := b.port("udp.srcport", say("Source Port", "源端口"), say("Who in the sending host has sent the datagram: port $1.", "发送主机中的发送者：端口 $1。"), sectionUDP)
	to := b.port("udp.dstport", say("Destination Port", "目的端口"), say("Who in the receiving host the datagram is for: port $1.", "接收主机中的接收者：端口 $1。"), sectionUDP)
	length, f := b.number(16, leaf{"udp.length", "udp.length", say("Length", "长度"), sectionUDP})
	f.Unit, f.Meaning = unitBytes, say("The datagram has $1 bytes, header included.", "数据报连首部共 $1 字节。", length)
	f.Bad = f.Width == 16 && (length < 8 || int(length) > n.length && !n.fragment)
	what := say("Guards header, data and the pseudo-header: addresses, protocol and length", "保护首部、数据和伪首部（地址、协议和长度）")
	l := leaf{"udp.checksum", "udp.checksum", say("Checksum", "校验和"), sectionUDP}
	switch none := b.left() >= 2 && bitsAt(b.data, b.at, 16) == 0; {
	case none && n.src.Is4():
		_, f = b.code(16, l)
		f.Meaning = say("0: the sender has made none, which IPv4 allows.", "0：发送方没有计算校验和，IPv4 允许这样做。")
	case f.Bad:
		b.checksum(l, what, nil, 6, false, 0)
	default:
		n.length = min(n.length, int(length))
		b.transportChecksum(l, what, n, start, 6)
	}
	b.close(itoa(from) + " > " + itoa(to) + ", " + itoa(max(length, 8)-8) + " bytes of data")
	outer := b.end
	if length >= 8 {
		b.window(int(length) - 8)
	}
	b.content(b.left(), leaf{"udp.payload", "udp.payload", say("Data", "数据"), sectionUDP}, say("the application's data", "应用程序的数据"))
	b.end = outer
}
