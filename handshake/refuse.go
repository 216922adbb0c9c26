package handshake

import "tfocraft/wire"

// Refuse returns the reset that a segment gets when there is no connection and
// no listener for it (RFC 9293, Section 3.10.7.1), with its ports set. A reset
// gets none: ok is false.
func Refuse(s *wire.Segment) (reset wire.Segment, ok bool) {
	if s.Flags.Has(wire.RST) {
		return wire.Segment{}, false
	}
	reset = wire.Segment{SrcPort: s.DstPort, DstPort: s.SrcPort, Flags: wire.RST}
	if s.Flags.Has(wire.ACK) {
		reset.Seq = s.Ack
		return reset, true
	}
	reset.Flags |= wire.ACK
	reset.Ack = s.End()
	return reset, true
}
