package handshake

import "tfocraft/wire"

// attack is somebody who knows addresses and ports and does not see the
// traffic (RFC 5961, Section 1.2, and RFC 5927): all numbers are guesses. As if
// there had been many more of them, the sequence number of some lies in the
// window. Guesses that would hit are made again, for nobody could tell them from
// the peer's.
func (s *sim) attack(h *simHost) {
	if h.m == nil || h.ended {
		return
	}
	if s.oneIn(5) {
		s.forgeICMP(h)
		return
	}
	seg := s.forge(h)
	for s.hits(h, &seg) {
		seg = s.forge(h)
	}
	if h.m.State() == SynSent && seg.Flags.Has(wire.SYN) && !seg.Flags.Has(wire.ACK) {
		return // it would open the connection: to that TCP has no answer
	}
	s.strays++
	s.seen.faults[faultForgedSegment]++
	s.logSegment("attacker", &seg, wire.TextBase{SeqBase: s.peer(h).config.ISS, AckBase: h.config.ISS}, "to "+h.name)
	h.forged = true
	s.take(h, h.m.Input(s.now, seg, h.out[:0]))
	h.forged = false
	s.app(h)
}

// forge makes a segment with numbers that are guesses.
func (s *sim) forge(h *simHost) wire.Segment {
	rng := s.rng
	seg := wire.Segment{
		SrcPort: 80, DstPort: 1000,
		Seq: wire.Seq(rng.Uint32()), Ack: wire.Seq(rng.Uint32()), Window: uint16(rng.Uint32()),
		Flags: pick(rng, wire.RST, wire.RST|wire.ACK, wire.SYN, wire.SYN|wire.ACK, wire.ACK, wire.ACK, wire.ACK|wire.PSH,
			wire.ACK|wire.FIN, wire.FIN, wire.SYN|wire.FIN, wire.SYN|wire.RST, 0),
	}
	if nxt, window := expected(h.m); s.oneIn(3) {
		seg.Seq = nxt.Add(rng.IntN(window + 1))
	}
	if s.oneIn(2) {
		seg.Options = wire.Pad(wire.AppendTimestamps(nil, wire.Timestamps{Val: rng.Uint32(), Ecr: rng.Uint32()}), 0)
	}
	if seg.Flags&^(wire.ACK|wire.PSH|wire.FIN) == 0 {
		at := rng.IntN(len(simBytes) - 1500)
		seg.Payload = simBytes[at : at+rng.IntN(1500)]
	}
	return seg
}

// hits reports whether the guess is right where only the peer should be: the
// one number that resets, or a number in the window together with an
// acknowledgement of something outstanding.
func (s *sim) hits(h *simHost, seg *wire.Segment) bool {
	nxt, window := expected(h.m)
	una, end := outstanding(h.m)
	if seg.Flags.Has(wire.RST) {
		return seg.Seq == nxt || h.m.State() == SynSent && seg.Ack == end
	}
	inWindow := seg.Seq.In(nxt, window+1) || seg.End().In(nxt, window+1)
	const far = 1 << 30 // the widest window that there is
	return inWindow && una.Add(-far).LessEq(seg.Ack) && seg.Ack.LessEq(end)
}

// forgeICMP guesses the sequence number that an ICMP error quotes.
func (s *sim) forgeICMP(h *simHost) {
	e := s.icmpError(wire.Seq(s.rng.Uint32()), s.oneIn(2), s.rng.IntN(1600))
	if una, end := outstanding(h.m); una.LessEq(e.Seq) && e.Seq.Less(end) {
		return
	}
	if s.oneIn(2) && !e.PacketTooBig() {
		e.Code = pick[uint8](s.rng, 2, 3, 4) // port unreachable and others that would end a SYN
	}
	s.seen.faults[faultForgedICMP]++
	before := h.m.Info()
	s.take(h, h.m.ICMP(s.now, e, h.out[:0]))
	if len(h.out) > 1 || len(h.out) == 1 && h.out[0].Why != DropICMP || h.m.Info() != before {
		s.fail("%s believes a forged ICMP error", h.name)
	}
}
