package handshake

import (
	"slices"

	"tfocraft/wire"
)

// What the peer has said, as far as the machine had to believe it.

const arrivedByte = 0x100

// arrive notes bytes of the peer's stream. Those that came before stay.
func (p *promises) arrive(at int, data []byte) {
	if more := at + len(data) - len(p.bytes); more > 0 {
		p.bytes = append(p.bytes, make([]uint16, more)...)
	}
	for i, b := range data {
		if p.bytes[at+i] == 0 {
			p.bytes[at+i] = arrivedByte | uint16(b)
		}
	}
}

// here reports whether all n bytes have arrived.
func (p *promises) here(at, n int) bool {
	return at >= 0 && n >= 0 && at+n <= len(p.bytes) && !slices.Contains(p.bytes[at:at+n], 0)
}

// arrived notes what the machine should have taken of a segment.
func (c *conversation) arrived(s *wire.Segment, before *moment, out []Output) {
	c.learnPeer(s, before)
	c.noteRoom(s, out)
	c.promises.noteBlocks(s, before)
	if s.Flags.Has(wire.FIN) {
		c.promises.fins = append(c.promises.fins, s.DataSeq().Add(len(s.Payload)))
	}
	first, edge := before.nxt, before.edge
	why := dropped(out)
	switch {
	case len(s.Payload) == 0 || why != 0 && why != DropNoRoom:
		return
	case before.state == SynSent:
		// Data of a SYN-ACK may be left out: it comes again.
		if first = c.irs.Add(1); !delivers(out) {
			return
		}
		edge = first.Add(c.m.recv.synWindow())
	case s.Flags.Has(wire.SYN):
		return
	case before.state != SynReceived && before.state != Established && before.state != FinWait1 && before.state != FinWait2:
		return // behind the peer's FIN
	}
	seq, data := s.DataSeq(), s.Payload
	if cut := first.Diff(seq); cut > 0 {
		cut = min(cut, len(data))
		seq, data = seq.Add(cut), data[cut:]
	}
	data = data[:max(min(len(data), edge.Diff(seq)), 0)]
	if why == DropNoRoom {
		c.arrivedInPart(seq, data)
		return
	}
	c.promises.arrive(seq.Diff(c.irs)-1, data)
}

// arrivedInPart is for where there was no room for all of it.
func (c *conversation) arrivedInPart(seq wire.Seq, data []byte) {
	for i := range data {
		if c.m.recv.early.has(seq.Add(i), 1) {
			c.promises.arrive(seq.Add(i).Diff(c.irs)-1, data[i:i+1])
		}
	}
}

// learnPeer notes what a SYN has said that was taken.
func (c *conversation) learnPeer(s *wire.Segment, before *moment) {
	if !s.Flags.Has(wire.SYN) || before.state > SynSent || c.m.state == SynSent || c.m.state == Closed {
		return
	}
	p := &c.promises
	c.irs = s.Seq
	set, _ := s.Options.Decode()
	p.peerMSS = defaultMSS(c.config.IPv6)
	if set.HasMSS {
		p.peerMSS = max(int(set.MSS), minPeerMSS)
	}
	p.room, p.hasRoom = c.config.ISS.Add(1+int(s.Window)), true
}

// noteRoom notes how far the peer lets us send, if the segment was believed.
func (c *conversation) noteRoom(s *wire.Segment, out []Output) {
	p := &c.promises
	why := dropped(out)
	if !s.Flags.Has(wire.ACK) || s.Flags.Has(wire.RST) || s.Ack != c.m.send.una || why != 0 && why != DropNoRoom {
		return
	}
	window := int(s.Window)
	if !s.Flags.Has(wire.SYN) {
		window <<= c.m.send.shift
	}
	if room := s.Ack.Add(window); !p.hasRoom || p.room.Less(room) {
		p.room, p.hasRoom = room, true
	}
}

func dropped(out []Output) DropReason {
	for i := range out {
		if out[i].Kind == Drop {
			return out[i].Why
		}
	}
	return 0
}

func delivers(out []Output) bool {
	for i := range out {
		if out[i].Kind == Deliver {
			return true
		}
	}
	return false
}

// saidSacked reports whether blocks have covered all from one number to another.
func (p *promises) saidSacked(from, to wire.Seq) bool {
	for from.Less(to) {
		i := slices.IndexFunc(p.sacked, func(b wire.SACKBlock) bool { return b.Left.LessEq(from) && from.Less(b.Right) })
		if i < 0 {
			return false
		}
		from = p.sacked[i].Right
	}
	return true
}

// noteBlocks notes the SACK blocks of a segment that make sense.
func (p *promises) noteBlocks(s *wire.Segment, before *moment) {
	set, _ := s.Options.Decode()
	for _, b := range set.SACK[:set.NumSACK] {
		if b.Left.Less(b.Right) && b.Right.LessEq(before.end) {
			p.sacked = append(p.sacked, b)
		}
	}
}
