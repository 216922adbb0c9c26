package link

import "net/netip"

// A Hop is the first step of a packet's way: the interface that it leaves by
// and what has to stand in front of it.
type Hop struct {
	// Interface is the name of the interface to [Open].
	Interface string
	// Index is its number in its network namespace.
	Index int
	// Source is the address that packets should come from: the one asked for,
	// or the kernel's choice.
	Source netip.Addr
	// MTU is the longest IP packet that the route permits, in bytes.
	MTU int
	// AdvMSS is the maximum segment size to announce on this route (RFC 9293,
	// Section 3.7.1), in bytes: the route's own, or the MTU less 40 for IPv4
	// and less 60 for IPv6.
	AdvMSS int
	// Header is the Ethernet header to put in front of the IP packet; never
	// empty, see the package comment.
	Header []byte
	// Loopback means that the destination is this host itself: the interface
	// is the loopback interface, even if another one has the address.
	Loopback bool
}
