package dissect

import (
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// tcpRareOption reads the body of an option that handshakes seldom have.
func (b *builder) tcpRareOption(number wire.OptionKind, id, section string) {
	switch number {
	case kindEcho, kindEchoReply:
		v, f := b.number(32, leaf{id + ".value", "tcp.options.echo_value", say("Info", "信息"), section})
		f.Meaning = say("A value that the other side sends back: $1; replaced by Timestamps.", "由对方回送的值：$1；已被时间戳选项取代。", v)
	case kindCC, kindCCNew, kindCCEcho:
		v, f := b.number(32, leaf{id + ".value", "tcp.options.cc_value", say("Connection Count", "连接计数"), section})
		f.Meaning = say("T/TCP's number of the connection, by which it did without a handshake: $1; abandoned (RFC 6247).",
			"T/TCP 的连接编号，借此省去握手：$1；已弃用（RFC 6247）。", v)
	case wire.KindMD5:
		_, f := b.bytes(16, leaf{id + ".digest", "tcp.options.md5.digest", say("MD5 Digest", "MD5 摘要"), section})
		f.Meaning = say("A digest of header and data with a password that both sides know: it shows that the segment is genuine.",
			"用双方已知的口令对首部和数据计算的摘要：证明报文段是真实的。")
	case kindQuickStart:
		b.quickStart(id, section)
	case kindUserTimeout:
		b.userTimeout(id, section)
	case kindAO:
		b.authentication(id, section)
	case kindMultipath:
		b.multipath(id, section)
	case wire.KindAccECN0, wire.KindAccECN1:
		b.accurateECN(id, number == wire.KindAccECN0)
	default:
		b.optionData(id, "", section)
	}
}

func (b *builder) quickStart(id, section string) {
	_, f := b.number(4, leaf{id + ".reserved", "", say("Reserved", "保留"), section})
	f.Meaning = say("Has no meaning and should be 0.", "没有含义，应为 0。")
	rate, f := b.number(4, leaf{id + ".rate", "tcp.options.qs.rate", say("Rate Request", "速率请求"), section})
	f.Meaning = say("The rate that the routers on the way have approved, as a power of two: $1.", "途中路由器批准的速率，以 2 的幂表示：$1。", rate)
	ttl, f := b.number(8, leaf{id + ".ttl_diff", "tcp.options.qs.ttl_diff", say("TTL Diff", "TTL 差"), section})
	f.Meaning = say("Shows whether every router has taken part: $1.", "表明是否每个路由器都参与了：$1。", ttl)
	_, f = b.code(30, leaf{id + ".nonce", "", say("QS Nonce", "QS 随机数"), section})
	f.Meaning = say("Shows that the approved rate is no invention of the receiver.", "证明批准的速率并非接收方捏造。")
	_, f = b.number(2, leaf{id + ".reserved", "", say("Reserved", "保留"), section})
	f.Meaning = say("Has no meaning and should be 0.", "没有含义，应为 0。")
}

func (b *builder) userTimeout(id, section string) {
	minutes := b.flag(leaf{id + ".granularity", "tcp.options.user_to_granularity", say("G, Granularity", "G，粒度"), section},
		say("The timeout counts minutes.", "超时以分钟计。"), say("The timeout counts seconds.", "超时以秒计。"))
	v, f := b.number(15, leaf{id + ".value", "tcp.options.user_to_val", say("User Timeout", "用户超时"), section})
	f.Unit = unitSeconds
	if minutes {
		f.Unit = say("minutes", "分钟")
	}
	f.Meaning = say("How long data may stay unacknowledged before the sender gives up the connection: $1 $2.", "数据可以多久得不到确认而不放弃连接：$1 $2。", v, f.Unit)
}

func (b *builder) authentication(id, section string) {
	key, f := b.number(8, leaf{id + ".keyid", "tcp.options.ao.keyid", say("KeyID", "KeyID"), section})
	f.Meaning = say("Which key the code was made with: number $1.", "生成认证码所用的密钥：编号 $1。", key)
	next, f := b.number(8, leaf{id + ".rnextkeyid", "tcp.options.ao.rnextkeyid", say("RNextKeyID", "RNextKeyID"), section})
	f.Meaning = say("Which key the sender wants to receive with next: number $1.", "发送方希望接下来对方使用的密钥：编号 $1。", next)
	if n := b.left(); n > 0 {
		_, f = b.bytes(n, leaf{id + ".mac", "tcp.options.ao.mac", say("MAC, Message Authentication Code", "MAC，消息认证码"), section})
		f.Meaning = say("Shows, to who has the key, that the segment is genuine.", "向持有密钥者证明报文段是真实的。")
	}
}

var multipathSubtypes = map[uint64]bilingual.Text{
	0:  say("MP_CAPABLE: the sender can do Multipath TCP", "MP_CAPABLE：发送方支持多路径 TCP"),
	1:  say("MP_JOIN: another path of a connection that exists", "MP_JOIN：加入已有连接的另一条路径"),
	2:  say("DSS: where the data belongs in the whole stream", "DSS：数据在整个字节流中的位置"),
	3:  say("ADD_ADDR: another address of the sender", "ADD_ADDR：发送方的另一个地址"),
	4:  say("REMOVE_ADDR: an address is no longer in use", "REMOVE_ADDR：某个地址不再使用"),
	5:  say("MP_PRIO: how much a path is wanted", "MP_PRIO：路径的优先级"),
	6:  say("MP_FAIL: a checksum was wrong, go on with plain TCP", "MP_FAIL：校验和错误，退回普通 TCP"),
	7:  say("MP_FASTCLOSE: break off the whole connection", "MP_FASTCLOSE：中止整个连接"),
	8:  say("MP_TCPRST: why this path is reset", "MP_TCPRST：重置此路径的原因"),
	15: say("MP_EXPERIMENTAL: an experiment", "MP_EXPERIMENTAL：实验"),
}

func (b *builder) multipath(id, section string) {
	subtype, f := b.number(4, leaf{id + ".subtype", "tcp.options.mptcp.subtype", say("Subtype", "子类型"), section})
	name, known := multipathSubtypes[subtype]
	if !known {
		name = say("not a known one", "未知")
	}
	f.Meaning = say("What the option says: $1.", "该选项的内容：$1。", name)
	if subtype == 0 && f.Width == 4 {
		b.multipathCapable(id, section)
		return
	}
	_, f = b.code(4, leaf{id + ".flags", "", say("Flags", "标志"), section})
	f.Meaning = say("Flags of this subtype.", "该子类型的标志。")
	b.optionData(id, "", section)
}

// multipathCapable is MP_CAPABLE, which opens a connection.
func (b *builder) multipathCapable(id, section string) {
	version, f := b.number(4, leaf{id + ".version", "tcp.options.mptcp.version", say("Version", "版本"), section})
	f.Meaning = say("Which version of Multipath TCP: $1.", "多路径 TCP 的版本：$1。", version)
	_, f = b.code(8, leaf{id + ".flags", "tcp.options.mptcp.flags", say("Flags", "标志"), section})
	f.Meaning = say("Whether checksums are required (A), and which way of authentication is offered (H).", "是否要求校验和（A），以及提供哪种认证方式（H）。")
	if b.left() >= 8 {
		_, f = b.number(64, leaf{id + ".sendkey", "tcp.options.mptcp.sendkey", say("Sender's Key", "发送方密钥"), section})
		f.Meaning = say("By this later paths of the connection are recognized.", "用于识别此连接之后加入的路径。")
	}
	if b.left() >= 8 {
		_, f = b.number(64, leaf{id + ".recvkey", "tcp.options.mptcp.recvkey", say("Receiver's Key", "接收方密钥"), section})
		f.Meaning = say("The other side's key, sent back.", "回送的对方密钥。")
	}
	b.optionData(id, "", section)
}

// accurateECN reads up to three counters; the orders differ in which comes first.
func (b *builder) accurateECN(id string, order0 bool) {
	const section = "RFC 9768, Section 3.2.3"
	fields := [3]leaf{
		{id + ".ee0b", "tcp.options.acc_ecn.ee0b", say("EE0B, ECT(0) byte counter", "EE0B，ECT(0) 字节计数"), section},
		{id + ".eceb", "tcp.options.acc_ecn.eceb", say("ECEB, CE byte counter", "ECEB，CE 字节计数"), section},
		{id + ".ee1b", "tcp.options.acc_ecn.ee1b", say("EE1B, ECT(1) byte counter", "EE1B，ECT(1) 字节计数"), section},
	}
	if !order0 {
		fields[0], fields[2] = fields[2], fields[0]
	}
	for _, l := range fields {
		if b.left() == 0 {
			return
		}
		n, f := b.number(24, l)
		f.Unit, f.Meaning = unitBytes, say("How many bytes came with this mark, the low 24 bits: $1.", "带此标记到达的字节数，低 24 位：$1。", n)
	}
}
