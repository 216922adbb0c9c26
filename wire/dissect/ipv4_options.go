package dissect

import "tfocraft/wire/bilingual"

const sectionIPv4Options = "RFC 791, Section 3.1"

// The types of IPv4 options that are more than bytes here.
const (
	ipOptionEOL  = 0
	ipOptionNOP  = 1
	ipOptionRR   = 7
	ipOptionMTUP = 11
	ipOptionMTUR = 12
	ipOptionTS   = 68
	ipOptionLSRR = 131
	ipOptionSID  = 136
	ipOptionSSRR = 137
	ipOptionRA   = 148
)

// An optionKind is a registered option: its part of the ID, its name, and where it is defined.
type optionKind struct {
	id      string
	name    bilingual.Text
	section string
}

// ipv4OptionKinds is IANA's registry "IP Option Numbers".
var ipv4OptionKinds = map[uint64]optionKind{
	ipOptionEOL:  {"eol", say("End of Option List", "选项列表结束"), sectionIPv4Options},
	ipOptionNOP:  {"nop", say("No Operation", "无操作"), sectionIPv4Options},
	ipOptionRR:   {"rr", say("Record Route", "记录路由"), sectionIPv4Options},
	10:           {"zsu", say("Experimental Measurement", "实验性测量"), "IANA, IP Option Numbers"},
	ipOptionMTUP: {"mtup", say("MTU Probe", "MTU 探测"), "RFC 1063"},
	ipOptionMTUR: {"mtur", say("MTU Reply", "MTU 应答"), "RFC 1063"},
	15:           {"encode", say("ENCODE", "ENCODE"), "RFC 6814"},
	25:           {"qs", say("Quick-Start", "快速启动"), "RFC 4782, Section 3.1"},
	30:           {"exp", say("RFC 3692-style Experiment", "RFC 3692 式实验"), "RFC 4727"},
	ipOptionTS:   {"ts", say("Internet Timestamp", "网际时间戳"), sectionIPv4Options},
	82:           {"tr", say("Traceroute", "路由追踪"), "RFC 1393"},
	94:           {"exp", say("RFC 3692-style Experiment", "RFC 3692 式实验"), "RFC 4727"},
	130:          {"sec", say("Security", "安全"), "RFC 1108"},
	ipOptionLSRR: {"lsrr", say("Loose Source and Record Route", "宽松源站选路并记录路由"), sectionIPv4Options},
	133:          {"esec", say("Extended Security", "扩展安全"), "RFC 1108"},
	134:          {"cipso", say("Commercial Security", "商用安全"), "FIPS 188"},
	ipOptionSID:  {"sid", say("Stream Identifier", "流标识符"), sectionIPv4Options},
	ipOptionSSRR: {"ssrr", say("Strict Source and Record Route", "严格源站选路并记录路由"), sectionIPv4Options},
	142:          {"visa", say("Experimental Access Control", "实验性访问控制"), "RFC 6814"},
	144:          {"imitd", say("IMI Traffic Descriptor", "IMI 流量描述符"), "IANA, IP Option Numbers"},
	145:          {"eip", say("Extended Internet Protocol", "扩展网际协议"), "RFC 1385"},
	147:          {"addext", say("Address Extension", "地址扩展"), "RFC 6814"},
	ipOptionRA:   {"ra", say("Router Alert", "路由器告警"), "RFC 2113"},
	149:          {"sdb", say("Selective Directed Broadcast", "选择性定向广播"), "RFC 6814"},
	151:          {"dps", say("Dynamic Packet State", "动态分组状态"), "RFC 6814"},
	152:          {"ump", say("Upstream Multicast Packet", "上行组播分组"), "RFC 6814"},
	158:          {"exp", say("RFC 3692-style Experiment", "RFC 3692 式实验"), "RFC 4727"},
	205:          {"finn", say("Experimental Flow Control", "实验性流量控制"), "IANA, IP Option Numbers"},
	222:          {"exp", say("RFC 3692-style Experiment", "RFC 3692 式实验"), "RFC 4727"},
}

// ipv4Options reads the n bytes behind the fixed header.
func (b *builder) ipv4Options(n int) {
	if n <= 0 {
		return
	}
	if b.left() == 0 {
		b.missing(say("Options", "选项"))
		return
	}
	there := b.left()
	outer := b.window(n)
	b.begin("ip.options", say("Options", "选项"))
	for b.left() > 0 {
		if b.ipv4Option() {
			break
		}
	}
	if b.left() > 0 {
		_, f := b.bytes(b.left(), leaf{"ip.options.padding", "ip.opt.padding", say("Padding", "填充"), sectionIPv4Options})
		f.Meaning = say("Fills the header up to a multiple of 4 bytes.", "将首部填充到 4 字节的倍数。")
	}
	b.close(itoa(uint64(min(n, there))) + " bytes")
	b.end = outer
	if n > there {
		b.missing(say("the rest of the options", "其余选项"))
	}
}

// ipv4Option reads one option and reports whether it was the last.
func (b *builder) ipv4Option() (last bool) {
	number := uint64(b.ahead()[0])
	kind, known := ipv4OptionKinds[number]
	if !known {
		kind = optionKind{"unknown", say("Unknown option $1", "未知选项 $1", number), "IANA, IP Option Numbers"}
	}
	id := "ip.options." + kind.id
	b.begin(id, kind.name)
	b.ipv4OptionType(id, kind, known)
	if number == ipOptionEOL || number == ipOptionNOP {
		b.close("")
		return number == ipOptionEOL
	}
	lengthFilter := "ip.opt.len"
	if !known {
		lengthFilter = ""
	}
	length, f := b.number(8, leaf{id + ".length", lengthFilter, say("Length", "长度"), kind.section})
	f.Unit, f.Meaning = unitBytes, say("The option has $1 bytes, type and length included.", "选项连类型和长度共 $1 字节。", length)
	if f.Width == 8 && (length < 2 || int(length)-2 > b.left()) {
		f.Bad = true
		f.Meaning = say("$1 bytes, which is impossible here: what follows cannot be read.", "$1 字节，在此不可能成立：后面的内容无法读取。", length)
		b.rest(leaf{id + ".data", "", say("Option data", "选项数据"), kind.section}, say("Cannot be told apart, as the length is wrong.", "长度有误，无法区分。"))
		b.close("length " + itoa(length))
		return true
	}
	outer := b.window(int(length) - 2)
	b.ipv4OptionBody(number, id, kind)
	b.rest(leaf{id + ".rest", "", say("Surplus bytes", "多余字节"), kind.section}, surplus)
	b.end = outer
	b.close("")
	return false
}

var surplus = bilingual.T("The option is longer than it should be.", "选项比应有的长度长。")

// ipv4OptionType reads the three parts of the first byte, which Wireshark does not show of an unknown option.
func (b *builder) ipv4OptionType(id string, kind optionKind, known bool) {
	copied, classFilter, numberFilter := "ip.opt.type.copy", "ip.opt.type.class", "ip.opt.type.number"
	if !known {
		copied, classFilter, numberFilter = "", "", ""
	}
	b.flag(leaf{id + ".copied", copied, say("Copied Flag", "复制标志"), kind.section},
		say("If the packet is cut, every fragment has this option.", "若分组被分片，每个分片都带有此选项。"),
		say("If the packet is cut, only the first fragment has this option.", "若分组被分片，只有第一个分片带有此选项。"))
	class, f := b.number(2, leaf{id + ".class", classFilter, say("Option Class", "选项类别"), kind.section})
	f.Meaning = [4]bilingual.Text{
		say("Control.", "控制。"), say("Reserved.", "保留。"), say("Debugging and measurement.", "调试和测量。"), say("Reserved.", "保留。"),
	}[class&3]
	number, f := b.number(5, leaf{id + ".number", numberFilter, say("Option Number", "选项编号"), kind.section})
	f.Meaning = say("With the two fields before it this is: $2 (number $1).", "与前两个字段合起来表示：$2（编号 $1）。", number, kind.name)
}

func (b *builder) ipv4OptionBody(number uint64, id string, kind optionKind) {
	switch number {
	case ipOptionRR, ipOptionLSRR, ipOptionSSRR:
		b.route(number, id, kind)
	case ipOptionTS:
		b.internetTimestamps(id)
	case ipOptionRA:
		v, f := b.number(16, leaf{id + ".value", "ip.opt.ra", say("Value", "值"), kind.section})
		f.Meaning = say("0 asks every router on the way to look at the packet; it is $1.", "0 要求途中每个路由器检查此分组；此处为 $1。", v)
	case ipOptionSID:
		v, f := b.number(16, leaf{id + ".value", "ip.opt.sid", say("Stream ID", "流 ID"), kind.section})
		f.Meaning = say("A stream of the SATNET of 1981; nobody uses it (RFC 6814): $1.", "1981 年 SATNET 的流编号；如今无人使用（RFC 6814）：$1。", v)
	case ipOptionMTUP, ipOptionMTUR:
		v, f := b.number(16, leaf{id + ".value", "ip.opt.mtu", say("MTU", "MTU"), kind.section})
		f.Unit, f.Meaning = unitBytes, say("The least MTU so far, $1; replaced by RFC 1191.", "到目前为止最小的 MTU：$1；已被 RFC 1191 取代。", v)
	default:
		b.optionData(id, "", kind.section)
	}
}

// optionData takes what is left of an option, if there is anything.
func (b *builder) optionData(id, filter, section string) {
	if n := b.left(); n > 0 {
		_, f := b.bytes(n, leaf{id + ".data", filter, say("Option data", "选项数据"), section})
		f.Meaning = say("The $1 bytes of the option's data.", "选项的 $1 字节数据。", n)
	}
}

// pointer reads the pointer of an option that routers fill, counted from the option's first byte.
func (b *builder) pointer(id, section string) int {
	p, f := b.number(8, leaf{id + ".pointer", "ip.opt.ptr", say("Pointer", "指针"), section})
	f.Meaning = say("Where in the option the next router is to write or read: at byte $1.", "下一个路由器在选项中写入或读取的位置：第 $1 字节。", p)
	return int(p)
}

// route is for the options that are lists of addresses.
func (b *builder) route(number uint64, id string, kind optionKind) {
	pointer := b.pointer(id, kind.section)
	for at := 4; b.left() >= 4; at += 4 {
		filter, meaning := "ip.rec_rt", say("The address that a router which has been passed has noted.", "已经过的路由器记录的地址。")
		switch {
		case at < pointer:
		case number == ipOptionRR:
			filter, meaning = "ip.empty_rt", say("Room for the address of a router to come.", "留给后续路由器地址的空位。")
		case at == pointer:
			filter, meaning = "ip.src_rt", say("The next router that the packet must go to.", "分组接下来必须前往的路由器。")
		default:
			filter, meaning = "ip.src_rt", say("A router that the packet must go to later.", "分组之后必须前往的路由器。")
		}
		if filter == "ip.src_rt" && b.left() < 8 {
			filter = "ip.dst"
		}
		address, f := b.addr4(leaf{id + ".address", filter, say("Route Address", "路由地址"), kind.section})
		f.Meaning = meaning
		if filter == "ip.dst" {
			b.routedTo = address
		}
	}
}

// internetTimestamps is the Timestamp option of IPv4.
func (b *builder) internetTimestamps(id string) {
	const section = sectionIPv4Options
	pointer := b.pointer(id, section)
	overflow, f := b.number(4, leaf{id + ".overflow", "ip.opt.overflow", say("Overflow", "溢出"), section})
	f.Meaning = say("How many routers found no room for their time: $1.", "有多少路由器找不到写入时间的空位：$1。", overflow)
	flag, f := b.number(4, leaf{id + ".flag", "ip.opt.flag", say("Flag", "标志"), section})
	switch flag {
	case 0:
		f.Meaning = say("0: routers write their time only.", "0：路由器只写入时间。")
	case 1:
		f.Meaning = say("1: each time has the address of its router in front.", "1：每个时间之前有路由器的地址。")
	case 3:
		f.Meaning = say("3: the addresses are given; those routers write their time.", "3：地址已预先给出；这些路由器写入各自的时间。")
	default:
		f.Meaning, f.Bad = say("$1 has no meaning.", "$1 没有含义。", flag), true
	}
	for at := 5; b.left() >= 4; {
		if flag != 0 && b.left() >= 8 {
			_, f = b.addr4(leaf{id + ".address", "ip.opt.time_stamp_addr", say("Internet Address", "网际地址"), section})
			f.Meaning = say("The router that the next time is of.", "后面的时间所属的路由器。")
			at += 4
		}
		v, f := b.number(32, leaf{id + ".timestamp", "ip.opt.time_stamp", say("Timestamp", "时间戳"), section})
		f.Unit, f.Meaning = unitMillis, say("When the router had the packet, $1 ms after midnight UTC.", "路由器收到分组的时刻：UTC 零点后 $1 毫秒。", v)
		if at >= pointer {
			f.Meaning = say("Room for the time of a router to come.", "留给后续路由器时间的空位。")
		}
		at += 4
	}
}
