package path

import (
	"net/netip"

	"tfocraft/wire"
)

const (
	// The addresses that a box has of the near end's network (/24, /64) end in these numbers as they are written: nat in the
	// first, nat-pool in the poolSize that follow.
	natHost  = 100
	poolSize = 4
)

// nat gives the connections of the near end addresses of its own. Other segments from there it does not let out.
type nat struct {
	first, size int // of its addresses, by the number that they end in
	next        int
	out         *table[flow, mapping]        // by the flow as the near end knows it
	in          *table[flow, netip.AddrPort] // by the flow as the far end knows it: who is behind
	own         map[netip.Addr]wire.MAC      // who speaks for which address
}

// A mapping is what a connection looks like behind the box. The number of its SYN tells a SYN that comes again from
// another connection between the same ports.
type mapping struct {
	isn wire.Seq
	as  netip.AddrPort
}

func newNAT(_, _ int) box { return makeNAT(natHost, 1) }

func newNATPool(_, _ int) box { return makeNAT(natHost+1, poolSize) }

func makeNAT(first, size int) *nat {
	return &nat{
		first: first, size: size,
		out: newTable[flow, mapping](), in: newTable[flow, netip.AddrPort](), own: make(map[netip.Addr]wire.MAC),
	}
}

func (n *nat) pass(s *segment) verdict {
	if s.forward {
		return n.passOut(s)
	}
	return n.passIn(s)
}

func (n *nat) passOut(s *segment) verdict {
	m, known := n.out.get(s.flow())
	if s.opens() && (!known || m.isn != s.TCP.Seq) {
		m = n.translate(s)
		known = true
	}
	if !known {
		return discard
	}
	s.readdress(true, m.as)
	return passOn
}

// translate finds an address and a port for a new connection: its own port, unless another connection to the same server
// has it.
func (n *nat) translate(s *segment) mapping {
	inside := s.Src()
	addr := n.address(inside.Addr(), n.next)
	n.next++
	as := netip.AddrPortFrom(addr, inside.Port())
	for range maxConnections {
		if who, taken := n.in.get(flow{as, s.Dst()}); !taken || who == inside {
			break
		}
		as = netip.AddrPortFrom(addr, max(as.Port()+1, 1024))
	}
	m := mapping{s.TCP.Seq, as}
	n.out.put(s.flow(), m)
	n.in.put(flow{as, s.Dst()}, inside)
	if _, known := n.own[addr]; known || len(n.own) < maxConnections {
		n.own[addr] = s.Ethernet.Src
	}
	return m
}

// address returns the one that connection number i of a host gets.
func (n *nat) address(inside netip.Addr, i int) netip.Addr {
	number := byte(i % n.size)
	if inside.Is4() {
		b := inside.As4()
		b[3] = byte(n.first) + number
		return netip.AddrFrom4(b)
	}
	b := inside.As16()
	clear(b[8:])
	b[14], b[15] = 1, byte(n.first-natHost)+number // ::100, as it is written
	return netip.AddrFrom16(b)
}

func (n *nat) passIn(s *segment) verdict {
	inside, known := n.in.get(s.flow())
	if !known {
		if _, ours := n.own[s.Dst().Addr()]; ours {
			return discard
		}
		return passOn // to a host as it is
	}
	s.readdress(false, inside)
	return passOn
}

// neighbour answers for the box's addresses with the hardware address of the host behind.
func (n *nat) neighbour(frame []byte, forward bool, m *maker) (taken bool) {
	q, ok := parseQuestion(frame)
	if !ok || forward {
		return false
	}
	mac, ours := n.own[q.target]
	if !ours {
		return false
	}
	m.frame(true, q.appendAnswer(nil, mac))
	return true
}
