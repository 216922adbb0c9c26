package dissect

import (
	"strings"

	"tfocraft/wire/bilingual"
)

// linkReason is for what stands before the packet.
func (x *explainer) linkReason(id string, f *Field) bilingual.Text {
	switch id {
	case "eth.dst":
		return say("Link addresses reach to the next hop only: this is the receiver itself if it is on the same link, else the router on the way to it.",
			"链路层地址只到下一跳为止：若接收方在同一链路则为其本身，否则为通往它的路由器。")
	case "eth.src":
		return say("Whoever has put the frame on this link: the sender itself, or the last router before.", "把帧放到本链路上的主机：发送方本身，或此前最后一个路由器。")
	case "eth.type", "vlan.type", "svlan.type", "sll.etype":
		return say("The receiver hands what follows to this protocol.", "接收方据此将后面的内容交给相应的协议。")
	case "vlan.id", "svlan.id":
		return say("A switch or the host itself has put the frame into this network.", "由交换机或主机本身将此帧划入该网络。")
	case "eth.padding":
		return say("$1 bytes make the frame $2 bytes long.", "$1 字节使帧长达到 $2 字节。", f.Width/8, (f.Offset+f.Width)/8)
	case "sll.pkttype", "sll.ifindex":
		return say("Added by the capturing host; it was not on the wire.", "由捕获主机添加，并未在线路上传输。")
	case "null.family":
		return say("Added by the capturing host: a loopback interface has no link-layer header.", "由捕获主机添加：回环接口没有链路层首部。")
	}
	return bilingual.Text{}
}

func arpReason(id string) bilingual.Text {
	switch {
	case id == "arp.opcode":
		return say("Before a packet can go to an address of this link, its link address must be known; the answer is remembered for a while.",
			"分组发往本链路上的地址之前，必须先知道其链路层地址；应答会被缓存一段时间。")
	case strings.HasPrefix(id, "arp.dst.hw"):
		return say("A request leaves it at zeros, as this is what it asks for.", "请求中置为零，因为这正是要询问的内容。")
	case strings.HasPrefix(id, "arp.dst.proto"):
		return say("The host that a packet waits for, or the router on the way to it.", "有分组等待发往的主机，或通往它的路由器。")
	case strings.HasPrefix(id, "arp.src"):
		return say("Receivers need it to answer, and remember the pair.", "接收方需要它来应答，并记住这对地址。")
	}
	return say("ARP was made for any link and any protocol, so it says which it is about.", "ARP 适用于任何链路和协议，因此需说明所涉及的是哪种。")
}

func udpReason(id string, f *Field) bilingual.Text {
	switch id {
	case "udp.srcport":
		return say("Chosen by the sender; an answer goes to this port.", "由发送方选取；应答将发往此端口。")
	case "udp.dstport":
		return say("The port at which the receiving program listens.", "接收程序监听的端口。")
	case "udp.checksum":
		if f.unfinished {
			return unfinishedReason()
		}
	case "udp.length":
		return say("8 bytes of header, and the data.", "8 字节首部，加上数据。")
	}
	return bilingual.Text{}
}

// icmpReason is for both versions. What an error may do to a connection does not hold for the other messages.
func icmpReason(id string, kind uint64) bilingual.Text {
	switch id {
	case "icmp.mtu", "icmpv6.mtu":
		return say("The sender of the quoted packet is to send smaller ones: this is how the MTU of a path is found.", "引用分组的发送方应改发更小的分组：路径 MTU 就是这样发现的。")
	case "icmp.type":
		if _, quotes := icmpErrors[kind]; quotes {
			return icmpErrorReason()
		}
		return say("A host that does not know the type drops the message without a word (RFC 1122, Section 3.2.2).", "不认识此类型的主机会默默丢弃该报文（RFC 1122，第 3.2.2 节）。")
	case "icmpv6.type":
		return icmpv6Reason(kind)
	case "icmp.code", "icmpv6.code":
		return say("Chosen by who sends the message, from the codes that the type has.", "由报文的发送方从该类型的代码中选取。")
	}
	return bilingual.Text{}
}

// icmpErrors are the types of ICMP of IPv4 that quote a packet.
var icmpErrors = map[uint64]bool{3: true, 4: true, 5: true, 11: true, 12: true}

func icmpErrorReason() bilingual.Text {
	return say("Anybody on the way can send this, and others can forge it, so a TCP should believe it only if the quoted sequence number is in flight (RFC 5927, Section 4.1).",
		"途中的任何设备都能发送此报文，他人也能伪造，因此 TCP 只应在引用的序列号确实在途时相信它（RFC 5927，第 4.1 节）。")
}

func icmpv6Reason(kind uint64) bilingual.Text {
	switch {
	case kind < 128: // RFC 4443, Section 2.1
		return icmpErrorReason()
	case kind >= 133 && kind <= 137:
		return say("Receivers take it only with a Hop Limit of 255, which shows that no router has passed it on (RFC 4861, Section 3.1).", "接收方只在跳数限制为 255 时接受，这表明它没有经过路由器转发（RFC 4861，第 3.1 节）。")
	}
	return say("A node that does not know the type drops the message without a word: it is 128 or above, so no error (RFC 4443, Section 2.4).", "不认识此类型的节点会默默丢弃该报文：类型不小于 128，不是差错报文（RFC 4443，第 2.4 节）。")
}
