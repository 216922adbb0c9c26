package path

import "tfocraft/wire"

// dropSynAck drops one SYN-ACK, by its number.
type dropSynAck struct{ left int }

func newDropSynAck(n, _ int) box { return &dropSynAck{n} }

func (d *dropSynAck) pass(s *segment) verdict {
	if s.TCP.Flags&(wire.SYN|wire.ACK|wire.RST) != wire.SYN|wire.ACK {
		return passOn
	}
	if d.left--; d.left == 0 {
		return discard
	}
	return passOn
}
