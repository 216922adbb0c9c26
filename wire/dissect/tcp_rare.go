package dissect

import "tfocraft/wire"

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
		b.optionData(id, rareFilter(number), section)
	}
}

// rareFilter is Wireshark's name of the data of an option that it does not know. Those that it knows have names for their parts.
func rareFilter(number wire.OptionKind) string {
	switch number {
	case 20, 21, 22, 23, 76, 78:
		return ""
	}
	return "tcp.options.unknown.payload"
}

func (b *builder) quickStart(id, section string) {
	_, f := b.number(4, leaf{id + ".reserved", "", say("Reserved", "保留"), section})
	f.Meaning = reservedMeaning
	rate, f := b.number(4, leaf{id + ".rate", "tcp.options.qs.rate", say("Rate Request", "速率请求"), section})
	f.Meaning = say("The rate that the routers on the way have approved, as a power of two: $1.", "途中路由器批准的速率，以 2 的幂表示：$1。", rate)
	ttl, f := b.number(8, leaf{id + ".ttl_diff", "tcp.options.qs.ttl_diff", say("TTL Diff", "TTL 差"), section})
	f.Meaning = say("Shows whether every router has taken part: $1.", "表明是否每个路由器都参与了：$1。", ttl)
	_, f = b.code(30, leaf{id + ".nonce", "", say("QS Nonce", "QS 随机数"), section})
	f.Meaning = say("Shows that the approved rate is no invention of the receiver.", "证明批准的速率并非接收方捏造。")
	_, f = b.number(2, leaf{id + ".reserved", "", say("Reserved", "保留"), section})
	f.Meaning = reservedMeaning
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
