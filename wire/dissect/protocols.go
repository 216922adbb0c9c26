package dissect

import "tfocraft/wire/bilingual"

const (
	protocolUDP  = 17
	protocolNone = 59
)

// protocolName is IANA's name of an IP protocol or IPv6 next header.
func protocolName(n uint64) bilingual.Text {
	switch n {
	case 0:
		return say("Hop-by-Hop Options", "逐跳选项")
	case 1:
		return say("ICMP", "ICMP")
	case 2:
		return say("IGMP", "IGMP")
	case 4:
		return say("IPv4", "IPv4")
	case 6:
		return say("TCP", "TCP")
	case protocolUDP:
		return say("UDP", "UDP")
	case 41:
		return say("IPv6", "IPv6")
	case 43:
		return say("Routing Header", "路由首部")
	case 44:
		return say("Fragment Header", "分片首部")
	case 47:
		return say("GRE", "GRE")
	case 50:
		return say("Encapsulating Security Payload", "封装安全载荷")
	case 51:
		return say("Authentication Header", "认证首部")
	case 58:
		return say("ICMPv6", "ICMPv6")
	case protocolNone:
		return say("nothing (No Next Header)", "无（没有下一首部）")
	case 60:
		return say("Destination Options", "目的选项")
	case 89:
		return say("OSPF", "OSPF")
	case 132:
		return say("SCTP", "SCTP")
	case 135:
		return say("Mobility Header", "移动首部")
	case 139:
		return say("Host Identity Protocol", "主机标识协议")
	case 140:
		return say("Shim6", "Shim6")
	}
	return say("protocol $1", "协议 $1", n)
}
