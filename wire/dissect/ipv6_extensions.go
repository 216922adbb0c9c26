package dissect

import (
	"net/netip"
	"strings"

	"tfocraft/wire/bilingual"
)

// The extension headers that can be followed (IANA, "IPv6 Extension Header Types").
const (
	extHopByHop       = 0
	extRouting        = 43
	extFragment       = 44
	extAuthentication = 51
	extDestination    = 60
	extMobility       = 135
	extHIP            = 139
	extShim6          = 140
)

// nextHeader begins an extension header: what follows it.
func (b *builder) nextHeader(id, filter, section string, n *network) {
	next, f := b.number(8, leaf{id + ".nxt", filter, say("Next Header", "下一首部"), section})
	f.Meaning = say("What follows this header: $1.", "此首部之后的内容：$1。", protocolName(next))
	n.protocol = uint8(next)
}

// extensionLength reads the length of an extension header and returns how many bytes of it are still to come. It counts in units of
// unit bytes, the first base of which do not count.
func (b *builder) extensionLength(id, filter, section string, unit, base int) (rest int, ok bool) {
	v, f := b.number(8, leaf{id + ".len", filter, say("Hdr Ext Len", "首部扩展长度"), section})
	if f.Width < 8 {
		return 0, false
	}
	length := (int(v) + base) * unit
	f.Unit = unitEights
	if unit == 4 {
		f.Unit = unitWords
	}
	f.Meaning = say("This header has $1 bytes.", "此首部有 $1 字节。", length)
	if length-2 > b.left() {
		f.Bad = !b.quoting()
		f.Meaning = say("This header has $1 bytes, which is more than there is.", "此首部有 $1 字节，超过了现有的内容。", length)
		return length - 2, false
	}
	return length - 2, true
}

// optionsHeader is the hop-by-hop or the destination options header.
func (b *builder) optionsHeader(id, section string, n *network) bool {
	name := say("Destination Options", "目的选项")
	if strings.HasSuffix(id, "hopopts") {
		name = say("Hop-by-Hop Options", "逐跳选项")
	}
	b.begin(id, name)
	b.nextHeader(id, id+".nxt", section, n)
	rest, ok := b.extensionLength(id, id+".len", section, 8, 1)
	outer := b.window(rest)
	for b.left() > 0 {
		b.ipv6Option(id+".opt", n)
	}
	b.end = outer
	b.close("")
	return ok
}

var ipv6OptionNames = map[uint64]bilingual.Text{
	0x00: say("Pad1", "Pad1"),
	0x01: say("PadN", "PadN"),
	0x04: say("Tunnel Encapsulation Limit", "隧道封装限制"),
	0x05: say("Router Alert", "路由器告警"),
	0x07: say("CALIPSO", "CALIPSO"),
	0x08: say("SMF_DPD", "SMF_DPD"),
	0x0f: say("Performance and Diagnostic Metrics", "性能和诊断度量"),
	0x11: say("IOAM, not changed on the way", "IOAM（途中不变）"),
	0x12: say("AltMark, not changed on the way", "AltMark（途中不变）"),
	0x23: say("RPL Option", "RPL 选项"),
	0x26: say("Quick-Start", "快速启动"),
	0x30: say("Minimum Path MTU", "最小路径 MTU"),
	0x31: say("IOAM, changed on the way", "IOAM（途中可变）"),
	0x63: say("RPL Option (deprecated number)", "RPL 选项（已弃用的编号）"),
	0x6d: say("MPL Option", "MPL 选项"),
	0x8a: say("Endpoint Identification (deprecated)", "端点标识（已弃用）"),
	0x8b: say("ILNP Nonce", "ILNP 随机数"),
	0x8c: say("Line-Identification Option", "线路标识选项"),
	0xc2: say("Jumbo Payload", "巨型载荷"),
	0xc9: say("Home Address", "归属地址"),
	0xee: say("IP_DFF", "IP_DFF"),
}

// ipv6Option reads one option of an options header.
func (b *builder) ipv6Option(id string, n *network) {
	const section = "RFC 8200, Section 4.2"
	kind := uint64(b.ahead()[0])
	name, known := ipv6OptionNames[kind]
	if !known {
		name = say("Unknown option $1", "未知选项 $1", hexCode(kind, 8))
	}
	action, change, rest := "ipv6.opt.type.action", "ipv6.opt.type.change", "ipv6.opt.type.rest"
	if kind == 0 { // of which Wireshark does not show the parts
		action, change, rest = "", "", ""
	}
	b.begin(id, name)
	treatment, f := b.number(2, leaf{id + ".action", action, say("Action", "处理方式"), section})
	f.Meaning = [4]bilingual.Text{
		say("Who does not know the option skips it.", "不认识此选项者跳过它。"),
		say("Who does not know the option drops the packet.", "不认识此选项者丢弃分组。"),
		say("Who does not know the option drops the packet and reports it.", "不认识此选项者丢弃分组并报告。"),
		say("Who does not know the option drops the packet and reports it, unless it went to a group.", "不认识此选项者丢弃分组，若不是组播则报告。"),
	}[treatment&3]
	b.flag(leaf{id + ".change", change, say("Change", "可变"), section},
		say("Routers may change the option's data on the way.", "途中路由器可以修改选项数据。"), say("The option's data stays as it is on the way.", "选项数据在途中保持不变。"))
	_, f = b.code(5, leaf{id + ".type", rest, say("Option Type", "选项类型"), section})
	f.Meaning = say("With the bits before it this is: $1.", "与前面的位合起来表示：$1。", name)
	if kind != 0 {
		b.ipv6OptionBody(kind, id, n)
	}
	b.close("")
}

func (b *builder) ipv6OptionBody(kind uint64, id string, n *network) {
	const section = "RFC 8200, Section 4.2"
	length, f := b.number(8, leaf{id + ".length", "ipv6.opt.length", say("Opt Data Len", "选项数据长度"), section})
	f.Unit, f.Meaning = unitBytes, say("The option has $1 bytes of data.", "选项有 $1 字节数据。", length)
	f.Bad = f.Width == 8 && int(length) > b.left()
	outer := b.window(int(length))
	switch {
	case kind == 1 && b.left() > 0:
		_, f = b.bytes(b.left(), leaf{id + ".padding", "ipv6.opt.padn", say("Padding", "填充"), section})
		f.Meaning = say("Zeros that align the option behind them, or fill the header up to a multiple of 8 bytes.", "零填充：使其后的选项对齐，或将首部填充到 8 字节的倍数。")
	case kind == 4 && length == 1:
		v, f := b.number(8, leaf{id + ".limit", "ipv6.opt.tel", say("Tunnel Encapsulation Limit", "隧道封装限制"), "RFC 2473, Section 4.1.1"})
		f.Meaning = say("Into how many more tunnels the packet may go: $1.", "分组还可进入多少层隧道：$1。", v)
	case kind == 5 && length == 2:
		v, f := b.number(16, leaf{id + ".alert", "ipv6.opt.router_alert", say("Value", "值"), "RFC 2711, Section 2.1"})
		f.Meaning = say("What routers on the way are to look for: $1 (0 is Multicast Listener Discovery).", "途中路由器应留意的内容：$1（0 为组播侦听者发现）。", v)
	case kind == 0xc2 && length == 4:
		v, f := b.number(32, leaf{id + ".jumbo", "ipv6.opt.jumbo", say("Jumbo Payload Length", "巨型载荷长度"), "RFC 2675, Section 2"})
		f.Unit, f.Meaning = unitBytes, say("The packet is longer than 65535 bytes: $1 behind the IPv6 header.", "分组超过 65535 字节：IPv6 首部之后有 $1 字节。", v)
	case kind == 0xc9 && length == 16:
		home, f := b.addr16(leaf{id + ".home", "ipv6.opt.mipv6.home_address", say("Home Address", "归属地址"), "RFC 6275, Section 6.3"})
		f.Meaning = say("The lasting address of a sender that is under way; what is inside counts as sent from there.", "移动中的发送方的固定地址；其中的内容视为由此地址发出。")
		n.src = home
	}
	b.optionData(id, "", section)
	b.end = outer
}

// routingHeader is a routing header of any type.
func (b *builder) routingHeader(n *network) bool {
	const id, section = "ipv6.routing", "RFC 8200, Section 4.4"
	b.begin(id, say("Routing Header", "路由首部"))
	b.nextHeader(id, "ipv6.routing.nxt", section, n)
	rest, ok := b.extensionLength(id, "ipv6.routing.len", section, 8, 1)
	outer := b.window(rest)
	kind, f := b.number(8, leaf{id + ".type", "ipv6.routing.type", say("Routing Type", "路由类型"), section})
	f.Meaning = say("How the rest of this header is to be read: $1 (0 source route, deprecated by RFC 5095; 2 mobility, 3 RPL, 4 segment routing).",
		"此首部其余部分的格式：$1（0 源路由，已被 RFC 5095 弃用；2 移动，3 RPL，4 分段路由）。", kind)
	left, f := b.number(8, leaf{id + ".segleft", "ipv6.routing.segleft", say("Segments Left", "剩余段数"), section})
	f.Meaning = say("How many of the listed places are still to be passed: $1.", "列出的地点中还有多少个未经过：$1。", left)
	inner := *n
	b.routingData(kind, id, section, &inner)
	if left > 0 {
		n.dst = inner.dst
		if kind != 0 && kind != 2 && kind != 4 {
			n.dst = netip.Addr{} // where the route ends is not known here
		}
	}
	b.end = outer
	b.close("")
	return ok
}

// routingData reads what is behind the part that all types have in common, and notes in n where the route ends, as the checksum is made with that.
func (b *builder) routingData(kind uint64, id, section string, n *network) {
	switch {
	case b.left() == 0:
	case kind == 0:
		section = "RFC 2460, Section 4.4"
		b.reservedBytes(4, id+".reserved", "ipv6.routing.src.reserved", section)
		b.routingAddresses(id, "ipv6.routing.src.addr", section, func(a netip.Addr) { n.dst = a })
	case kind == 2:
		section = "RFC 6275, Section 6.4"
		b.reservedBytes(4, id+".reserved", "ipv6.routing.mipv6.reserved", section)
		b.routingAddresses(id, "ipv6.routing.mipv6.home_address", section, func(a netip.Addr) { n.dst = a })
	case kind == 4:
		b.segments(id, n)
	default:
		_, f := b.bytes(b.left(), leaf{id + ".data", "", say("Type-Specific Data", "类型相关数据"), section})
		f.Meaning = say("What this type of routing needs.", "此路由类型所需的内容。")
	}
}

// segments is the Segment Routing Header, which lists the places in reverse.
func (b *builder) segments(id string, n *network) {
	const section, srh = "RFC 8754, Section 2", "ipv6.routing.srh."
	last, f := b.number(8, leaf{id + ".last_entry", srh + "last_entry", say("Last Entry", "最后条目"), section})
	f.Meaning = say("The index of the last place in the list: $1.", "列表中最后一个地点的索引：$1。", last)
	_, f = b.code(8, leaf{id + ".flags", srh + "flags", say("Flags", "标志"), section})
	f.Meaning = say("RFC 8754 defines none; 0x20 is the O-flag, which asks for a copy to be looked at (RFC 9259).", "RFC 8754 没有定义任何标志；0x20 为 O 标志，要求复制分组以供检查（RFC 9259）。")
	_, f = b.bytes(2, leaf{id + ".tag", srh + "tag", say("Tag", "标签"), section})
	f.Meaning = say("Marks packets that belong together.", "标记同属一类的分组。")
	outer := b.window(16 * (int(last) + 1))
	first := true
	b.routingAddresses(id, srh+"addr", section, func(a netip.Addr) {
		if first {
			n.dst, first = a, false
		}
	})
	b.end = outer
	b.optionData(id, "", section)
}

// routingAddresses reads the rest of the window as addresses and gives each to visit.
func (b *builder) routingAddresses(id, filter, section string, visit func(netip.Addr)) {
	for b.left() > 0 {
		a, f := b.addr16(leaf{id + ".addr", filter, say("Address", "地址"), section})
		f.Meaning = say("A place that the packet is to pass.", "分组要经过的地点。")
		visit(a)
	}
}

// reservedBytes takes n bytes without meaning.
func (b *builder) reservedBytes(n int, id, filter, section string) {
	_, f := b.bytes(n, leaf{id, filter, say("Reserved", "保留"), section})
	f.Meaning = reservedMeaning
}

// fragmentHeader tells which piece of a packet this is.
func (b *builder) fragmentHeader(n *network) bool {
	const id, section = "ipv6.fraghdr", "RFC 8200, Section 4.5"
	b.begin(id, say("Fragment Header", "分片首部"))
	b.nextHeader(id, "ipv6.fraghdr.nxt", section, n)
	_, f := b.code(8, leaf{id + ".reserved_octet", "ipv6.fraghdr.reserved_octet", say("Reserved", "保留"), section})
	f.Meaning = reservedMeaning
	eighths, f := b.number(13, leaf{id + ".offset", "ipv6.fraghdr.offset", say("Fragment Offset", "片偏移"), section})
	f.Unit, f.Meaning = unitEights, say("Where in what was cut these bytes belong: at byte $1 of it, the first being 0.", "这些字节在被分片部分中的位置：第 $1 字节处（从 0 算起）。", 8*eighths)
	_, f = b.number(2, leaf{id + ".reserved_bits", "ipv6.fraghdr.reserved_bits", say("Res", "保留"), section})
	f.Meaning = reservedMeaning
	more := b.flag(leaf{id + ".more", "ipv6.fraghdr.more", say("M flag, More Fragments", "M 标志，更多分片"), section},
		say("There are more fragments behind this.", "其后还有更多分片。"), lastFragment(eighths))
	ident, f := b.code(32, leaf{id + ".ident", "ipv6.fraghdr.ident", say("Identification", "标识"), section})
	f.Meaning = say("Fragments of one packet have the same number here: $1.", "同一分组的各分片在此有相同的编号：$1。", hexCode(ident, 32))
	whole := f.Width == 32
	b.close("")
	n.fragment = n.fragment || more || eighths > 0
	if eighths > 0 {
		b.fragmentData(8*eighths, section)
		n.protocol = protocolNone
	}
	return whole
}

// lastFragment is for a fragment behind which there is none.
func lastFragment(offset uint64) bilingual.Text {
	if offset == 0 {
		return say("There is no other fragment: this is the whole packet (an atomic fragment, RFC 6946).", "没有其他分片：这是完整的分组（原子分片，RFC 6946）。")
	}
	return say("This is the last fragment.", "这是最后一个分片。")
}

func (b *builder) authenticationHeader(n *network) bool {
	const id, section = "ah", "RFC 4302, Section 2"
	b.begin(id, say("Authentication Header", "认证首部"))
	b.nextHeader(id, "ah.next_header", section, n)
	rest, ok := b.extensionLength(id, "ah.length", section, 4, 2)
	outer := b.window(rest)
	_, f := b.bytes(2, leaf{id + ".reserved", "ah.reserved", say("Reserved", "保留"), section})
	f.Meaning = reservedMeaning
	_, f = b.code(32, leaf{id + ".spi", "ah.spi", say("Security Parameters Index", "安全参数索引"), section})
	f.Meaning = say("Which agreement between the two hosts counts.", "采用两台主机之间的哪个安全关联。")
	_, f = b.number(32, leaf{id + ".sequence", "ah.sequence", say("Sequence Number", "序列号"), section})
	f.Meaning = say("Counts packets, so that a replayed one is noticed.", "对分组计数，以便发现重放。")
	if b.left() > 0 {
		_, f = b.bytes(b.left(), leaf{id + ".icv", "ah.icv", say("Integrity Check Value", "完整性校验值"), section})
		f.Meaning = say("Shows that nothing was changed on the way.", "证明途中没有任何改动。")
	}
	b.end = outer
	b.close("")
	return ok
}

// otherHeader is an extension header of which only the form is known here.
func (b *builder) otherHeader(n *network) bool {
	const id, section = "ipv6.ext", "RFC 6564, Section 4"
	b.begin(id, protocolName(uint64(n.protocol)))
	b.nextHeader(id, "", section, n)
	rest, ok := b.extensionLength(id, "", section, 8, 1)
	outer := b.window(rest)
	if b.left() > 0 {
		_, f := b.bytes(b.left(), leaf{id + ".data", "", say("Header data", "首部数据"), section})
		f.Meaning = say("What this header says, not dissected here.", "此首部的内容，此处不解析。")
	}
	b.end = outer
	b.close("")
	return ok
}
