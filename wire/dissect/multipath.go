package dissect

import "tfocraft/wire/bilingual"

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
	switch {
	case f.Width < 4:
	case subtype == 0:
		b.multipathCapable(id, section)
	case subtype == 1:
		b.multipathJoin(id, "RFC 8684, Section 3.2")
	default:
		_, f = b.code(4, leaf{id + ".flags", "", say("Flags", "标志"), section})
		f.Meaning = say("Flags of this subtype.", "该子类型的标志。")
	}
	b.optionData(id, "", section)
}

// multipathCapable is MP_CAPABLE, which opens a connection.
func (b *builder) multipathCapable(id, section string) {
	version, f := b.number(4, leaf{id + ".version", "tcp.options.mptcp.version", say("Version", "版本"), section})
	f.Meaning = say("Which version of Multipath TCP: $1.", "多路径 TCP 的版本：$1。", version)
	b.flag(leaf{id + ".a", "tcp.options.mptcp.checksumreq.flags", say("A, Checksum Required", "A，要求校验和"), section},
		say("Data must have checksums.", "数据必须带校验和。"), say("Data needs no checksums.", "数据不需要校验和。"))
	b.flag(leaf{id + ".b", "tcp.options.mptcp.extensibility.flag", say("B, Extensibility", "B，可扩展"), section},
		say("Kept for later use and should be 0.", "留作将来使用，应为 0。"), say("Kept for later use.", "留作将来使用。"))
	b.flag(leaf{id + ".c", "tcp.options.mptcp.nomoresubflows.flag", say("C", "C"), section},
		say("No more paths to this address and port.", "不再建立到此地址和端口的路径。"), say("More paths to this address and port may follow.", "可以再建立到此地址和端口的路径。"))
	_, f = b.code(4, leaf{id + ".reserved", "", say("D to G", "D 到 G"), section})
	f.Meaning = say("Kept for other ways of authentication.", "留给其他认证方式。")
	b.flag(leaf{id + ".h", "tcp.options.mptcp.sha256.flag", say("H, HMAC-SHA256", "H，HMAC-SHA256"), section},
		say("Paths are authenticated by HMAC-SHA256.", "用 HMAC-SHA256 认证路径。"), say("HMAC-SHA256 is not offered.", "不提供 HMAC-SHA256。"))
	if b.left() >= 8 {
		_, f = b.number(64, leaf{id + ".sendkey", "tcp.options.mptcp.sendkey", say("Sender's Key", "发送方密钥"), section})
		f.Meaning = say("By this later paths of the connection are recognized.", "用于识别此连接之后加入的路径。")
	}
	if b.left() >= 8 {
		_, f = b.number(64, leaf{id + ".recvkey", "tcp.options.mptcp.recvkey", say("Receiver's Key", "接收方密钥"), section})
		f.Meaning = say("The other side's key, sent back.", "回送的对方密钥。")
	}
}

// multipathJoin is MP_JOIN, which adds a path; its three forms differ in length.
func (b *builder) multipathJoin(id, section string) {
	const mptcp = "tcp.options.mptcp."
	switch b.left() {
	case 9, 13: // whole bytes that are left: in a SYN, in a SYN-ACK
	default:
		_, f := b.code(4, leaf{id + ".reserved", "", say("Reserved", "保留"), section})
		f.Meaning = reservedMeaning
		return
	}
	_, f := b.code(3, leaf{id + ".reserved", "", say("Reserved", "保留"), section})
	f.Meaning = reservedMeaning
	b.flag(leaf{id + ".backup", mptcp + "backup.flag", say("B, Backup", "B，备用"), section},
		say("This path is to be used only if no other works.", "仅在没有其他可用路径时使用此路径。"), say("This path is as good as others.", "此路径与其他路径同等使用。"))
	address, f := b.number(8, leaf{id + ".addrid", mptcp + "addrid", say("Address ID", "地址 ID"), section})
	f.Meaning = say("The sender's number of this address: $1.", "发送方给此地址的编号：$1。", address)
	if b.left() == 8 {
		_, f = b.number(32, leaf{id + ".token", mptcp + "recvtok", say("Receiver's Token", "接收方令牌"), section})
		f.Meaning = say("Which connection the path is to be added to.", "此路径要加入哪个连接。")
	} else {
		_, f = b.number(64, leaf{id + ".hmac", mptcp + "sendtrunchmac", say("Sender's Truncated HMAC", "发送方截短的 HMAC"), section})
		f.Meaning = say("Shows that the sender has the keys of the connection.", "证明发送方持有该连接的密钥。")
	}
	_, f = b.number(32, leaf{id + ".nonce", mptcp + "sendrand", say("Sender's Random Number", "发送方随机数"), section})
	f.Meaning = say("Makes the other side's HMAC different every time.", "使对方的 HMAC 每次都不同。")
}
