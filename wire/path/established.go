package path

import "tfocraft/wire"

// established is a firewall that lets data pass only in connections whose three-way handshake it has seen to its end.
// Connections whose SYN it has not seen are older than it, and pass.
type established struct {
	handshakes *table[flow, progress]
}

// progress is how far a handshake has come.
type progress struct {
	isn      wire.Seq
	forward  bool // it is the near end's
	answered bool // by a SYN-ACK
	done     bool
}

func newEstablished(_, _ int) box {
	return &established{newTable[flow, progress]()}
}

func (e *established) pass(s *segment) verdict {
	p, known := e.handshakes.get(s.flow())
	switch {
	case s.opens():
		if !known || p.isn != s.TCP.Seq {
			e.handshakes.put(s.flow(), progress{isn: s.TCP.Seq, forward: s.forward})
		}
	case !known || p.done:
		return passOn
	case s.accepts() && s.forward != p.forward:
		p.answered = true
		e.handshakes.put(s.flow(), p)
	case s.TCP.Flags.Has(wire.ACK) && s.forward == p.forward && p.answered:
		p.done = true
		e.handshakes.put(s.flow(), p)
		return passOn
	}
	if len(s.TCP.Payload) > 0 {
		return discard
	}
	return passOn
}
