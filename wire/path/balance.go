package path

import (
	"tfocraft/wire"
	"tfocraft/wire/internal/lru"
)

// balance gives the connections of the near end to the hosts of the far end in turn.
type balance struct {
	hosts   int
	next    int
	servers lru.Map[flow, balanced]
}

// balanced is a connection and its server. The number of its SYN tells a SYN that comes again from another connection
// between the same ports.
type balanced struct {
	isn    wire.Seq
	server Place
}

func newBalance(_, hosts int) box {
	return &balance{hosts: hosts}
}

func (b *balance) pass(s *segment) verdict {
	if !s.forward {
		return passOn
	}
	c, known := b.servers.Get(s.flow())
	if s.opens() && (!known || c.isn != s.TCP.Seq) {
		c = balanced{s.TCP.Seq, Far + Place(b.next%b.hosts)}
		b.next++
		remember(&b.servers, s.flow(), c)
		known = true
	}
	if known {
		s.to = c.server
	}
	return passOn
}
