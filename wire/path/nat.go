package path

import (
	"net/netip"

	"tfocraft/wire"
	"tfocraft/wire/internal/lru"
)

const (
	// The addresses that a box has of the near end's network (/24, /64) end in these numbers as they are written: nat in the
	// first, nat-pool in the poolSize that follow.
	natHost  = 100
	poolSize = 4
)

// nat gives the connections of the near end addresses of its own. Other segments from there it does not let out.
//
// A connection is one entry, whichever way it is looked up, and a segment of either direction counts as its use: RFC 5382,
// Section 5, REQ-5 has no connection lose its mapping that one side alone keeps alive. Idle times are not modelled, as boxes
// know no time: an entry lasts until maxConnections others were used after it.
type nat struct {
	first, size int // of its addresses, by the number that they end in
	next        int
	entries     lru.Map[flow, *entry]   // by the flow as the near end knows it
	behind      map[flow]*entry         // the same, by the flow as the far end knows it
	own         map[netip.Addr]wire.MAC // who speaks for which address
}

// An entry is a connection, and what it looks like behind the box. The number of its SYN tells a SYN that comes again
// from another connection between the same ports.
type entry struct {
	inside flow
	isn    wire.Seq
	as     netip.AddrPort
}

// outside is the connection as the far end knows it.
func (e *entry) outside() flow { return flow{e.as, e.inside.far} }

func newNAT(_, _ int) box { return makeNAT(natHost, 1) }

func newNATPool(_, _ int) box { return makeNAT(natHost+1, poolSize) }

func makeNAT(first, size int) *nat {
	return &nat{first: first, size: size, behind: make(map[flow]*entry), own: make(map[netip.Addr]wire.MAC)}
}

func (n *nat) pass(s *segment) verdict {
	if s.forward {
		return n.passOut(s)
	}
	return n.passIn(s)
}

func (n *nat) passOut(s *segment) verdict {
	e, known := n.entries.Get(s.flow())
	if s.opens() && (!known || e.isn != s.TCP.Seq) {
		if known {
			delete(n.behind, e.outside())
		}
		e, known = n.translate(s), true
	}
	if !known {
		return discard
	}
	s.readdress(true, e.as)
	return passOn
}

// translate finds an address and a port for a new connection: its own port, unless another connection to the same server
// has it.
func (n *nat) translate(s *segment) *entry {
	inside := s.Src()
	addr := n.address(inside.Addr(), n.next)
	n.next++
	e := &entry{s.flow(), s.TCP.Seq, netip.AddrPortFrom(addr, inside.Port())}
	// It ends, as there are more ports than entries.
	for n.behind[e.outside()] != nil {
		e.as = netip.AddrPortFrom(addr, max(e.as.Port()+1, 1024))
	}
	n.behind[e.outside()] = e
	if forgotten, full := remember(&n.entries, e.inside, e); full {
		delete(n.behind, forgotten.outside())
	}
	if _, known := n.own[addr]; known || len(n.own) < maxConnections {
		n.own[addr] = s.Ethernet.Src
	}
	return e
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
	e := n.behind[s.flow()]
	if e == nil {
		if _, ours := n.own[s.Dst().Addr()]; ours {
			return discard
		}
		return passOn // to a host as it is
	}
	n.entries.Get(e.inside) // which is a use
	s.readdress(false, e.inside.near)
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
