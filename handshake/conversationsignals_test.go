package handshake

import "tfocraft/wire"

// handshakeMoves are what may answer a SYN, where it belongs and where it does not.
var handshakeMoves = []move{
	{"a SYN-ACK", 8, func(c *conversation) { c.synAck(c.m.send.nxt) }},
	{"a SYN-ACK of the SYN alone", 3, func(c *conversation) { c.synAck(c.m.send.iss.Add(1)) }},
	{"a SYN-ACK of a part", 2, func(c *conversation) { c.synAck(c.m.send.iss.Add(1 + c.below(1000))) }},
	{"a SYN-ACK of something else", 1, func(c *conversation) { c.synAck(c.near(c.m.send.iss, c.m.send.nxt)) }},
	{"a crossing SYN", 3, func(c *conversation) { c.syn(c.irs, wire.SYN) }},
	{"a SYN in the window", 2, func(c *conversation) { c.syn(c.nxt().Add(c.below(max(c.peerRoom(), 1))), wire.SYN) }},
	{"a SYN anywhere", 1, func(c *conversation) { c.syn(c.near(c.nxt(), c.irs), wire.SYN) }},
	{"a SYN with a FIN", 1, func(c *conversation) { c.syn(c.near(c.irs, c.nxt()), wire.SYN|wire.FIN) }},
	{"a SYN with a RST", 1, func(c *conversation) { c.syn(c.near(c.irs, c.nxt()), wire.SYN|wire.RST) }},
	{"RST of something else", 1, func(c *conversation) {
		s := c.segment(wire.RST | wire.ACK)
		s.Ack = c.near(c.m.send.iss, c.m.send.nxt.Add(1))
		c.inject(s)
	}},
	{"a younger SYN", 2, (*conversation).supersede},
}

func (c *conversation) synAck(ack wire.Seq) {
	s := wire.Segment{
		SrcPort: 80, DstPort: 1000, Seq: c.irs, Ack: ack, Flags: wire.SYN | wire.ACK, Window: c.window, Options: c.synOptions(),
	}
	if c.rarely(4) {
		s.Payload = c.theirBytes(s.DataSeq(), c.size())
	}
	if c.rarely(16) {
		s.Flags |= wire.FIN
	}
	c.inject(s)
}

func (c *conversation) syn(seq wire.Seq, flags wire.Flags) {
	s := wire.Segment{SrcPort: 80, DstPort: 1000, Seq: seq, Flags: flags, Window: c.window, Options: c.synOptions()}
	if c.rarely(4) {
		s.Payload = c.theirBytes(s.DataSeq(), c.size())
	}
	c.inject(s)
}

// supersede is what a listener does with a SYN for a connection in TIME-WAIT.
func (c *conversation) supersede() {
	syn := wire.Segment{SrcPort: 80, DstPort: 1000, Seq: c.nxt().Add(choose(c, 1, 0, 500)), Flags: wire.SYN, Window: c.window}
	syn.Options = c.synOptions()
	before := c.moment()
	least, ok, out := c.m.Supersede(c.now, syn, nil)
	c.take(out)
	switch {
	case !ok && len(out) > 0:
		c.fail("a SYN that is not younger changes something")
	case !ok:
		c.inject(syn)
	case before.state != TimeWait || c.m.State() != Closed || !before.end.Less(least):
		c.fail("a SYN takes over from %v, with %d behind %d", before.state, least.Diff(c.m.send.iss), before.end.Diff(c.m.send.iss))
	}
}

// endMoves are the peer's FIN and RST.
var endMoves = []move{
	{"FIN", 4, func(c *conversation) { c.fin(c.nxt(), 0) }},
	{"FIN with data", 3, func(c *conversation) { c.fin(c.nxt(), c.size()) }},
	{"FIN behind what is kept", 2, func(c *conversation) { c.fin(c.keptEnd(), c.below(20)) }},
	{"FIN behind a hole", 2, func(c *conversation) { c.fin(c.keptEnd().Add(1+c.below(500)), c.below(200)) }},
	{"FIN in the middle of what is kept", 2, func(c *conversation) { c.fin(c.keptEnd().Add(-c.below(100)), 0) }},
	{"FIN at the edge of the window", 1, func(c *conversation) { c.fin(c.edge().Add(c.below(4)-2), c.below(3)) }},
	{"FIN again", 2, func(c *conversation) { c.fin(c.nxt().Add(-1), 0) }},
	{"RST", 1, func(c *conversation) { c.rst(c.nxt()) }},
	{"RST of the SYN", 1, func(c *conversation) { c.inject(c.segment(wire.RST | wire.ACK)) }},
	{"RST in the window", 3, func(c *conversation) { c.rst(c.nxt().Add(1 + c.below(c.peerRoom()+1))) }},
	{"RST outside the window", 2, func(c *conversation) {
		c.rst(choose(c, c.nxt().Add(-1-c.below(100)), c.edge().Add(1+c.below(100))))
	}},
}

func (c *conversation) fin(seq wire.Seq, n int) {
	s := c.segment(wire.ACK | wire.FIN)
	if c.rarely(4) {
		s.Ack = c.m.send.una
	}
	s.Seq, s.Payload = seq, c.theirBytes(seq, n)
	c.inject(s)
}

func (c *conversation) rst(seq wire.Seq) {
	s := c.segment(wire.RST)
	s.Seq = seq
	c.inject(s)
}

// icmpMoves are errors about segments of ours, or of nobody's.
var icmpMoves = []move{
	{"ICMP: too big", 2, func(c *conversation) { c.icmp(c.quoted(), true, choose(c, 1400, 1280, 600, 576, 68, 0)) }},
	{"ICMP: too big, forged", 1, func(c *conversation) { c.icmp(c.m.send.nxt.Add(c.below(2000)), true, 576) }},
	{"ICMP: unreachable", 1, func(c *conversation) { c.icmp(c.quoted(), false, choose(c, 1, 0)) }},
	{"ICMP: unreachable for good", 1, func(c *conversation) { c.icmp(c.quoted(), false, 3) }},
	{"ICMP: unreachable, forged", 1, func(c *conversation) { c.icmp(c.m.send.una.Add(-1-c.below(2000)), false, 3) }},
}

// quoted is the sequence number of something in flight, the SYN included.
func (c *conversation) quoted() wire.Seq {
	return c.m.send.una.Add(c.below(max(c.m.send.nxt.Diff(c.m.send.una), 1)))
}

// icmp sends an error of an MTU, or of unreachability with this code of ICMPv4.
func (c *conversation) icmp(seq wire.Seq, tooBig bool, n int) {
	e := wire.ICMPError{IPVersion: 4, Type: wire.ICMPv4Unreachable, Code: 4, MTU: uint32(n), Seq: seq}
	switch {
	case tooBig && c.config.IPv6:
		e.IPVersion, e.Type, e.Code = 6, wire.ICMPv6TooBig, 0
	case c.config.IPv6:
		e.IPVersion, e.Type, e.Code, e.MTU = 6, wire.ICMPv6Unreachable, uint8(n+n/3), 0 // 3 is address, 4 port
	case !tooBig:
		e.Code, e.MTU = uint8(n), 0
	}
	c.logf("< ICMP %+v", e)
	before := c.moment()
	out := c.m.ICMP(c.now, e, nil)
	c.take(out)
	c.judgeICMP(&e, &before, out)
}
