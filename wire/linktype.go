package wire

import "strconv"

// A LinkType says what a captured frame begins with. The numbers are tcpdump.org's
// LINKTYPE values.
type LinkType uint16

// The link types that carry IP on usual systems. Of frames of another type nothing is known but their bytes.
const (
	LinkNull     LinkType = 0   // loopback of BSD and macOS, family in the byte order of the host
	LinkEthernet LinkType = 1   // Ethernet, and the loopback of Linux
	LinkRawBSD   LinkType = 12  // bare IP packets, in files of some systems
	LinkRaw      LinkType = 101 // bare IP packets
	LinkLoop     LinkType = 108 // loopback of OpenBSD, family in network byte order
	LinkSLL      LinkType = 113 // Linux cooked capture
	LinkIPv4     LinkType = 228 // bare IPv4 packets
	LinkIPv6     LinkType = 229 // bare IPv6 packets
	LinkSLL2     LinkType = 276 // Linux cooked capture, version 2
)

// LinkTypes returns those that are supported, in the order of their numbers.
func LinkTypes() []LinkType {
	return []LinkType{LinkNull, LinkEthernet, LinkRawBSD, LinkRaw, LinkLoop, LinkSLL, LinkIPv4, LinkIPv6, LinkSLL2}
}

// Supported reports whether a frame of that type can be read.
func (l LinkType) Supported() bool { return l.name() != "" }

// String returns the number, and the name behind it if the type is supported: "101 (raw IP)".
func (l LinkType) String() string {
	number := strconv.Itoa(int(l))
	if name := l.name(); name != "" {
		return number + " (" + name + ")"
	}
	return number
}

// name is empty for a type that is not supported.
func (l LinkType) name() string {
	switch l {
	case LinkNull:
		return "Null"
	case LinkEthernet:
		return "Ethernet"
	case LinkRawBSD, LinkRaw:
		return "raw IP"
	case LinkLoop:
		return "Loop"
	case LinkSLL:
		return "Linux SLL"
	case LinkIPv4:
		return "IPv4"
	case LinkIPv6:
		return "IPv6"
	case LinkSLL2:
		return "Linux SLL2"
	}
	return ""
}
