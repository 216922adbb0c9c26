package dissect

import (
	"encoding/binary"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

const sectionFastOpen = "RFC 7413, Section 4.1.1"

// isExperimentalFastOpen reports whether an option of kind 254, with what stands behind it, is Fast Open.
func isExperimentalFastOpen(list []byte) bool {
	return len(list) >= 4 && list[1] >= 4 && binary.BigEndian.Uint16(list[2:]) == wire.FastOpenExID
}

// fastOpen reads what a Fast Open option of either form has behind its fixed part.
func (b *builder) fastOpen(id string, experimental bool) (summary string) {
	n := b.left()
	length := &b.frame.Fields[len(b.frame.Fields)-1]
	if experimental {
		length = &b.frame.Fields[len(b.frame.Fields)-2]
	}
	switch {
	case n == 0:
		length.Meaning = say("$1 bytes, so there is no cookie in it: the option asks for one.", "共 $1 字节，因此其中没有 Cookie：该选项用于请求 Cookie。", length.Value)
		return "cookie request"
	case !wire.LegalCookieLen(n):
		length.Bad = true
		length.Meaning = say("$1 bytes, so the cookie has $2; a cookie has an even number from 4 to 16, so receivers ignore the option.",
			"共 $1 字节，因此 Cookie 有 $2 字节；Cookie 应为 4 到 16 字节且为偶数，因此接收方忽略此选项。", length.Value, n)
	default:
		length.Meaning = say("$1 bytes, so the cookie has $2.", "共 $1 字节，因此 Cookie 有 $2 字节。", length.Value, n)
	}
	bytes, f := b.bytes(n, leaf{id + ".cookie", "tcp.options.tfo.cookie", say("Cookie", "Cookie"), sectionFastOpen})
	f.Bad = !wire.LegalCookieLen(n)
	f.Meaning = say("What the server has made of the client's address and its secret key: proof that whoever sends it was at that address before.",
		"服务器由客户端地址和自己的密钥生成：证明发送者此前确实位于该地址。")
	if f.Bad {
		f.Meaning = say("Not a legal cookie, as it has $1 bytes: an even number from 4 to 16 is required.", "不是合法的 Cookie，因为它有 $1 字节：须为 4 到 16 字节且为偶数。", n)
	}
	return "cookie " + hexBytes(bytes)
}

// experiments are the experiment identifiers of RFC 6994 that are known here.
var experiments = map[uint64]bilingual.Text{
	0x0ede:            say("Extended Data Offset", "扩展数据偏移"),
	0x454e:            say("Encryption Negotiation (TCP-ENO)", "加密协商（TCP-ENO）"),
	0xacc0:            say("Accurate ECN, order 0", "精确 ECN，顺序 0"),
	0xacc1:            say("Accurate ECN, order 1", "精确 ECN，顺序 1"),
	0xacce:            say("Accurate ECN", "精确 ECN"),
	0xe2d4:            say("Shared Memory Communications (SMC-R, with the two bytes that follow)", "共享内存通信（SMC-R，连同其后两个字节）"),
	wire.FastOpenExID: say("TCP Fast Open", "TCP 快速打开"),
}

// experiment reads an option of kind 253 or 254: first comes an identifier, which tells experiments from each other.
func (b *builder) experiment(id string, kind optionKind) (summary string) {
	exid, f := b.code(16, leaf{id + ".exid", "tcp.options.experimental.exid", say("ExID, Experiment Identifier", "ExID，实验标识符"), "RFC 6994, Section 3"})
	name, known := experiments[exid]
	if !known {
		name = say("not one that is known here", "此处未知的实验")
	}
	f.Meaning = say("Which experiment the option belongs to: $1.", "该选项属于哪个实验：$1。", name)
	if f.Width < 16 {
		return ""
	}
	if id == "tcp.options.foexp" {
		return b.fastOpen(id, true)
	}
	b.optionData(id, "tcp.options.experimental.data", kind.section)
	return hexCode(exid, 16)
}
