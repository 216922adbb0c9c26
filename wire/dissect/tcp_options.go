package dissect

import (
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

const registryTCP = "IANA, TCP Option Kind Numbers"

// The kinds of which more is read than bytes, besides those that package wire has names for.
const (
	kindEcho        = 6
	kindEchoReply   = 7
	kindCC          = 11
	kindCCNew       = 12
	kindCCEcho      = 13
	kindQuickStart  = 27
	kindUserTimeout = 28
	kindAO          = 29
	kindMultipath   = 30
)

// tcpOptionKinds is IANA's registry "TCP Option Kind Numbers".
var tcpOptionKinds = withMeanings(map[wire.OptionKind]optionKind{
	wire.KindEOL:           {"eol", say("End of Option List", "选项列表结束"), "RFC 9293, Section 3.2"},
	wire.KindNOP:           {"nop", say("No-Operation", "无操作"), "RFC 9293, Section 3.2"},
	wire.KindMSS:           {"mss", say("Maximum Segment Size", "最大报文段长度"), "RFC 9293, Section 3.7.1"},
	wire.KindWindowScale:   {"wscale", say("Window Scale", "窗口扩大"), "RFC 7323, Section 2"},
	wire.KindSACKPermitted: {"sack_perm", say("SACK Permitted", "允许选择确认"), "RFC 2018, Section 2"},
	wire.KindSACK:          {"sack", say("Selective Acknowledgment", "选择确认"), "RFC 2018, Section 3"},
	kindEcho:               {"echo", say("Echo (obsolete)", "回显（已废弃）"), "RFC 1072, Section 3"},
	kindEchoReply:          {"echoreply", say("Echo Reply (obsolete)", "回显应答（已废弃）"), "RFC 1072, Section 3"},
	wire.KindTimestamps:    {"timestamp", say("Timestamps", "时间戳"), "RFC 7323, Section 3"},
	9:                      {"pocp", say("Partial Order Connection Permitted (obsolete)", "允许部分有序连接（已废弃）"), "RFC 1693"},
	10:                     {"posp", say("Partial Order Service Profile (obsolete)", "部分有序服务配置（已废弃）"), "RFC 1693"},
	kindCC:                 {"cc", say("CC, T/TCP connection count (obsolete)", "CC，T/TCP 连接计数（已废弃）"), "RFC 1644, Section 3.1"},
	kindCCNew:              {"ccnew", say("CC.NEW (obsolete)", "CC.NEW（已废弃）"), "RFC 1644, Section 3.1"},
	kindCCEcho:             {"ccecho", say("CC.ECHO (obsolete)", "CC.ECHO（已废弃）"), "RFC 1644, Section 3.1"},
	14:                     {"altchksum", say("TCP Alternate Checksum Request (obsolete)", "TCP 替代校验和请求（已废弃）"), "RFC 1146"},
	15:                     {"altchkdata", say("TCP Alternate Checksum Data (obsolete)", "TCP 替代校验和数据（已废弃）"), "RFC 1146"},
	16:                     {"skeeter", say("Skeeter", "Skeeter"), registryTCP},
	17:                     {"bubba", say("Bubba", "Bubba"), registryTCP},
	18:                     {"trailer", say("Trailer Checksum Option", "尾部校验和选项"), registryTCP},
	wire.KindMD5:           {"md5", say("MD5 Signature", "MD5 签名"), "RFC 2385, Section 3"},
	20:                     {"scps", say("SCPS Capabilities", "SCPS 能力"), registryTCP},
	21:                     {"snack", say("Selective Negative Acknowledgements", "选择性否定确认"), registryTCP},
	22:                     {"recbound", say("Record Boundaries", "记录边界"), registryTCP},
	23:                     {"corruption", say("Corruption experienced", "遭遇损坏"), registryTCP},
	24:                     {"snap", say("SNAP", "SNAP"), registryTCP},
	26:                     {"compression", say("TCP Compression Filter", "TCP 压缩过滤器"), registryTCP},
	kindQuickStart:         {"qs", say("Quick-Start Response", "快速启动响应"), "RFC 4782, Section 4.2"},
	kindUserTimeout:        {"user_to", say("User Timeout", "用户超时"), "RFC 5482, Section 3"},
	kindAO:                 {"ao", say("TCP Authentication Option", "TCP 认证选项"), "RFC 5925, Section 2.2"},
	kindMultipath:          {"mptcp", say("Multipath TCP", "多路径 TCP"), "RFC 8684, Section 3"},
	wire.KindFastOpen:      {"fo", say("TCP Fast Open Cookie", "TCP Fast Open cookie"), sectionFastOpen},
	69:                     {"eno", say("Encryption Negotiation", "加密协商"), "RFC 8547, Section 4.1"},
	76:                     {"rvbd_probe", say("WAN optimizer's probe (not registered)", "广域网优化设备探测（未注册）"), registryTCP},
	78:                     {"rvbd_trpy", say("WAN optimizer's transparency (not registered)", "广域网优化设备透明选项（未注册）"), registryTCP},
	wire.KindAccECN0:       {"acc_ecn", say("Accurate ECN Order 0", "精确 ECN 顺序 0"), "RFC 9768, Section 3.2.3"},
	wire.KindAccECN1:       {"acc_ecn", say("Accurate ECN Order 1", "精确 ECN 顺序 1"), "RFC 9768, Section 3.2.3"},
	wire.KindExperiment1:   {"experimental", say("RFC 3692-style Experiment 1", "RFC 3692 式实验 1"), "RFC 6994, Section 3"},
	wire.KindExperiment2:   {"experimental", say("RFC 3692-style Experiment 2", "RFC 3692 式实验 2"), "RFC 6994, Section 3"},
})

// A tcpKind is a registered option with what is the same in every frame, so that it is not put together in each.
type tcpKind struct {
	optionKind
	path         string // ID of its group
	kind, length leaf
	meaning      bilingual.Text // of its kind
}

func withMeanings(kinds map[wire.OptionKind]optionKind) map[wire.OptionKind]*tcpKind {
	all := make(map[wire.OptionKind]*tcpKind, len(kinds))
	for number, kind := range kinds {
		all[number] = newTCPKind(kind)
	}
	return all
}

func newTCPKind(k optionKind) *tcpKind {
	path := "tcp.options." + k.id
	return &tcpKind{
		optionKind: k,
		path:       path,
		kind:       leaf{path + ".kind", "tcp.option_kind", say("Kind", "类型"), k.section},
		length:     leaf{path + ".length", "tcp.option_len", say("Length", "长度"), k.section},
		meaning:    say("Says which option this is: $1.", "表明这是哪个选项：$1。", k.name),
	}
}

var experimentalFastOpen = newTCPKind(optionKind{"foexp", say("TCP Fast Open Cookie, experimental form", "TCP Fast Open cookie（实验形式）"), "RFC 7413, Section 9; RFC 6994"})

// lengths of options that have only one.
var tcpOptionLengths = map[wire.OptionKind]uint64{
	wire.KindMSS: 4, wire.KindWindowScale: 3, wire.KindSACKPermitted: 2, wire.KindTimestamps: 10, wire.KindMD5: 18,
	kindEcho: 6, kindEchoReply: 6, kindCC: 6, kindCCNew: 6, kindCCEcho: 6, kindQuickStart: 8, kindUserTimeout: 4,
}

// tcpOptions reads the n bytes between the fixed header and the data.
func (b *builder) tcpOptions(n int) {
	if n <= 0 {
		return
	}
	there := b.left()
	if there == 0 {
		b.missing(say("Options", "选项"))
		return
	}
	outer := b.window(n)
	b.begin("tcp.options", say("Options", "选项"))
	summary := wire.Options(b.ahead()).String()
	for b.left() > 0 {
		if b.tcpOption() {
			break
		}
	}
	b.tcpPadding()
	b.close(summary)
	b.end = outer
	if n > there {
		b.missing(say("the rest of the options", "其余选项"))
	}
}

// tcpPadding is what stands behind the end of the list.
func (b *builder) tcpPadding() {
	if b.left() == 0 {
		return
	}
	bytes, f := b.bytes(b.left(), leaf{"tcp.options.padding", "", say("Header Padding", "首部填充"), sectionTCP})
	f.Meaning = say("Zeros that fill the header up to a multiple of 4 bytes.", "用零将首部填充到 4 字节的倍数。")
	for _, c := range bytes {
		if c != 0 {
			f.Bad, f.Meaning = true, say("Behind the end of the options there should be zeros only; receivers do not look at this.", "选项结束之后应全为零；接收方不会查看这些内容。")
			return
		}
	}
}

// tcpOption reads one option and reports whether nothing can be read behind it.
func (b *builder) tcpOption() (last bool) {
	list := b.ahead()
	number := wire.OptionKind(list[0])
	kind := b.tcpOptionKind(number, list)
	b.begin(kind.path, kind.name)
	_, f := b.number(8, kind.kind)
	f.Meaning = kind.meaning
	switch number {
	case wire.KindEOL:
		f.Meaning = say("The options end here; what follows up to the data is padding.", "选项到此结束；直到数据之前都是填充。")
		b.close("")
		return true
	case wire.KindNOP:
		f.Meaning = say("One byte that says nothing; it moves what follows to a multiple of 4 bytes.", "一个无意义的字节；用于使后面的内容对齐到 4 字节的倍数。")
		b.close("")
		return false
	}
	length, ok := b.tcpOptionLength(number, kind)
	if !ok {
		b.rest(leaf{kind.path + ".data", "", say("Option data", "选项数据"), kind.section}, say("Cannot be told apart, as the length is wrong.", "长度有误，无法区分。"))
		b.close("length " + itoa(length))
		return true
	}
	outer := b.window(int(length) - 2)
	summary := b.tcpOptionBody(number, kind.path, kind.section)
	if b.left() > 0 { // most often not, and the ID costs something
		b.rest(leaf{kind.path + ".rest", "", say("Surplus bytes", "多余字节"), kind.section}, surplus)
	}
	b.end = outer
	b.close(summary)
	return false
}

func (b *builder) tcpOptionKind(number wire.OptionKind, list []byte) *tcpKind {
	kind, known := tcpOptionKinds[number]
	switch {
	case !known:
		return newTCPKind(optionKind{"unknown", say("Unknown option $1", "未知选项 $1", int(number)), registryTCP})
	case number == wire.KindExperiment2 && isExperimentalFastOpen(list):
		return experimentalFastOpen
	}
	return kind
}

// tcpOptionLength reads the length of an option; ok tells that the rest of the list can be read by it.
func (b *builder) tcpOptionLength(number wire.OptionKind, kind *tcpKind) (length uint64, ok bool) {
	room := b.left() + 1
	length, f := b.number(8, kind.length)
	f.Unit, f.Meaning = unitBytes, say("The option has $1 bytes, kind and length included.", "选项连类型和长度共 $1 字节。", length)
	want, fixed := tcpOptionLengths[number]
	switch {
	case f.Width < 8:
		return 0, false
	case length < 2 || int(length) > room:
		f.Bad, f.Meaning = true, say("$1 bytes, which is impossible here: receivers stop reading options.", "$1 字节，在此不可能成立：接收方停止读取选项。", length)
		return length, false
	case fixed && length != want:
		f.Bad, f.Meaning = true, say("$1 bytes, though the option always has $2: receivers ignore it.", "$1 字节，而该选项总是 $2 字节：接收方忽略它。", length, want)
	}
	return length, true
}

// tcpOptionBody reads what stands behind kind and length, and returns it in a few words.
func (b *builder) tcpOptionBody(number wire.OptionKind, id, section string) (summary string) {
	switch number {
	case wire.KindMSS:
		return b.mss(id, section)
	case wire.KindWindowScale:
		return b.windowScale(id, section)
	case wire.KindSACKPermitted:
		return ""
	case wire.KindSACK:
		return b.sack(id, section)
	case wire.KindTimestamps:
		return b.timestamps(id, section)
	case wire.KindFastOpen:
		return b.fastOpen(id, false)
	case wire.KindExperiment1, wire.KindExperiment2:
		return b.experiment(id, section)
	}
	b.tcpRareOption(number, id, section)
	return ""
}

func (b *builder) mss(id, section string) string {
	mss, f := b.number(16, leaf{id + ".value", "tcp.options.mss_val", say("Maximum Segment Size", "最大报文段长度"), section})
	f.Unit = unitBytes
	f.Meaning = say("The sender of this takes up to $1 bytes of data in one segment, IP and TCP headers not counted.",
		"发送此选项的一方在一个报文段中最多接收 $1 字节数据，不含 IP 和 TCP 首部。", mss)
	return itoa(mss)
}

func (b *builder) windowScale(id, section string) string {
	shift, f := b.number(8, leaf{id + ".shift", "tcp.options.wscale.shift", say("Shift Count", "移位数"), section})
	f.Unit = say("bits", "位")
	f.Meaning = say("If both sides send this option, later windows of this sender are to be multiplied by 2 to the power of $1, that is $2.",
		"若双方都发送此选项，则该发送方此后的窗口须乘以 2 的 $1 次方，即 $2。", shift, uint64(1)<<min(shift, 14))
	if shift > 14 {
		f.Bad, f.Meaning = true, say("$1, above the greatest shift: receivers take it for 14.", "$1，超过最大移位数：接收方按 14 处理。", shift)
	}
	return itoa(shift)
}

func (b *builder) sack(id, section string) string {
	for b.left() > 0 {
		left, f := b.number(32, leaf{id + ".left", "tcp.options.sack_le", say("Left Edge", "左边界"), section})
		f.Meaning = say("The first number of a block that has come although something before it is missing.", "已收到的一个数据块的首个序列号，其前面的数据尚有缺失。")
		right, f := b.number(32, leaf{id + ".right", "tcp.options.sack_re", say("Right Edge", "右边界"), section})
		f.Meaning = say("The number behind the last one of that block, which has $1 bytes.", "该块最后一个序列号的下一个序列号；该块有 $1 字节。", uint64(uint32(right-left)))
	}
	return ""
}

func (b *builder) timestamps(id, section string) string {
	val, f := b.number(32, leaf{id + ".tsval", "tcp.options.timestamp.tsval", say("TSval, Timestamp Value", "TSval，时间戳值"), section})
	f.Meaning = say("The sender's clock, in steps of its own: $1; the receiver sends it back.", "发送方的时钟，步长自定：$1；接收方会将其回送。", val)
	ecr, f := b.number(32, leaf{id + ".tsecr", "tcp.options.timestamp.tsecr", say("TSecr, Timestamp Echo Reply", "TSecr，时间戳回显应答"), section})
	f.Meaning = say("A timestamp of the other side, sent back so that it can measure the round trip: $1.", "回送对方的时间戳，以便其测量往返时间：$1。", ecr)
	return itoa(val) + " " + itoa(ecr)
}
