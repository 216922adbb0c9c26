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
		return say("The experimental form, from before kind 34 was assigned: used by old systems, in answer to them, and by those that have found kind 34 to be dropped on the way.",
			"分配类型 34 之前的实验形式：用于旧系统、对旧系统的应答，以及发现类型 34 在途中被丢弃的发送方。")
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
		return say("The client asks for a cookie, although frame $1 has one for it: that has not reached it, is forgotten, or is not used.", "客户端请求 cookie，尽管第 $1 帧已授予过：它没有收到、已遗忘，或不使用。", x.facts.GrantedFrame)
	case x.syn():
		return say("The client asks for a cookie, as one does that has none of this server: with it, it can send data in the SYN from the next connection on (RFC 7413, Section 4.2.1).",
			"客户端请求 cookie，通常是因为还没有该服务器的 cookie：有了它，从下一个连接起就可以在 SYN 中发送数据（RFC 7413，第 4.2.1 节）。")
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
		return say("A cookie that was granted to another client: a server that makes them of the address, as it should, finds it wrong for this one and does not take the data.", "授予另一客户端的 cookie：按要求由地址生成 cookie 的服务器会发现它对此地址无效，不接受数据。")
	case follow.CookieOther:
		return say("Not the cookie that this client was granted in $1: invented, from before the server changed its key, or from a connection that was not seen.", "不是此客户端在$1获得的 cookie：是捏造的、来自服务器更换密钥之前，或来自没有被观察到的连接。", granted)
	case follow.CookieRight:
		if x.synAck() {
			return say("What the server's key makes of this client's address.", "由服务器密钥和此客户端的地址生成。")
		}
		return say("Right for this client's address under the server's key: a server that has room for another such connection takes the data of the SYN.", "在服务器密钥下对此客户端地址有效：只要还能容纳这样的连接，服务器就会接受 SYN 中的数据。")
	case follow.CookieWrong:
		return say("Wrong for this client's address under the server's key: a server takes only the SYN then, and usually answers with the right cookie.", "在服务器密钥下对此客户端地址无效：服务器此时只接受 SYN，并且通常以正确的 cookie 应答。")
	}
	return x.unjudgedCookie(granted)
}

// unjudgedCookie is for cookies that nothing can be compared with, and for those of SYN-ACKs.
func (x *explainer) unjudgedCookie(granted bilingual.Text) bilingual.Text {
	switch verdict := x.facts.Cookie; {
	case verdict == follow.CookieNew && x.facts.SynAcked > 0:
		return say("Another cookie, although the one in the SYN was good enough to have the data taken: the server renews it. The client replaces what it has cached.",
			"新的 cookie，尽管 SYN 中的 cookie 已足以使数据被接受：服务器更新它。客户端替换已缓存的 cookie。")
	case verdict == follow.CookieNew && x.facts.SynOption == follow.OptionCookie:
		return say("Instead of the cookie in the SYN, which the server has not accepted: as a rule its key has changed, or the client's address. The client replaces what it has cached.",
			"用于替换 SYN 中未被服务器接受的 cookie：通常是服务器更换了密钥，或客户端地址变了。客户端替换已缓存的 cookie。")
	case verdict == follow.CookieNew && len(x.facts.Granted) > 0:
		return say("Another cookie than in $1, for the same address: as a rule the server has changed its key, or several servers with keys of their own share its address. The client replaces what it has cached.",
			"与$1的 cookie 不同，而地址相同：通常是服务器更换了密钥，或多台密钥不同的服务器共用其地址。客户端替换已缓存的 cookie。", granted)
	case verdict == follow.CookieNew:
		return say("Granted: the server has made it of the client's address and its secret key. The client keeps it, with the MSS, for its next connections (RFC 7413, Section 4.1.3).",
			"授予：服务器由客户端地址和自己的密钥生成。客户端将其与 MSS 一起缓存，供以后的连接使用（RFC 7413，第 4.1.3 节）。")
	case verdict == follow.CookieAgain:
		return say("The same cookie as in $1: client, address and key are the same.", "与$1的 cookie 相同：客户端、地址和密钥都没有变。", granted)
	case x.synAck():
		return say("The server has made it of the client's address and its secret key.", "服务器由客户端地址和自己的密钥生成。")
	case x.syn():
		return say("As a rule the client has it from an earlier connection to this server; that was not seen, so it cannot be judged here.", "通常是客户端在此前与该服务器的连接中获得的；该连接没有被观察到，因此无法在此判断。")
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
