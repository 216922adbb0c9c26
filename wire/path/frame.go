package path

import "tfocraft/wire"

// ICMPv6 types of multicast listener discovery (RFC 2710, RFC 3810) and of
// neighbour discovery (RFC 4861).
const (
	firstDiscovery = 130
	lastDiscovery  = 137
	listenerReport = 143
)

// ofOneWire reports whether a frame is about the wire that it is on, and not on
// its way through a network.
func ofOneWire(frame []byte) bool {
	ethernet, rest, err := wire.ParseEthernet(frame)
	switch {
	case err != nil:
		return true
	case ethernet.EtherType == wire.EtherTypeIPv4:
		return false
	case ethernet.EtherType != wire.EtherTypeIPv6:
		return true
	}
	h, payload, _, err := wire.ParseIPv6(rest)
	if err != nil || h.Upper != wire.ProtocolICMPv6 || len(payload) == 0 {
		return false
	}
	return payload[0] >= firstDiscovery && payload[0] <= lastDiscovery || payload[0] == listenerReport
}

// payloadLen returns the number of bytes behind the Ethernet header.
func payloadLen(frame []byte) int {
	_, rest, err := wire.ParseEthernet(frame)
	if err != nil {
		return 0
	}
	return len(rest)
}
