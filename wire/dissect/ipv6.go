package dissect

import "tfocraft/wire"

const sectionIPv6 = "RFC 8200, Section 3"

// ipv6 is an IPv6 packet with what it carries, as far as its payload length reaches.
func (b *builder) ipv6() {
	b.begin("ipv6", say("Internet Protocol Version 6", "网际协议第 6 版"))
	version := b.version("ipv6")
	b.trafficClass("ipv6.tclass")
	flow, f := b.code(20, leaf{"ipv6.flow", "ipv6.flow", say("Flow Label", "流标签"), "RFC 6437, Section 2"})
	f.Meaning = say("Meant to be the same in all packets of a connection, so that routers can keep them on one path: $1.", "同一连接的所有分组应带相同的流标签，以便路由器让它们走同一路径：$1。", hexCode(flow, 20))
	if flow == 0 {
		f.Meaning = say("0: the packet has no label.", "0：分组没有流标签。")
	}
	length := b.payloadLength()
	next, f := b.number(8, leaf{"ipv6.nxt", "ipv6.nxt", say("Next Header", "下一首部"), sectionIPv6})
	f.Meaning = say("What follows this header: $1.", "此首部之后的内容：$1。", protocolName(next))
	hops, f := b.number(8, leaf{"ipv6.hlim", "ipv6.hlim", say("Hop Limit", "跳数限制"), sectionIPv6})
	f.Unit, f.Meaning = unitHops, say("How many more hops the packet may take; every router takes one off and drops it at 0: $1.",
		"分组还可经过多少跳；每个路由器减 1，减到 0 时丢弃：$1。", hops)
	src, f := b.addr16(leaf{"ipv6.src", "ipv6.src", say("Source Address", "源地址"), sectionIPv6})
	f.Meaning = meaningOfAddr(src, say("Who has sent the packet", "分组的发送者"))
	dst, f := b.addr16(leaf{"ipv6.dst", "ipv6.dst", say("Destination Address", "目的地址"), sectionIPv6})
	f.Meaning = meaningOfAddr(dst, say("Whom the packet is for", "分组的接收者"))
	b.close(addrText(src) + " > " + addrText(dst) + ", " + protocolName(next).En)
	if version != 6 {
		b.payload(b.left(), say("unknown, as the header is wrong", "首部有误，内容未知"))
		return
	}
	b.carry(length, length == 0 && next != protocolNone, func(n int) {
		b.extensions(network{src: src, dst: dst, protocol: uint8(next), length: n})
	})
}

func (b *builder) payloadLength() int {
	there := b.left() - wire.IPv6Len + 4 // behind the fixed header, whose first 4 bytes are read
	length, f := b.number(16, leaf{"ipv6.plen", "ipv6.plen", say("Payload Length", "有效载荷长度"), sectionIPv6})
	f.Unit = unitBytes
	switch n := int(length); {
	case f.Width < 16:
	case n == 0 && there > 0:
		f.Meaning = say("0: a jumbogram, or a packet that was captured before the interface has cut it, so all of the frame belongs to it.",
			"0：巨型分组，或在网卡分段之前被捕获的分组，因此帧的全部内容都属于它。")
	case n > there:
		f.Meaning = say("$1 bytes follow this header, but only $2 of them are here.", "此首部之后有 $1 字节，但此处只有 $2 字节。", n, max(there, 0))
		f.Bad = !b.quoting()
	default:
		f.Meaning = say("$1 bytes follow this header, extension headers included.", "此首部之后有 $1 字节，包括扩展首部。", n)
	}
	return int(length)
}

// extensions reads extension headers and what stands behind them.
func (b *builder) extensions(n network) {
	for {
		start := b.at
		if !isExtension(n.protocol) {
			b.byProtocol(n)
			return
		}
		if b.left() == 0 {
			b.missing(protocolName(uint64(n.protocol)))
			return
		}
		ok := b.extension(&n)
		n.length -= (b.at - start) / 8
		if !ok {
			b.payload(b.left(), say("what stands behind a header that is wrong", "有误的首部之后的内容"))
			return
		}
	}
}

// isExtension reports whether a next header is an extension that can be followed.
func isExtension(next uint8) bool {
	switch next {
	case extHopByHop, extRouting, extFragment, extAuthentication, extDestination, extMobility, extHIP, extShim6:
		return true
	}
	return false
}

// extension reads one extension header and notes in n what follows it; ok tells that something can follow.
func (b *builder) extension(n *network) (ok bool) {
	switch n.protocol {
	case extHopByHop:
		return b.optionsHeader("ipv6.hopopts", "RFC 8200, Section 4.3", n)
	case extDestination:
		return b.optionsHeader("ipv6.dstopts", "RFC 8200, Section 4.6", n)
	case extRouting:
		return b.routingHeader(n)
	case extFragment:
		return b.fragmentHeader(n)
	case extAuthentication:
		return b.authenticationHeader(n)
	}
	return b.otherHeader(n)
}
