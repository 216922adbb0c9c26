package link

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/net/bpf"
)

// A PortRange is the ports from First to Last, both included.
type PortRange struct {
	First, Last uint16
}

// Port returns the range that is one port.
func Port(p uint16) PortRange { return PortRange{p, p} }

// A Filter chooses the frames that a link receives: TCP segments to any of the
// addresses at any of the ports, over IPv4 (options skipped) or IPv6, in
// tagged and untagged frames. The zero Filter chooses all TCP.
//
// It is a sieve before the copy to user space, not a judgement: what comes
// through has to be parsed with the usual care. Fragments without a TCP header
// do not come through. IPv6 packets with extension headers, which a socket
// filter cannot follow to the ports, come through if the address matches and
// the first such header does not rule TCP out.
type Filter struct {
	// Addrs are the local addresses; none means every address.
	Addrs []netip.Addr
	// Prefixes are more local addresses.
	Prefixes []netip.Prefix
	// Ports are the local ports; none means every port. Adjacent and
	// overlapping ranges are joined, so thousands of neighbouring ports cost
	// the same as one; see [Compile] for the limit.
	Ports []PortRange
	// Shared means that others on this host may use addresses and ports that are let in: an
	// XDP program ([Config.XDP]), which takes frames away from them, has only what [Taker] names.
	Shared bool
	// ICMP adds the ICMP and ICMPv6 errors that are sent to the addresses:
	// unreachable, time exceeded, parameter problem, and ICMPv6 packet too big
	// (RFC 1122, Section 4.2.3.9). What they quote is not looked at.
	ICMP bool
	// Either adds the segments from the addresses and ports, for a tap.
	Either bool
	// Neighbours adds the ARP requests and neighbour solicitations on the wire, for
	// whichever address: for who answers them, with [Config.Tap], since they go to
	// groups.
	Neighbours bool
	// Bare is for devices without a link-layer header: packets begin with IP.
	// [Open] and [Packet.SetFilter] set it themselves.
	Bare bool
}

// maxInstructions is the longest classic program that the kernel takes
// (BPF_MAXINSNS).
const maxInstructions = 4096

// Compile translates a filter to a classic BPF program. It fails with
// [ErrFilter] if a range is upside down, an address is not valid, or the
// program would be longer than the kernel's 4096 instructions: about 1300
// separate port ranges fit, half as many with Either.
func Compile(f Filter) ([]bpf.Instruction, error) {
	c, err := newCompiler(f)
	if err != nil {
		return nil, err
	}
	c.findIP()
	c.findTCP4()
	c.findTCP6()
	if c.filter.Neighbours && !c.filter.Bare {
		c.acceptARP()
	}
	c.checkPorts()
	if n := len(c.ins); n > maxInstructions {
		return nil, fmt.Errorf("link: %w: %d instructions, the kernel takes %d: use fewer, wider port ranges", ErrFilter, n, maxInstructions)
	}
	return c.ins, c.resolve()
}

func newCompiler(f Filter) (*compiler, error) {
	ports, err := joinPorts(f.Ports)
	if err != nil {
		return nil, err
	}
	c := &compiler{filter: f, ports: ports}
	return c, c.setAddrs()
}

// setAddrs sorts addresses and prefixes by family.
func (c *compiler) setAddrs() error {
	all := slices.Clone(c.filter.Prefixes)
	for _, a := range c.filter.Addrs {
		all = append(all, netip.PrefixFrom(a.WithZone(""), a.BitLen()))
	}
	for _, p := range all {
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		switch {
		case !p.IsValid():
			return fmt.Errorf("link: %w: address is not set", ErrFilter)
		case p.Addr().Is4():
			c.addrs4 = append(c.addrs4, p.Masked())
		default:
			c.addrs6 = append(c.addrs6, p.Masked())
		}
	}
	return nil
}

func joinPorts(ranges []PortRange) ([]PortRange, error) {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, func(a, b PortRange) int { return cmp.Compare(a.First, b.First) })
	var joined []PortRange
	for _, r := range sorted {
		if r.First > r.Last {
			return nil, fmt.Errorf("link: %w: port range %d-%d is upside down", ErrFilter, r.First, r.Last)
		}
		if n := len(joined); n > 0 && int(r.First) <= int(joined[n-1].Last)+1 {
			joined[n-1].Last = max(joined[n-1].Last, r.Last)
			continue
		}
		joined = append(joined, r)
	}
	return joined, nil
}
