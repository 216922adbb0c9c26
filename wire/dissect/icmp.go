package dissect

import (
	"strings"

	"tfocraft/wire/bilingual"
)

const sectionICMP = "RFC 792"

var icmpTypes = map[uint64]bilingual.Text{
	0:  say("Echo Reply", "回显应答"),
	3:  say("Destination Unreachable", "目的不可达"),
	4:  say("Source Quench (deprecated)", "源抑制（已弃用）"),
	5:  say("Redirect", "重定向"),
	6:  say("Alternate Host Address (deprecated)", "替代主机地址（已弃用）"),
	8:  say("Echo", "回显请求"),
	9:  say("Router Advertisement", "路由器通告"),
	10: say("Router Solicitation", "路由器请求"),
	11: say("Time Exceeded", "超时"),
	12: say("Parameter Problem", "参数问题"),
	13: say("Timestamp", "时间戳请求"),
	14: say("Timestamp Reply", "时间戳应答"),
	15: say("Information Request (deprecated)", "信息请求（已弃用）"),
	16: say("Information Reply (deprecated)", "信息应答（已弃用）"),
	17: say("Address Mask Request (deprecated)", "地址掩码请求（已弃用）"),
	18: say("Address Mask Reply (deprecated)", "地址掩码应答（已弃用）"),
	30: say("Traceroute (deprecated)", "路由追踪（已弃用）"),
	40: say("Photuris", "Photuris"),
	42: say("Extended Echo Request", "扩展回显请求"),
	43: say("Extended Echo Reply", "扩展回显应答"),
}

// icmpCodes are by type<<8 | code: those of RFC 792, of RFC 1122, Section 3.2.2.1, of RFC 1812, Section 5.2.7.1, and of RFC 1108.
var icmpCodes = map[uint64]bilingual.Text{
	0x300: say("network unreachable", "网络不可达"),
	0x301: say("host unreachable", "主机不可达"),
	0x302: say("protocol unreachable", "协议不可达"),
	0x303: say("port unreachable", "端口不可达"),
	0x304: say("fragmentation needed, but Don't Fragment is set", "需要分片，但设置了不分片"),
	0x305: say("source route failed", "源站选路失败"),
	0x306: say("destination network unknown", "目的网络未知"),
	0x307: say("destination host unknown", "目的主机未知"),
	0x308: say("source host isolated (obsolete)", "源主机被隔离（已废弃）"),
	0x309: say("communication with the network is prohibited", "禁止与该网络通信"),
	0x30a: say("communication with the host is prohibited", "禁止与该主机通信"),
	0x30b: say("network unreachable for this type of service", "对该服务类型网络不可达"),
	0x30c: say("host unreachable for this type of service", "对该服务类型主机不可达"),
	0x30d: say("communication is prohibited by an administrator", "被管理员禁止通信"),
	0x30e: say("host precedence violation", "违反主机优先级"),
	0x30f: say("precedence cutoff in effect", "优先级截止生效"),
	0x500: say("for the network", "针对网络"),
	0x501: say("for the host", "针对主机"),
	0x502: say("for the type of service and the network", "针对服务类型和网络"),
	0x503: say("for the type of service and the host", "针对服务类型和主机"),
	0xb00: say("the Time to Live was used up on the way", "生存时间在途中耗尽"),
	0xb01: say("not all fragments came in time", "分片未及时到齐"),
	0xc00: say("the pointer tells where", "指针指出位置"),
	0xc01: say("a required option is missing", "缺少必需的选项"),
	0xc02: say("bad length", "长度错误"),
}

// icmp is an ICMP message of IPv4.
func (b *builder) icmp(n network) {
	b.begin("icmp", say("Internet Control Message Protocol", "网际控制报文协议"))
	kind, code := b.icmpHead("icmp", sectionICMP, icmpTypes, icmpCodes, n)
	switch kind {
	case 0, 8:
		b.echo("icmp.ident", "icmp.seq", sectionICMP)
	case 3, 4, 5, 11, 12:
		b.icmpError(kind, code)
	case 9:
		b.routers()
	case 13, 14, 15, 16, 17, 18:
		b.icmpQuery(kind)
	default:
		b.icmpBody("icmp", "")
	}
	b.close(typeName(icmpTypes, kind).En)
}

func typeName(names map[uint64]bilingual.Text, kind uint64) bilingual.Text {
	if name, ok := names[kind]; ok {
		return name
	}
	return say("type $1", "类型 $1", kind)
}

// icmpHead reads type, code and checksum, which both versions have; id is also the prefix of Wireshark's names.
func (b *builder) icmpHead(id, section string, types, codes map[uint64]bilingual.Text, n network) (kind, code uint64) {
	start := b.at / 8
	kind, f := b.number(8, leaf{id + ".type", id + ".type", say("Type", "类型"), section})
	f.Meaning = say("What the message is: $1.", "报文的种类：$1。", typeName(types, kind))
	code, f = b.number(8, leaf{id + ".code", id + ".code", say("Code", "代码"), section})
	f.Meaning = codeMeaning(codes, kind, code)
	there := min(b.end/8-start, n.length)
	whole := !n.fragment && there == n.length && there >= 4
	what, pseudo := say("Guards the whole message", "保护整个报文"), n.pseudo
	if id == "icmpv6" {
		what = say("Guards the whole message and the pseudo-header: addresses, protocol and length", "保护整个报文和伪首部（地址、协议和长度）")
		whole = whole && n.src.IsValid() && n.dst.IsValid()
	}
	l := leaf{id + ".checksum", id + ".checksum", say("Checksum", "校验和"), section}
	switch {
	case !whole:
		b.checksum(l, what, nil, 2, false, 0)
	case id == "icmpv6":
		b.checksum(l, what, b.data[start:start+there], 2, true, pseudo())
	default:
		b.checksum(l, what, b.data[start:start+there], 2, true, 0)
	}
	return kind, code
}

// codeMeaning is for a code, of which most types have one only.
func codeMeaning(codes map[uint64]bilingual.Text, kind, code uint64) bilingual.Text {
	if name, ok := codes[kind<<8|code]; ok {
		return say("Tells more of the type: $1.", "对类型的进一步说明：$1。", name)
	}
	if code == 0 {
		return say("Tells more of the type; 0 has no further meaning here.", "对类型的进一步说明；此处的 0 没有其他含义。")
	}
	return say("Tells more of the type: code $1, which is not known here.", "对类型的进一步说明：代码 $1，此处未知。", code)
}

// echo is a question of ping or the answer to one.
func (b *builder) echo(identFilter, seqFilter, section string) {
	id, _, _ := strings.Cut(identFilter, ".")
	ident, f := b.number(16, leaf{id + ".ident", identFilter, say("Identifier", "标识符"), section})
	f.Meaning = say("Tells one ping from others: $1; a reply has the same.", "区分不同的 ping：$1；应答与之相同。", ident)
	seq, f := b.number(16, leaf{id + ".seq", seqFilter, say("Sequence Number", "序列号"), section})
	f.Meaning = say("Counts the pings: $1; a reply has the same.", "对 ping 计数：$1；应答与之相同。", seq)
	b.content(b.left(), leaf{id + ".data", "", say("Data", "数据"), section}, say("anything, which the reply has to send back", "任意内容，应答须原样送回"))
}

// icmpError is a message that quotes the packet which it is about.
func (b *builder) icmpError(kind, code uint64) {
	var quoted uint64 // in 32-bit words; 0 if not told
	switch kind {
	case 5:
		gateway, f := b.addr4(leaf{"icmp.gateway", "icmp.redir_gw", say("Gateway Internet Address", "网关地址"), sectionICMP})
		f.Meaning = meaningOfAddr(gateway, say("Whom to send such packets to instead", "此类分组应改发给谁"))
	case 12:
		pointer, f := b.number(8, leaf{"icmp.pointer", "icmp.pointer", say("Pointer", "指针"), sectionICMP})
		f.Meaning = pointerMeaning(pointer)
		if code == 1 {
			f.Section, f.Meaning = "RFC 1108", say("Which option is missing: type $1.", "缺少哪个选项：类型 $1。", pointer)
		}
		quoted = b.unusedWithLength(0, 2)
	case 3, 11:
		if kind == 3 && code == 4 {
			quoted = b.unusedWithLength(1, 0)
			mtu, f := b.number(16, leaf{"icmp.mtu", "icmp.mtu", say("Next-Hop MTU", "下一跳 MTU"), "RFC 1191, Section 4"})
			f.Unit, f.Meaning = unitBytes, nextHopMeaning(mtu)
			if mtu == 0 {
				f.Meaning = say("0: a router from before RFC 1191, which does not tell what the next hop takes.", "0：RFC 1191 之前的路由器，不告知下一跳可接受的长度。")
			}
		} else {
			quoted = b.unusedWithLength(1, 2)
		}
	default: // Source Quench, of which Wireshark does not show it
		b.reservedBytes(4, "icmp.unused", "", sectionICMP)
	}
	n := b.left()
	if quoted > 0 {
		n = min(n, 4*int(quoted))
	}
	b.quote("icmp", n)
	b.icmpExtension()
}

func nextHopMeaning(mtu uint64) bilingual.Text {
	return say("What the next hop takes: packets of up to $1 bytes.", "下一跳可接受的分组长度：最多 $1 字节。", mtu)
}

// pointerMeaning is for the offset of what is wrong.
func pointerMeaning(pointer uint64) bilingual.Text {
	return say("Where in the quoted packet the error was found: at byte $1, the first being 0.", "在引用的分组中发现错误的位置：第 $1 字节（从 0 算起）。", pointer)
}

// unusedWithLength reads a part of the header that was unused by RFC 792 and got a length in its middle by RFC 4884, if that is in use: the
// number of 32-bit words of the quote, else 0.
func (b *builder) unusedWithLength(before, behind int) uint64 {
	if rest := b.ahead(); len(rest) <= before || rest[before] == 0 {
		b.unused("icmp", before+1+behind)
		return 0
	}
	b.unused("icmp", before)
	n, f := b.number(8, leaf{"icmp.length", "icmp.length", say("Length", "长度"), "RFC 4884, Section 4"})
	f.Unit, f.Meaning = unitWords, say("How long the quoted packet is, as something follows it: $1 words of 4 bytes.", "由于其后还有内容，引用的分组长度为：$1 个 4 字节的字。", n)
	b.unused("icmp", behind)
	return n
}

func (b *builder) unused(id string, n int) {
	_, f := b.bytes(n, leaf{id + ".unused", id + ".unused", say("Unused", "未使用"), sectionICMP})
	if id == "icmpv6" {
		f.Filter, f.Section = "icmpv6.reserved", sectionICMPv6
	}
	f.Meaning = reservedMeaning
}

// quote takes apart the beginning of a packet that an error is about. It may end anywhere. A quote in a quote stays bytes.
func (b *builder) quote(id string, n int) {
	if n <= 0 {
		return
	}
	if b.quoting() {
		b.payload(n, say("a packet quoted within a quoted one", "被引用的分组中又引用的分组"))
		return
	}
	b.begin(id+".quote", say("Quoted packet", "引用的分组"))
	outer := b.window(n)
	b.prefix = "quote."
	b.raw()
	b.content(b.left(), leaf{"rest", "", say("Data", "数据"), ""}, say("the rest of the quote", "引用的其余部分"))
	b.prefix = ""
	b.end = outer
	b.close("what the error is about")
}

// icmpExtension is what may follow the quote.
func (b *builder) icmpExtension() {
	const section = "RFC 4884, Section 7"
	if b.left() == 0 {
		return
	}
	extension := b.ahead()
	b.begin("icmp.ext", say("ICMP extension", "ICMP 扩展"))
	version, f := b.number(4, leaf{"icmp.ext.version", "icmp.ext.version", say("Version", "版本"), section})
	f.Meaning = say("The version of the structure: $1, of which 2 is known.", "结构的版本：$1，已知的为 2。", version)
	_, f = b.code(12, leaf{"icmp.ext.res", "icmp.ext.res", say("Reserved", "保留"), section})
	f.Meaning = reservedMeaning
	f = b.checksum(leaf{"icmp.ext.checksum", "icmp.ext.checksum", say("Checksum", "校验和"), section},
		say("Guards the extension", "保护此扩展"), extension, 2, len(extension) >= 4, 0)
	if f.Value == "0x0000" {
		f.Bad, f.Meaning = false, say("0: the sender has made none.", "0：发送方没有计算校验和。")
	}
	for b.left() > 0 {
		b.icmpObject()
	}
	b.close("")
}

// icmpObject is one object of an extension.
func (b *builder) icmpObject() {
	const section = "RFC 4884, Section 7.1"
	length, f := b.number(16, leaf{"icmp.ext.length", "icmp.ext.length", say("Length", "长度"), section})
	f.Unit, f.Meaning = unitBytes, say("The object has $1 bytes, this head included.", "此对象连同其首部共 $1 字节。", length)
	f.Bad = f.Width == 16 && (length < 4 || int(length)-2 > b.left())
	class, f := b.number(8, leaf{"icmp.ext.class", "icmp.ext.class", say("Class-Num", "类编号"), section})
	f.Meaning = say("What the object is about: $1 (1 MPLS labels, 2 an interface, 3 the name of one).", "对象的内容：$1（1 为 MPLS 标签，2 为接口信息，3 为接口标识）。", class)
	_, f = b.number(8, leaf{"icmp.ext.ctype", "icmp.ext.ctype", say("C-Type", "C 类型"), section})
	f.Meaning = say("Which form of that.", "该内容的形式。")
	outer := b.window(int(length) - 4)
	if b.left() > 0 {
		_, f = b.bytes(b.left(), leaf{"icmp.ext.data", "", say("Object payload", "对象内容"), section})
		f.Meaning = say("What the router tells besides the error.", "路由器在错误之外提供的信息。")
	}
	b.end = outer
}

// icmpBody is what is not read further.
func (b *builder) icmpBody(id, filter string) {
	b.content(b.left(), leaf{id + ".data", filter, say("Message body", "报文主体"), ""}, say("what this type of message says", "此类报文的内容"))
}
