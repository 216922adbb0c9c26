package path

import (
	"tfocraft/wire"
	"tfocraft/wire/internal/lru"
)

// established is a firewall that lets data pass only in connections whose three-way handshake it has seen to its end.
// Connections whose SYN it has not seen are older than it, and pass.
type established struct {
	handshakes lru.Map[flow, progress]
}

// progress is how far a handshake has come.
type progress struct {
	isn      wire.Seq
	forward  bool // it is the near end's
	answered bool // by a SYN-ACK that passed
	done     bool
}

func newEstablished(_, _ int) box { return new(established) }

func (e *established) pass(s *segment) verdict {
	p, known := e.handshakes.Get(s.flow())
	switch {
	case s.opens():
		if !known || p.isn != s.TCP.Seq {
			remember(&e.handshakes, s.flow(), progress{isn: s.TCP.Seq, forward: s.forward})
		}
	case !known || p.done:
		return passOn
	case s.accepts() && s.forward != p.forward && len(s.TCP.Payload) == 0: // with data it is not let through
		p.answered = true
		remember(&e.handshakes, s.flow(), p)
	case s.TCP.Flags.Has(wire.ACK) && s.forward == p.forward && p.answered:
		p.done = true
		remember(&e.handshakes, s.flow(), p)
		return passOn
	}
	if len(s.TCP.Payload) > 0 {
		return discard
	}
	return passOn
}
