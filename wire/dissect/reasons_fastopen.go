package dissect

import (
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// fastOpenReason explains a Fast Open option: option is "fo" or "foexp".
func (x *explainer) fastOpenReason(option, part string) bilingual.Text {
	switch {
	case part == "cookie":
		return x.cookieReason()
	case part == "exid":
		return say("0xF989 marks Fast Open; it was in use before kind 34 was assigned (RFC 7413, Section 9).", "0xF989 标识 Fast Open；在分配类型 34 之前使用（RFC 7413，第 9 节）。")
	case part == "kind" && option == "foexp":
		return say("The experimental form, from before kind 34 was assigned: the sender is old, or tries it since kind 34 was dropped on the way.",
			"分配类型 34 之前的实验形式：发送方较旧，或因途中丢弃类型 34 而改用它。")
	case part == "kind":
		return say("34 is the number that IANA assigned to Fast Open in 2014 (RFC 7413, Section 9).", "34 是 IANA 于 2014 年分配给 Fast Open 的编号（RFC 7413，第 9 节）。")
	case part == "length" && !x.hasCookie(option):
		return x.requestReason()
	case part == "length":
		return say("The server chooses how long its cookies are, an even number of bytes from 4 to 16; most make them 8 bytes long (RFC 7413, Section 4.1.1).",
			"cookie 的长度由服务器决定，为 4 到 16 字节的偶数；多数为 8 字节（RFC 7413，第 4.1.1 节）。")
	}
	return bilingual.Text{}
}

// hasCookie reports whether the frame has a cookie in an option of that form.
func (x *explainer) hasCookie(option string) bool {
	id := "tcp.options." + option + ".cookie"
	for i := range x.frame.Fields {
		if x.frame.Fields[i].ID == id {
			return true
		}
	}
	return false
}

// requestReason is for an option without a cookie.
func (x *explainer) requestReason() bilingual.Text {
	switch {
	case x.syn() && len(x.facts.Granted) > 0:
		return say("The client asks for a cookie, although frame $1 has brought it one: it has forgotten that, or does not use it.", "客户端请求 cookie，尽管第 $1 帧已给过它：它已遗忘，或不使用。", x.facts.GrantedFrame)
	case x.syn():
		return say("The client has no cookie of this server yet, so it asks for one: from the next connection on it can send data in the SYN (RFC 7413, Section 4.2.1).",
			"客户端还没有该服务器的 cookie，因此请求一个：从下一个连接起就可以在 SYN 中发送数据（RFC 7413，第 4.2.1 节）。")
	case x.synAck():
		return say("An empty option in a SYN-ACK grants nothing; some servers say with it that they know Fast Open.", "SYN-ACK 中的空选项不授予任何 cookie；有的服务器以此表示支持 Fast Open。")
	}
	return say("Fast Open is for SYNs only: receivers ignore it here.", "Fast Open 仅用于 SYN：接收方在此忽略它。")
}

// cookieReason says where a cookie comes from and whether it will do.
func (x *explainer) cookieReason() bilingual.Text {
	f := &x.facts
	granted := say("frame $1", "第 $1 帧", f.GrantedFrame)
	if f.GrantedConnection > 0 {
		granted = say("frame $1 (connection $2)", "第 $1 帧（连接 $2）", f.GrantedFrame, f.GrantedConnection)
	}
	switch f.Cookie {
	case follow.CookieGranted:
		return say("The cookie that this server has granted to this client in $1: the client shows by it that it was at this address before.",
			"该服务器在$1授予此客户端的 cookie：客户端以此证明此前就在这个地址。", granted)
	case follow.CookieForeign:
		return say("A cookie that was granted to another client: for this address it is wrong, and the server does not take the data.", "授予另一客户端的 cookie：对此地址无效，服务器不会接受数据。")
	case follow.CookieOther:
		return say("Not the cookie that this client was granted in $1: invented, or from before the server changed its key.", "不是此客户端在$1获得的 cookie：是捏造的，或来自服务器更换密钥之前。", granted)
	case follow.CookieRight:
		if x.synAck() {
			return say("What the server's key makes of this client's address.", "由服务器密钥和此客户端的地址生成。")
		}
		return say("Right for this client's address under the server's key: the server will take the data of the SYN.", "在服务器密钥下对此客户端地址有效：服务器将接受 SYN 中的数据。")
	case follow.CookieWrong:
		return say("Wrong for this client's address under the server's key: the server takes only the SYN, and answers with the right cookie.", "在服务器密钥下对此客户端地址无效：服务器只接受 SYN，并以正确的 cookie 应答。")
	}
	return x.unjudgedCookie(granted)
}

// unjudgedCookie is for cookies that nothing can be compared with, and for those of SYN-ACKs.
func (x *explainer) unjudgedCookie(granted bilingual.Text) bilingual.Text {
	switch verdict := x.facts.Cookie; {
	case verdict == follow.CookieNew && x.facts.SynOption == follow.OptionCookie:
		return say("Instead of the cookie in the SYN, which was not right: the server has changed its key, or the client's address has changed. The client replaces what it has cached.",
			"用于替换 SYN 中不正确的 cookie：服务器更换了密钥，或客户端地址变了。客户端替换已缓存的 cookie。")
	case verdict == follow.CookieNew && len(x.facts.Granted) > 0:
		return say("Another cookie than in $1: the server has changed its key, or the client's address has changed. The client replaces what it has cached.",
			"与$1的 cookie 不同：服务器更换了密钥，或客户端地址变了。客户端替换已缓存的 cookie。", granted)
	case verdict == follow.CookieNew:
		return say("Granted: the server has made it of the client's address and its secret key. The client keeps it, with the MSS, for its next connections (RFC 7413, Section 4.1.3).",
			"授予：服务器由客户端地址和自己的密钥生成。客户端将其与 MSS 一起缓存，供以后的连接使用（RFC 7413，第 4.1.3 节）。")
	case verdict == follow.CookieAgain:
		return say("The same cookie as in $1: client, address and key are the same.", "与$1的 cookie 相同：客户端、地址和密钥都没有变。", granted)
	case x.synAck():
		return say("The server has made it of the client's address and its secret key.", "服务器由客户端地址和自己的密钥生成。")
	case x.syn():
		return say("The client has it from an earlier connection to this server, which was not seen.", "客户端在此前与该服务器的连接中获得，该连接没有被观察到。")
	}
	return say("Fast Open is for SYNs only: receivers ignore it here.", "Fast Open 仅用于 SYN：接收方在此忽略它。")
}

// synDataReason is for data behind a cookie: the MSS that a client caches with the cookie bounds it, and the options count.
func (x *explainer) synDataReason() bilingual.Text {
	options, mss := max(x.tcpHeader-wire.HeaderLen, 0), x.facts.CachedMSS
	total := bytesOf(x.sent() + options)
	early := say("Fast Open: $1 of the application's data go with the SYN instead of one round trip later (RFC 7413, Section 4.2.2).",
		"Fast Open：应用的 $1数据随 SYN 发出，不必再等一个往返（RFC 7413，第 4.2.2 节）。", bytesOf(x.sent()))
	switch {
	case mss == 0:
		return after(early, say("With the options, $1, they must fit the MSS that the client has cached with the cookie, which was not seen here; without one 536 bytes, or 1220 over IPv6 (RFC 7413, Section 4.1.3).",
			"连同选项（$1），不得超过客户端与 cookie 一同缓存的 MSS（此处没有观察到）；未缓存 MSS 时上限为 536 字节，IPv6 为 1220 字节（RFC 7413，第 4.1.3 节）。", bytesOf(options)))
	case x.sent()+options > mss:
		return after(early, say("With the options, $1, they are $2: more than the MSS of $3 that the server announced before, and that a client caches with the cookie (RFC 7413, Section 4.1.3). This client goes by another limit; the SYN may be too big for the server or the path.",
			"连同选项（$1）共 $2，超过了服务器此前通告、客户端应与 cookie 一同缓存的 MSS $3（RFC 7413，第 4.1.3 节）。此客户端采用了别的上限；该 SYN 对服务器或路径来说可能太大。", bytesOf(options), total, mss))
	}
	return after(early, say("With the options, $1, they are $2: that fits the MSS of $3 that the server announced before, and that a client caches with the cookie (RFC 7413, Section 4.1.3).",
		"连同选项（$1）共 $2，不超过服务器此前通告、客户端应与 cookie 一同缓存的 MSS $3（RFC 7413，第 4.1.3 节）。", bytesOf(options), total, mss))
}
