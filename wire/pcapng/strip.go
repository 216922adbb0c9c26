package pcapng

import (
	"encoding/binary"

	"tfocraft/wire"
)

// The Linux cooked headers (tcpdump.org, LINKTYPE_LINUX_SLL and _SLL2).
const (
	sllLen             = 16
	sll2Len            = 20
	cookedOutgoing     = 4
	loopbackHeadLen    = 4
	familyIPv4         = 2
	familyIPv6Linux    = 10
	familyIPv6OpenBSD  = 24
	familyIPv6FreeBSD  = 28
	familyIPv6Darwin   = 30
	vlanTagInCookedLen = 4
)

// Strip takes the link layer off a frame and returns the IP packet in it, which
// aliases data, with whatever trailer the frame has. ok is false if it holds
// something else or is cut in the link layer.
func Strip(l wire.LinkType, data []byte) (ip []byte, ok bool) {
	switch l {
	case wire.LinkEthernet:
		h, rest, err := wire.ParseEthernet(data)
		return ipPacket(rest, err == nil && isIP(h.EtherType))
	case wire.LinkRaw, wire.LinkRawBSD, wire.LinkIPv4, wire.LinkIPv6:
		return ipPacket(data, true)
	case wire.LinkNull, wire.LinkLoop:
		if len(data) < loopbackHeadLen {
			return nil, false
		}
		little, big := binary.LittleEndian.Uint32(data), binary.BigEndian.Uint32(data)
		return ipPacket(data[loopbackHeadLen:], isIPFamily(little) || isIPFamily(big))
	case wire.LinkSLL:
		if len(data) < sllLen {
			return nil, false
		}
		return stripTags(binary.BigEndian.Uint16(data[14:]), data[sllLen:])
	case wire.LinkSLL2:
		if len(data) < sll2Len {
			return nil, false
		}
		return stripTags(binary.BigEndian.Uint16(data), data[sll2Len:])
	}
	return nil, false
}

// stripTags takes VLAN tags off that a cooked header leaves.
func stripTags(etherType uint16, b []byte) ([]byte, bool) {
	for range wire.MaxVLANTags {
		if etherType != wire.EtherTypeVLAN && etherType != wire.EtherTypeSVLAN || len(b) < vlanTagInCookedLen {
			break
		}
		etherType, b = binary.BigEndian.Uint16(b[2:]), b[vlanTagInCookedLen:]
	}
	return ipPacket(b, isIP(etherType))
}

func isIP(etherType uint16) bool {
	return etherType == wire.EtherTypeIPv4 || etherType == wire.EtherTypeIPv6
}

func isIPFamily(f uint32) bool {
	switch f {
	case familyIPv4, familyIPv6Linux, familyIPv6OpenBSD, familyIPv6FreeBSD, familyIPv6Darwin:
		return true
	}
	return false
}

func ipPacket(b []byte, announced bool) ([]byte, bool) {
	if !announced || len(b) == 0 || b[0]>>4 != 4 && b[0]>>4 != 6 {
		return nil, false
	}
	return b, true
}

// cookedDirection reads the packet type that a cooked header has.
func cookedDirection(l wire.LinkType, data []byte) Direction {
	var packetType uint16
	switch {
	case l == wire.LinkSLL && len(data) >= sllLen:
		packetType = binary.BigEndian.Uint16(data)
	case l == wire.LinkSLL2 && len(data) >= sll2Len:
		packetType = uint16(data[10])
	default:
		return Unknown
	}
	if packetType == cookedOutgoing {
		return Out
	}
	return In
}
