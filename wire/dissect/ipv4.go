package dissect

import (
	"net/netip"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

const sectionIPv4 = "RFC 791, Section 3.1"

// ipv4 is an IPv4 packet with what it carries, as far as its total length reaches.
func (b *builder) ipv4() {
	start := b.at / 8
	b.begin("ip", say("Internet Protocol Version 4", "网际协议第 4 版"))
	version := b.version("ip")
	words, f := b.number(4, leaf{"ip.hdr_len", "ip.hdr_len", say("Internet Header Length", "首部长度"), sectionIPv4})
	header := 4 * int(words)
	f.Unit, f.Bad = unitWords, header < wire.IPv4Len
	f.Meaning = headerLengthMeaning(header, wire.IPv4Len)
	b.trafficClass("ip.dsfield")
	total := b.totalLength(start, header)
	b.identification()
	fragment := b.fragmentation()
	ttl, f := b.number(8, leaf{"ip.ttl", "ip.ttl", say("Time to Live", "生存时间"), sectionIPv4})
	f.Unit, f.Meaning = unitHops, say("How many more hops the packet may take; every router takes one off and drops it at 0: $1.",
		"分组还可经过多少跳；每个路由器减 1，减到 0 时丢弃：$1。", ttl)
	protocol, f := b.number(8, leaf{"ip.proto", "ip.proto", say("Protocol", "协议"), sectionIPv4})
	f.Meaning = say("What the packet carries: $1.", "分组携带的内容：$1。", protocolName(protocol))
	whole := header >= wire.IPv4Len && start+header <= b.end/8
	b.checksum(leaf{"ip.checksum", "ip.checksum", say("Header Checksum", "首部校验和"), sectionIPv4},
		say("Guards the header alone, hop by hop, as every router changes the Time to Live", "仅逐跳保护首部，因为每个路由器都会修改生存时间"),
		b.data[start:min(start+header, b.end/8)], 10, whole, 0)
	src, f := b.addr4(leaf{"ip.src", "ip.src", say("Source Address", "源地址"), sectionIPv4})
	f.Meaning = meaningOfAddr(src, say("Who has sent the packet", "分组的发送者"))
	dst, f := b.addr4(leaf{"ip.dst", "ip.dst", say("Destination Address", "目的地址"), sectionIPv4})
	f.Meaning = meaningOfAddr(dst, say("Whom the packet is for", "分组的接收者"))
	destination := len(b.frame.Fields) - 1
	b.routedTo = netip.Addr{}
	b.ipv4Options(header - wire.IPv4Len)
	if b.routedTo.IsValid() { // Wireshark takes the end of the route for the destination, and so does TCP's checksum
		b.frame.Fields[destination].Filter = "ip.cur_rt"
		dst = b.routedTo
	}
	b.close(addrText(src) + " > " + addrText(dst) + ", " + protocolName(protocol).En)
	if version != 4 || header < wire.IPv4Len {
		b.payload(b.left(), say("unknown, as the header is wrong", "首部有误，内容未知"))
		return
	}
	net := network{src: src, dst: dst, protocol: uint8(protocol), fragment: fragment.more || fragment.offset > 0}
	b.carry(total-header, total == 0, func(n int) {
		net.length = n
		if fragment.offset > 0 {
			b.fragmentData(fragment.offset, "RFC 791, Section 3.2")
			return
		}
		b.byProtocol(net)
	})
}

// carry has inside read what an IP packet carries: n bytes by its header, or all that there is. inside gets the number.
func (b *builder) carry(n int, all bool, inside func(n int)) {
	there := b.left()
	if all {
		n = there
	}
	n = max(n, 0)
	outer := b.window(n)
	inside(n)
	b.end = outer
	if n > there {
		b.cutOff(n - there)
	}
}

// fragmentData is what a fragment has that is not the first one.
func (b *builder) fragmentData(offset uint64, section string) {
	if b.left() == 0 {
		return
	}
	_, f := b.bytes(b.left(), leaf{"fragment", "data.data", say("Fragment Data", "分片数据"), section})
	f.Meaning = say("Bytes of the data of a larger packet, from number $1 on, the first being 0; the header of what they belong to was in the first fragment.",
		"较大分组的数据中从第 $1 字节（从 0 算起）开始的部分；其所属协议的首部在第一个分片中。", offset)
}

// byProtocol reads what stands behind an IP header and its extensions.
func (b *builder) byProtocol(n network) {
	switch n.protocol {
	case wire.ProtocolTCP:
		b.tcp(n)
	case protocolUDP:
		b.udp(n)
	case wire.ProtocolICMP:
		b.icmp(n)
	case wire.ProtocolICMPv6:
		b.icmpv6(n)
	}
	what := say("what this protocol carries", "该协议的内容")
	if n.protocol == protocolNone {
		what = say("behind the last header: receivers ignore it (RFC 8200, Section 4.7)", "位于最后一个首部之后：接收方忽略（RFC 8200，第 4.7 节）")
	}
	b.payload(b.left(), what)
}

// version is the first field of both versions; id is "ip" or "ipv6".
func (b *builder) version(id string) uint64 {
	section, want := sectionIPv4, uint64(4)
	if id == "ipv6" {
		section, want = sectionIPv6, 6
	}
	v, f := b.number(4, leaf{id + ".version", id + ".version", say("Version", "版本"), section})
	f.Meaning = say("Which version of the Internet Protocol the header has: $1.", "首部采用的网际协议版本：$1。", v)
	if v != want && f.Width == 4 {
		f.Bad = true
		f.Meaning = say("It should be $1 here, and is $2.", "此处应为 $1，实际为 $2。", want, v)
	}
	return v
}

func headerLengthMeaning(header, least int) bilingual.Text {
	switch {
	case header < least:
		return say("The header has $1 bytes by this, which is less than the least, $2.", "据此首部为 $1 字节，小于最小值 $2。", header, least)
	case header == least:
		return say("The header has $1 bytes: there are no options.", "首部有 $1 字节：没有选项。", header)
	}
	return say("The header has $1 bytes, of which $2 are options.", "首部有 $1 字节，其中选项占 $2 字节。", header, header-least)
}

// trafficClass reads DSCP and ECN; id is that of both together.
func (b *builder) trafficClass(id string) {
	dscp, f := b.number(6, leaf{id + ".dscp", id + ".dscp", say("Differentiated Services Codepoint", "区分服务码点"), "RFC 2474, Section 3"})
	f.Meaning = say("How routers are to treat the packet: $1.", "路由器应如何对待此分组：$1。", dscpName(dscp))
	ecn, f := b.number(2, leaf{id + ".ecn", id + ".ecn", say("Explicit Congestion Notification", "显式拥塞通知"), "RFC 3168, Section 5"})
	f.Meaning = ecnMeanings[ecn]
}

var ecnMeanings = [4]bilingual.Text{
	say("Not-ECT: a router that is congested can only drop the packet, not mark it.", "Not-ECT：拥塞的路由器只能丢弃此分组，不能标记它。"),
	say("ECT(1): the sender understands marks; a congested router may mark the packet instead of dropping it.", "ECT(1)：发送方理解标记；拥塞的路由器可以标记而不是丢弃此分组。"),
	say("ECT(0): the sender understands marks; a congested router may mark the packet instead of dropping it.", "ECT(0)：发送方理解标记；拥塞的路由器可以标记而不是丢弃此分组。"),
	say("CE: a router on the way was congested and has marked the packet.", "CE：途中的路由器发生拥塞，并标记了此分组。"),
}

func dscpName(dscp uint64) bilingual.Text {
	switch {
	case dscp == 0:
		return say("in the default way (best effort)", "默认方式（尽力而为）")
	case dscp == 46:
		return say("expedited forwarding (EF)", "加速转发（EF）")
	case dscp&7 == 0:
		return say("class selector CS$1", "类选择码点 CS$1", dscp>>3)
	case dscp&1 == 0 && dscp>>3 >= 1 && dscp>>3 <= 4:
		return say("assured forwarding AF$1$2", "确保转发 AF$1$2", dscp>>3, dscp>>1&3)
	}
	return say("codepoint $1", "码点 $1", dscp)
}

// totalLength reads the total length of a packet that begins at byte start.
func (b *builder) totalLength(start, header int) int {
	there := b.end/8 - start
	total, f := b.number(16, leaf{"ip.len", "ip.len", say("Total Length", "总长度"), sectionIPv4})
	f.Unit = unitBytes
	switch n := int(total); {
	case f.Width < 16:
	case n == 0:
		f.Meaning = say("0: the packet was captured before the interface has cut it into smaller ones, so all of the frame belongs to it.",
			"0：分组在网卡分段之前被捕获，因此帧的全部内容都属于它。")
	case n < header:
		f.Meaning = say("$1 bytes, which is less than the header has.", "$1 字节，小于首部的长度。", n)
		f.Bad = true
	case n > there:
		f.Meaning = say("The packet has $1 bytes, header included, but only $2 of them are here.", "分组连首部共 $1 字节，但此处只有 $2 字节。", n, there)
		f.Bad = !b.quoting()
	default:
		f.Meaning = say("The packet has $1 bytes, header included.", "分组连首部共 $1 字节。", n)
	}
	return int(total)
}

func (b *builder) identification() {
	id, f := b.code(16, leaf{"ip.id", "ip.id", say("Identification", "标识"), sectionIPv4})
	f.Meaning = say("Fragments of one packet have the same number here; it is $1.", "同一分组的各分片在此有相同的编号；此处为 $1。", id)
}

// fragment is what the flags and the offset say.
type fragment struct {
	more   bool
	offset uint64 // in bytes
}

func (b *builder) fragmentation() (fr fragment) {
	b.begin("ip.flags", say("Flags", "标志"))
	reserved, f := b.number(1, leaf{"ip.flags.rb", "ip.flags.rb", say("Reserved Bit", "保留位"), sectionIPv4})
	f.Meaning = say("Has no meaning and must be 0.", "没有含义，必须为 0。")
	f.Bad = reserved != 0
	df := b.flag(leaf{"ip.flags.df", "ip.flags.df", say("Don't Fragment", "不分片"), sectionIPv4},
		say("Routers must not cut the packet; where it is too big they drop it and report so.", "路由器不得对此分组分片；若太大则丢弃并报告。"),
		say("Routers may cut the packet where it is too big.", "分组过大时路由器可以对其分片。"))
	fr.more = b.flag(leaf{"ip.flags.mf", "ip.flags.mf", say("More Fragments", "更多分片"), sectionIPv4},
		say("This is a fragment, and there are more behind it.", "这是一个分片，其后还有更多分片。"),
		say("Nothing of the packet comes behind this.", "该分组在此之后没有其他部分。"))
	b.close(flagSummary([]string{"DF", "MF"}, []bool{df, fr.more}))
	eighths, f := b.number(13, leaf{"ip.frag_offset", "ip.frag_offset", say("Fragment Offset", "片偏移"), sectionIPv4})
	fr.offset = 8 * eighths
	f.Unit, f.Meaning = unitEights, say("Where in the data of the whole packet these bytes belong: at byte $1 of it, the first being 0.", "这些字节在整个分组数据部分中的位置：第 $1 字节处（从 0 算起）。", fr.offset)
	if fr.offset == 0 && !fr.more {
		f.Meaning = say("0: this is the whole packet.", "0：这是完整的分组。")
	}
	return fr
}

func flagSummary(names []string, set []bool) string {
	text := ""
	for i, name := range names {
		if set[i] {
			if text != "" {
				text += ", "
			}
			text += name
		}
	}
	if text == "" {
		return "none"
	}
	return text
}
