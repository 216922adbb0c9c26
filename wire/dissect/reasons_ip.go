package dissect

import (
	"net/netip"
	"strings"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// ipReason is for the fields of an IPv4 header.
func (x *explainer) ipReason(id string, f *Field) bilingual.Text {
	switch id {
	case "ip.version":
		return say("The protocol of the link says IPv4, and both addresses are of version 4.", "链路层协议字段表明是 IPv4，且两个地址都是第 4 版。")
	case "ip.hdr_len":
		return say("20 bytes that are always there, and $1 of options; it tells where TCP begins.", "固定的 20 字节，加上 $1 字节选项；由此得知 TCP 的起始位置。", max(x.ipHeader-wire.IPv4Len, 0))
	case "ip.dsfield.dscp":
		return x.dscpReason(f)
	case "ip.flags.rb":
		return reservedReason()
	case "ip.dsfield.ecn":
		return x.ecnReason(f)
	case "ip.len":
		return x.lengthReason4(x.ipLen - x.ipHeader - x.tcpHeader)
	case "ip.id":
		return x.identificationReason(f)
	case "ip.flags.df":
		return x.dfReason()
	case "ip.flags.mf", "ip.frag_offset":
		return x.fragmentReason(f)
	case "ip.ttl":
		return hopsReason(x.value(f))
	case "ip.proto":
		return x.protocolReason()
	case "ip.checksum":
		return say("Made anew by every router, as each changes the Time to Live; IPv6 has none.", "每个路由器都会修改生存时间，因此逐跳重新计算；IPv6 没有此字段。")
	case "ip.src":
		return x.addrReason(f, x.facts.Sender.Addr.Addr(), x.sender)
	case "ip.dst":
		return x.addrReason(f, x.facts.Receiver.Addr.Addr(), x.receiver)
	}
	return bilingual.Text{}
}

// ipv6Reason is for the fields of an IPv6 header and its extensions.
func (x *explainer) ipv6Reason(id string, f *Field) bilingual.Text {
	switch id {
	case "ipv6.version":
		return say("The protocol of the link says IPv6, and both addresses are of version 6.", "链路层协议字段表明是 IPv6，且两个地址都是第 6 版。")
	case "ipv6.tclass.dscp":
		return x.dscpReason(f)
	case "ipv6.tclass.ecn":
		return x.ecnReason(f)
	case "ipv6.flow":
		if x.value(f) == 0 {
			return say("Its sender does not label flows, and no router on the way has done it (RFC 6437, Section 3).", "发送方不标记流，途中的路由器也没有标记（RFC 6437，第 3 节）。")
		}
		return say("Chosen by the sender, or by a router in front of it, as good as at random (RFC 6437, Section 3).", "由发送方或其前面的路由器选取，近似随机（RFC 6437，第 3 节）。")
	case "ipv6.plen":
		return x.lengthReason6()
	case "ipv6.nxt":
		return x.protocolReason()
	case "ipv6.hlim":
		return hopsReason(x.value(f))
	case "ipv6.src":
		return x.addrReason(f, x.facts.Sender.Addr.Addr(), x.sender)
	case "ipv6.dst":
		return x.addrReason(f, x.facts.Receiver.Addr.Addr(), x.receiver)
	}
	return bilingual.Text{}
}

func (x *explainer) dscpReason(f *Field) bilingual.Text {
	if x.value(f) == 0 {
		return say("The default: nobody has asked for a special treatment, or a router on the way has taken the mark off.", "默认值：没有要求特殊处理，或途中的路由器清除了标记。")
	}
	return say("The sender or a router on the way has asked for this treatment.", "发送方或途中的路由器要求这样处理。")
}

func reservedReason() bilingual.Text {
	return say("Whoever does not know a later meaning of the bit has to send 0.", "不了解该位将来含义的发送方必须置 0。")
}

// ecnReason is for the ECN field. RFC 3168 allows ECT for new data only; experiments may use it on every segment (RFC 8311).
func (x *explainer) ecnReason(f *Field) bilingual.Text {
	ecn := x.value(f)
	switch {
	case ecn == 3:
		return say("It left its sender as ECT; the mark stands for a packet that would have been dropped else, and the receiver reports it.", "发送时为 ECT；此标记代替了本会发生的丢弃，接收方会报告它。")
	case ecn == 0 && !x.hasTCP:
		return say("The sender does not offer marks for this packet.", "发送方不为此分组提供标记。")
	case !x.hasTCP:
		return say("The sender says by this that what the packet carries takes notice of congestion marks.", "发送方以此表明分组所携带的协议会处理拥塞标记。")
	case ecn == 0:
		return x.notECTReason()
	case x.flags.Has(wire.SYN):
		return say("RFC 3168 allows no ECT in a SYN or SYN-ACK, with which ECN is only agreed upon. There are experiments with it (RFC 5562 for SYN-ACKs; ECN++, made possible by RFC 8311, Section 4.3); or somebody on the way has set it.",
			"RFC 3168 不允许在 SYN 或 SYN-ACK 中使用 ECT，因为 ECN 此时才在协商。有相关实验（RFC 5562 针对 SYN-ACK；ECN++，由 RFC 8311 第 4.3 节放开）；也可能是途中的设备所设置。")
	case x.sent() == 0:
		return say("RFC 3168, Section 6.1.4, has segments without data go as Not-ECT; experiments mark all segments (ECN++, made possible by RFC 8311, Section 4.3).",
			"按 RFC 3168 第 6.1.4 节，不带数据的报文段应为 Not-ECT；有实验在所有报文段上使用 ECT（ECN++，由 RFC 8311 第 4.3 节放开）。")
	}
	return say("The sender says by this that both ends take notice of congestion marks: a router may set CE instead of dropping the packet.", "发送方以此表明两端都会处理拥塞标记：路由器可以设置 CE 而不丢弃分组。")
}

// notECTReason is for a segment that can be dropped but not marked.
func (x *explainer) notECTReason() bilingual.Text {
	switch {
	case x.flags.Has(wire.SYN):
		return say("As RFC 3168, Section 6.1.1, wants it in a SYN and in a SYN-ACK: ECN is only agreed upon by them.", "符合 RFC 3168 第 6.1.1 节对 SYN 和 SYN-ACK 的要求：ECN 此时才在协商。")
	case x.sent() == 0:
		return say("Segments without data go as Not-ECT by RFC 3168, Section 6.1.4, whether the connection uses ECN or not.", "按 RFC 3168 第 6.1.4 节，无论连接是否使用 ECN，不带数据的报文段都为 Not-ECT。")
	}
	return say("The connection does not use ECN, or this is a retransmission or a window probe, which RFC 3168 sends as Not-ECT.", "此连接不使用 ECN，或者这是重传或窗口探测，按 RFC 3168 应为 Not-ECT。")
}

// lengthReason4 is the sum that the length of an IPv4 packet is.
func (x *explainer) lengthReason4(data int) bilingual.Text {
	if !x.hasTCP || data < 0 || x.tcpHeader < wire.HeaderLen {
		return lengthOfOther()
	}
	return say("$1 = $2 (IP header) + $3 (TCP header) + $4 (data).", "$1 = $2（IP 首部）+ $3（TCP 首部）+ $4（数据）。", x.ipLen, x.ipHeader, x.tcpHeader, data)
}

// lengthReason6 is the sum that the length of an IPv6 packet is, whose own header does not count.
func (x *explainer) lengthReason6() bilingual.Text {
	extensions := x.tcpAt - x.ipAt - wire.IPv6Len
	data := x.ipLen - extensions - x.tcpHeader
	switch {
	case !x.hasTCP || data < 0 || extensions < 0 || x.tcpHeader < wire.HeaderLen:
		return lengthOfOther()
	case extensions > 0:
		return say("$1 = $2 (extension headers) + $3 (TCP header) + $4 (data); the 40 bytes of the IPv6 header do not count.",
			"$1 = $2（扩展首部）+ $3（TCP 首部）+ $4（数据）；IPv6 首部的 40 字节不计。", x.ipLen, extensions, x.tcpHeader, data)
	}
	return say("$1 = $2 (TCP header) + $3 (data); the 40 bytes of the IPv6 header do not count.", "$1 = $2（TCP 首部）+ $3（数据）；IPv6 首部的 40 字节不计。", x.ipLen, x.tcpHeader, data)
}

func lengthOfOther() bilingual.Text {
	return say("Set by the sender's IP; what stands behind it in the frame is no part of the packet.", "由发送方的 IP 设置；帧中超出此长度的部分不属于该分组。")
}

func (x *explainer) identificationReason(f *Field) bilingual.Text {
	switch id := x.value(f); {
	case x.df && id == 0:
		return say("A packet that must not be cut needs no number (RFC 6864); Linux gives a SYN-ACK 0.", "不允许分片的分组不需要编号（RFC 6864）；Linux 的 SYN-ACK 使用 0。")
	case x.df:
		return say("Without use, as the packet must not be cut (RFC 6864); many senders count on for each packet of a connection.",
			"分组不允许分片，因此没有用处（RFC 6864）；许多发送方对连接的每个分组递增。")
	}
	return say("Has to differ between packets of two hosts, so that fragments of different packets do not mix (RFC 6864).", "两台主机之间的各分组必须互不相同，以免不同分组的分片混淆（RFC 6864）。")
}

// dfReason says what the bit asks for. That the sender looks for the path's MTU is usual, and not to be seen in one packet.
func (x *explainer) dfReason() bilingual.Text {
	switch {
	case !x.hasTCP:
		return say("Chosen by the sender's system.", "由发送方的系统决定。")
	case x.df:
		return say("A router that cannot pass the packet on drops it and says so by ICMP. Most TCPs set the bit to find the path's MTU by that (RFC 1191).",
			"无法转发此分组的路由器会丢弃它并用 ICMP 告知。多数 TCP 置此位，以便由此发现路径 MTU（RFC 1191）。")
	}
	return say("A router may cut the packet. Usually the sender does not look for the path's MTU then, at least not with this packet; somebody on the way may have cleared the bit.",
		"路由器可以对此分组分片。通常表示发送方不进行路径 MTU 发现，至少不用此分组；也可能是途中的设备清除了此位。")
}

func (x *explainer) fragmentReason(f *Field) bilingual.Text {
	if !x.hasTCP || x.value(f) != 0 {
		return say("A sender or router cuts a packet only if it is too big for the next link.", "只有当分组对下一链路来说过大时，发送方或路由器才会对其分片。")
	}
	return say("TCP cuts its data into segments that fit, so that IP has nothing to cut.", "TCP 已将数据划分为大小合适的报文段，IP 无需再分片。")
}

// hopsReason guesses what the sender began with: most systems use 64, 128 or 255.
func hopsReason(ttl uint64) bilingual.Text {
	if ttl <= 1 {
		return say("No router passes this packet on. Senders choose that for what stays on the link, or to hear of the router that drops it (traceroute); else it has come a long way.",
			"路由器不会再转发此分组。发送方以此限制分组不出本链路，或用来得知是哪个路由器丢弃了它（traceroute）；否则就是它已走了很远。")
	}
	for _, initial := range []uint64{64, 128, 255} {
		switch {
		case ttl == initial:
			return say("$1 is what many systems begin with. If this sender did, no router has passed the packet on before it was captured.", "$1 是许多系统的初始值。若此发送方也是如此，则分组在被捕获之前没有经过路由器。", ttl)
		case ttl < initial && initial-ttl < 40:
			return say("If the sender began with $1, $2 routers have passed the packet on before it was captured.", "若发送方的初始值为 $1，则分组在被捕获之前经过了 $2 个路由器。", initial, initial-ttl)
		}
	}
	return say("Not near a value that systems begin with (64, 128, 255): the sender may have chosen it, or somebody on the way has set it.", "不接近常见的初始值（64、128、255）：可能由发送方特意选取，或被途中的设备修改。")
}

func (x *explainer) protocolReason() bilingual.Text {
	if !x.hasTCP {
		return say("The receiver's IP hands the rest to this protocol.", "接收方的 IP 据此将其余部分交给该协议。")
	}
	return say("The receiver's IP hands the rest to its TCP because of this; there is no other number for Fast Open, which is TCP.",
		"接收方的 IP 据此将其余部分交给 TCP；Fast Open 也是 TCP，没有单独的协议号。")
}

// addrReason says which end of the connection an address is.
func (x *explainer) addrReason(f *Field, end netip.Addr, who bilingual.Text) bilingual.Text {
	switch {
	case !x.hasTCP && strings.HasSuffix(f.ID, "src"):
		return say("The sender's own address at this interface; an answer goes there.", "发送方在此接口上的地址；应答将发往此处。")
	case !x.hasTCP:
		return say("The sender's choice: whom it wants to reach.", "由发送方决定：它要到达的主机。")
	case x.known && end.IsValid() && end.String() != f.Value:
		return say("Not the address that $1 had before: somebody on the way has changed it.", "不是$1此前的地址：途中有设备修改了它。", who)
	case x.syn() && strings.HasSuffix(f.ID, "src"):
		return say("The address of $1; a Fast Open cookie is made for this address and for no other.", "$1的地址；Fast Open cookie 只对此地址有效。", who)
	}
	return say("The address of $1.", "$1的地址。", who)
}
