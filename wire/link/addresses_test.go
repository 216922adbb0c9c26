package link

import "net/netip"

const ourPort = 40000

// The addresses of a wired pair of hosts. Those of "ours" belong to nobody's
// kernel: the peer knows them as neighbours at the other end, so the kernel
// there does not interfere with what a test does.
var (
	near4 = netip.MustParseAddr("192.0.2.1")
	near6 = netip.MustParseAddr("2001:db8::1")
	peer4 = netip.MustParseAddr("192.0.2.2")
	peer6 = netip.MustParseAddr("2001:db8::2")
	ours4 = netip.MustParseAddr("192.0.2.9")
	ours6 = netip.MustParseAddr("2001:db8::9")
)
