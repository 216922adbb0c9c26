package dissect

import "tfocraft/wire/bilingual"

const (
	sectionICMPv6 = "RFC 4443, Section 2.1"
	sectionND     = "RFC 4861, Section 4"
)

var icmpv6Types = map[uint64]bilingual.Text{
	1:   say("Destination Unreachable", "目的不可达"),
	2:   say("Packet Too Big", "分组太大"),
	3:   say("Time Exceeded", "超时"),
	4:   say("Parameter Problem", "参数问题"),
	128: say("Echo Request", "回显请求"),
	129: say("Echo Reply", "回显应答"),
	130: say("Multicast Listener Query", "组播侦听者查询"),
	131: say("Multicast Listener Report", "组播侦听者报告"),
	132: say("Multicast Listener Done", "组播侦听者离开"),
	133: say("Router Solicitation", "路由器请求"),
	134: say("Router Advertisement", "路由器通告"),
	135: say("Neighbor Solicitation", "邻居请求"),
	136: say("Neighbor Advertisement", "邻居通告"),
	137: say("Redirect", "重定向"),
	143: say("Multicast Listener Report, version 2", "组播侦听者报告第 2 版"),
}

// icmpv6Codes are those of RFC 4443, Section 3, and of RFCs 6550, 7112, 8754 and 8883.
var icmpv6Codes = map[uint64]bilingual.Text{
	0x100: say("no route to the destination", "没有到目的地的路由"),
	0x101: say("communication is prohibited by an administrator", "被管理员禁止通信"),
	0x102: say("beyond the scope of the source address", "超出源地址的范围"),
	0x103: say("address unreachable", "地址不可达"),
	0x104: say("port unreachable", "端口不可达"),
	0x105: say("the source address failed a policy", "源地址不符合策略"),
	0x106: say("the route is rejected", "路由被拒绝"),
	0x107: say("error in the source routing header", "源路由首部有误"),
	0x108: say("the headers are too long", "首部过长"),
	0x300: say("the Hop Limit was used up on the way", "跳数限制在途中耗尽"),
	0x301: say("not all fragments came in time", "分片未及时到齐"),
	0x400: say("a header field is wrong", "首部字段有误"),
	0x401: say("the Next Header is not known", "未知的下一首部"),
	0x402: say("an option is not known", "未知的选项"),
	0x403: say("the first fragment has not all the headers", "第一个分片的首部链不完整"),
	0x404: say("error in the header above a segment routing header", "分段路由首部之上的首部有误"),
	0x405: say("a node on the way does not know the Next Header", "途中节点不认识下一首部"),
	0x406: say("an extension header is too big", "扩展首部过大"),
	0x407: say("the chain of extension headers is too long", "扩展首部链过长"),
	0x408: say("too many extension headers", "扩展首部过多"),
	0x409: say("too many options in an extension header", "扩展首部中的选项过多"),
	0x40a: say("an option is too big", "选项过大"),
}

// icmpv6 is an ICMPv6 message, neighbour discovery included.
func (b *builder) icmpv6(n network) {
	b.begin("icmpv6", say("Internet Control Message Protocol v6", "网际控制报文协议第 6 版"))
	kind, _ := b.icmpHead("icmpv6", sectionICMPv6, icmpv6Types, icmpv6Codes, n)
	switch kind {
	case 1, 2, 3, 4:
		b.icmpv6Error(kind)
	case 128, 129:
		b.echo("icmpv6.echo.identifier", "icmpv6.echo.sequence_number", "RFC 4443, Section 4")
	case 130, 131, 132:
		b.listener(kind)
	case 143:
		b.listenerReport()
	case 133, 134, 135, 136, 137:
		b.neighbour(kind)
	default:
		b.icmpBody("icmpv6", "")
	}
	b.close(typeName(icmpv6Types, kind).En)
}

// icmpv6Error is a message that quotes the packet which it is about.
func (b *builder) icmpv6Error(kind uint64) {
	section := "RFC 4443, Section 3." + itoa(kind)
	n := 0 // bytes of the quote, if that is told
	switch kind {
	case 1, 3:
		n = b.unusedWithLengthV6(section)
	case 2:
		mtu, f := b.number(32, leaf{"icmpv6.mtu", "icmpv6.mtu", say("MTU", "MTU"), section})
		f.Unit, f.Meaning = unitBytes, nextHopMeaning(mtu)
	case 4:
		pointer, f := b.number(32, leaf{"icmpv6.pointer", "icmpv6.pointer", say("Pointer", "指针"), section})
		f.Meaning = pointerMeaning(pointer)
	}
	if n == 0 || n > b.left() {
		n = b.left()
	}
	b.quote("icmpv6", n)
	b.icmpExtension()
}

// unusedWithLengthV6 reads what was unused by RFC 4443 and got a length in front by RFC 4884, if that is in use: the bytes of the quote, else 0.
func (b *builder) unusedWithLengthV6(section string) int {
	if rest := b.ahead(); len(rest) == 0 || rest[0] == 0 {
		b.unused("icmpv6", 4)
		return 0
	}
	n, f := b.number(8, leaf{"icmpv6.length", "icmpv6.length", say("Length", "长度"), "RFC 4884, Section 4"})
	f.Unit, f.Meaning = unitEights, say("How long the quoted packet is, as something follows it: $1 units of 8 bytes.", "由于其后还有内容，引用的分组长度为：$1 个 8 字节单位。", n)
	b.reservedBytes(3, "icmpv6.unused", "icmpv6.reserved", section)
	return 8 * int(n)
}

// neighbour is a message of neighbour discovery with its options.
func (b *builder) neighbour(kind uint64) {
	switch kind {
	case 134:
		b.routerAdvertisement()
	case 136:
		b.neighbourFlags()
	default:
		_, f := b.bytes(4, leaf{"icmpv6.reserved", "icmpv6.reserved", say("Reserved", "保留"), sectionND})
		f.Meaning = reservedMeaning
	}
	switch kind {
	case 135, 136:
		filter := "icmpv6.nd.ns.target_address"
		if kind == 136 {
			filter = "icmpv6.nd.na.target_address"
		}
		target, f := b.addr16(leaf{"icmpv6.target", filter, say("Target Address", "目标地址"), sectionND})
		f.Meaning = meaningOfAddr(target, say("Whose address on the link is looked for or told", "查询或告知其链路层地址的主机"))
	case 137:
		target, f := b.addr16(leaf{"icmpv6.target", "icmpv6.nd.rd.target_address", say("Target Address", "目标地址"), sectionND})
		f.Meaning = meaningOfAddr(target, say("Whom to send such packets to instead", "此类分组应改发给谁"))
		dst, f := b.addr16(leaf{"icmpv6.destination", "icmpv6.rd.na.destination_address", say("Destination Address", "目的地址"), sectionND})
		f.Meaning = meaningOfAddr(dst, say("The destination that is redirected", "被重定向的目的地"))
	}
	for b.left() > 0 {
		if !b.neighbourOption() {
			break
		}
	}
	b.rest(leaf{"icmpv6.rest", "", say("Undissected bytes", "未解析的字节"), sectionND}, say("Behind an option whose length is wrong.", "位于长度有误的选项之后。"))
}

func (b *builder) neighbourFlags() {
	b.begin("icmpv6.nd.na.flag", say("Flags", "标志"))
	b.flag(leaf{"icmpv6.nd.na.flag.r", "icmpv6.nd.na.flag.r", say("R, Router", "R，路由器"), sectionND},
		say("The sender is a router.", "发送方是路由器。"), say("The sender is no router.", "发送方不是路由器。"))
	b.flag(leaf{"icmpv6.nd.na.flag.s", "icmpv6.nd.na.flag.s", say("S, Solicited", "S，被请求"), sectionND},
		say("This answers a question.", "这是对请求的应答。"), say("Nobody has asked for this.", "没有人请求此通告。"))
	b.flag(leaf{"icmpv6.nd.na.flag.o", "icmpv6.nd.na.flag.o", say("O, Override", "O，覆盖"), sectionND},
		say("What receivers remember should be replaced.", "接收方应替换已记住的地址。"), say("What receivers remember may stay.", "接收方可保留已记住的地址。"))
	_, f := b.number(29, leaf{"icmpv6.nd.na.flag.rsv", "icmpv6.nd.na.flag.rsv", say("Reserved", "保留"), sectionND})
	f.Meaning = reservedMeaning
	b.close("")
}

func (b *builder) routerAdvertisement() {
	const ra = "icmpv6.nd.ra."
	hops, f := b.number(8, leaf{ra + "cur_hop_limit", ra + "cur_hop_limit", say("Cur Hop Limit", "当前跳数限制"), sectionND})
	f.Meaning = say("The Hop Limit that hosts should send with: $1; 0 says nothing.", "主机发送时应使用的跳数限制：$1；0 表示未指定。", hops)
	b.flag(leaf{ra + "flag.m", ra + "flag.m", say("M, Managed", "M，受管理"), sectionND},
		say("Addresses are to be had by DHCPv6.", "地址可通过 DHCPv6 获得。"), say("Addresses are not to be had by DHCPv6.", "地址不通过 DHCPv6 获得。"))
	b.flag(leaf{ra + "flag.o", ra + "flag.o", say("O, Other configuration", "O，其他配置"), sectionND},
		say("Other settings are to be had by DHCPv6.", "其他配置可通过 DHCPv6 获得。"), say("Other settings are not to be had by DHCPv6.", "其他配置不通过 DHCPv6 获得。"))
	b.flag(leaf{ra + "flag.h", ra + "flag.h", say("H, Home Agent", "H，归属代理"), "RFC 6275, Section 7.1"},
		say("The router is a home agent.", "该路由器是归属代理。"), say("The router is no home agent.", "该路由器不是归属代理。"))
	preference, f := b.number(2, leaf{ra + "flag.prf", ra + "flag.prf", say("Prf, Default Router Preference", "Prf，默认路由器优先级"), "RFC 4191, Section 2.2"})
	f.Meaning = [4]bilingual.Text{say("Medium.", "中等。"), say("High.", "高。"), say("Reserved.", "保留。"), say("Low.", "低。")}[preference&3]
	b.flag(leaf{ra + "flag.p", ra + "flag.p", say("P, Proxy", "P，代理"), "RFC 4389"},
		say("It was passed on by a proxy.", "由代理转发。"), say("It was not passed on by a proxy.", "不是由代理转发。"))
	_, f = b.number(2, leaf{ra + "flag.rsv", ra + "flag.rsv", say("Reserved", "保留"), sectionND})
	f.Meaning = reservedMeaning
	life, f := b.number(16, leaf{ra + "router_lifetime", ra + "router_lifetime", say("Router Lifetime", "路由器生存期"), sectionND})
	f.Unit, f.Meaning = unitSeconds, say("How long the router is good as a default router: $1 s.", "可用作默认路由器的时间：$1 秒。", life)
	reachable, f := b.number(32, leaf{ra + "reachable_time", ra + "reachable_time", say("Reachable Time", "可达时间"), sectionND})
	f.Unit, f.Meaning = unitMillis, say("How long a neighbour counts as there after it was heard of: $1 ms.", "确认邻居可达之后视为可达的时间：$1 毫秒。", reachable)
	retrans, f := b.number(32, leaf{ra + "retrans_timer", ra + "retrans_timer", say("Retrans Timer", "重传定时器"), sectionND})
	f.Unit, f.Meaning = unitMillis, say("How long to wait between questions: $1 ms.", "两次询问之间的间隔：$1 毫秒。", retrans)
}

var neighbourOptions = map[uint64]bilingual.Text{
	1:  say("Source Link-layer Address", "源链路层地址"),
	2:  say("Target Link-layer Address", "目标链路层地址"),
	3:  say("Prefix Information", "前缀信息"),
	4:  say("Redirected Header", "被重定向的首部"),
	5:  say("MTU", "MTU"),
	14: say("Nonce", "随机数"),
	25: say("Recursive DNS Server", "递归 DNS 服务器"),
	31: say("DNS Search List", "DNS 搜索列表"),
}

// neighbourOption reads one option and reports whether another can follow.
func (b *builder) neighbourOption() bool {
	const id = "icmpv6.opt"
	kind := uint64(b.ahead()[0])
	name := typeName(neighbourOptions, kind)
	b.begin(id, name)
	_, f := b.number(8, leaf{id + ".type", "icmpv6.opt.type", say("Type", "类型"), sectionND})
	f.Meaning = say("Says which option this is: $1.", "表明这是哪个选项：$1。", name)
	length, f := b.number(8, leaf{id + ".length", "icmpv6.opt.length", say("Length", "长度"), sectionND})
	f.Unit, f.Meaning = unitEights, say("The option has $1 bytes.", "选项有 $1 字节。", 8*length)
	if f.Width == 8 && length == 0 {
		f.Bad, f.Meaning = true, say("0 is not allowed: such a message is dropped.", "不允许为 0：此类报文会被丢弃。")
		b.close("")
		return false
	}
	f.Bad = f.Width == 8 && 8*int(length)-2 > b.left()
	outer := b.window(8*int(length) - 2)
	b.neighbourOptionBody(kind, id)
	b.optionData(id, "", sectionND)
	b.end = outer
	b.close("")
	return true
}

func (b *builder) neighbourOptionBody(kind uint64, id string) {
	switch {
	case (kind == 1 || kind == 2) && b.left() == 6:
		_, f := b.mac(leaf{id + ".linkaddr", "icmpv6.opt.linkaddr", say("Link-Layer Address", "链路层地址"), sectionND})
		f.Meaning = say("The address on the link, so that nobody has to ask for it.", "链路层地址，省去再次询问。")
	case kind == 3:
		b.prefixInformation(id)
	case kind == 5:
		_, f := b.bytes(2, leaf{id + ".reserved", "", say("Reserved", "保留"), sectionND})
		f.Meaning = reservedMeaning
		mtu, f := b.number(32, leaf{id + ".mtu", "icmpv6.opt.mtu", say("MTU", "MTU"), sectionND})
		f.Unit, f.Meaning = unitBytes, say("What everybody on this link should send at most: $1 bytes.", "本链路上所有主机应发送的最大长度：$1 字节。", mtu)
	case kind == 14 && b.left() > 0:
		_, f := b.bytes(b.left(), leaf{id + ".nonce", "icmpv6.opt.nonce", say("Nonce", "随机数"), "RFC 3971, Section 5.3.2"})
		f.Meaning = say("A random number, by which the sender knows its own message if that comes back.", "随机数，发送方据此识别绕回的自己的报文。")
	case kind == 25 || kind == 31:
		b.nameServers(id, kind)
	}
}

func (b *builder) prefixInformation(id string) {
	const p = "icmpv6.opt.prefix"
	length, f := b.number(8, leaf{id + ".prefix_length", p + ".length", say("Prefix Length", "前缀长度"), sectionND})
	f.Unit, f.Meaning = say("bits", "位"), say("The first $1 bits of the prefix count.", "前缀的前 $1 位有效。", length)
	b.flag(leaf{id + ".l", p + ".flag.l", say("L, on-link", "L，在链路上"), sectionND},
		say("Addresses of this prefix are on this link.", "此前缀的地址在本链路上。"), say("Nothing is said of where addresses of this prefix are.", "未说明此前缀的地址在何处。"))
	b.flag(leaf{id + ".a", p + ".flag.a", say("A, autonomous", "A，自动配置"), sectionND},
		say("Hosts may make themselves an address of this prefix.", "主机可用此前缀自行生成地址。"), say("Hosts may not make themselves an address of this prefix.", "主机不可用此前缀自行生成地址。"))
	b.flag(leaf{id + ".r", p + ".flag.r", say("R, router address", "R，路由器地址"), "RFC 6275, Section 7.2"},
		say("The prefix field has the whole address of the router.", "前缀字段包含路由器的完整地址。"), say("The prefix field has no address of the router.", "前缀字段不包含路由器的地址。"))
	_, f = b.number(5, leaf{id + ".reserved1", p + ".flag.reserved", say("Reserved1", "保留 1"), sectionND})
	f.Meaning = say("Has no meaning here.", "此处没有含义。")
	valid, f := b.number(32, leaf{id + ".valid", p + ".valid_lifetime", say("Valid Lifetime", "有效生存期"), sectionND})
	f.Unit, f.Meaning = unitSeconds, say("How long the prefix is good: $1 s.", "前缀的有效时间：$1 秒。", valid)
	preferred, f := b.number(32, leaf{id + ".preferred", p + ".preferred_lifetime", say("Preferred Lifetime", "首选生存期"), sectionND})
	f.Unit, f.Meaning = unitSeconds, say("How long addresses of it should be used for new connections: $1 s.", "其地址可用于新连接的时间：$1 秒。", preferred)
	_, f = b.bytes(4, leaf{id + ".reserved2", "", say("Reserved2", "保留 2"), sectionND})
	f.Meaning = reservedMeaning
	prefix, f := b.addr16(leaf{id + ".prefix", p, say("Prefix", "前缀"), sectionND})
	f.Meaning = meaningOfAddr(prefix, say("What addresses of this network begin with", "此网络地址的前缀部分"))
}

// nameServers is for the options that tell of DNS: servers, or names to search in.
func (b *builder) nameServers(id string, kind uint64) {
	section, lifetime := "RFC 8106, Section 5.1", "icmpv6.opt.rdnss.lifetime"
	if kind == 31 {
		section, lifetime = "RFC 8106, Section 5.2", "icmpv6.opt.dnssl.lifetime"
	}
	_, f := b.bytes(2, leaf{id + ".reserved", "", say("Reserved", "保留"), section})
	f.Meaning = reservedMeaning
	life, f := b.number(32, leaf{id + ".lifetime", lifetime, say("Lifetime", "生存期"), section})
	f.Unit, f.Meaning = unitSeconds, say("How long this may be used: $1 s.", "可使用的时间：$1 秒。", life)
	for kind == 25 && b.left() >= 16 {
		server, f := b.addr16(leaf{id + ".rdnss", "icmpv6.opt.rdnss", say("Address of a DNS server", "DNS 服务器地址"), section})
		f.Meaning = meaningOfAddr(server, say("Who answers DNS questions", "应答 DNS 查询的主机"))
	}
}
