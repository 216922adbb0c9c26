package handshake

import "tfocraft/wire"

// dataMoves are segments of the peer's stream. Bytes that come again come in
// another version, so it shows which one was taken.
var dataMoves = []move{
	{"data in order", 20, func(c *conversation) { c.data(c.nxt(), c.size()) }},
	{"data behind a hole", 10, func(c *conversation) { c.data(c.keptEnd().Add(1+c.below(1500)), c.size()) }},
	{"data over what is kept", 8, (*conversation).dataOverKept},
	{"data that fills all holes", 4, func(c *conversation) {
		c.data(c.nxt(), max(c.keptEnd().Diff(c.nxt()), 0)+c.below(20))
	}},
	{"data again", 3, func(c *conversation) {
		n := 1 + c.below(2000)
		c.data(c.nxt().Add(-n), 1+c.below(n))
	}},
	{"data half again", 4, func(c *conversation) {
		n := 1 + c.below(200)
		c.data(c.nxt().Add(-n), n+c.size())
	}},
	{"data from before the SYN", 1, func(c *conversation) { c.data(c.irs.Add(-10), c.nxt().Diff(c.irs)+20) }},
	{"data behind the window", 3, func(c *conversation) { c.data(c.edge().Add(c.below(200)), c.size()) }},
	{"data over the edge of the window", 4, func(c *conversation) {
		n := 1 + c.below(100)
		c.data(c.edge().Add(-n), n+c.size())
	}},
	{"a window full of data", 3, func(c *conversation) { c.data(c.nxt(), min(c.peerRoom(), 70_000)+c.below(3)) }},
	{"a window full of data behind a hole", 2, func(c *conversation) {
		at := c.nxt().Add(1 + c.below(100))
		c.data(at, min(c.edge().Diff(at), 70_000))
	}},
	{"single bytes with gaps", 1, (*conversation).singleBytes},
	{"data without an ACK", 2, func(c *conversation) {
		s := c.segment(wire.PSH)
		s.Payload = c.theirBytes(s.Seq, c.size())
		c.inject(s)
	}},
	{"urgent data", 1, func(c *conversation) {
		s := c.segment(wire.ACK | wire.URG)
		s.Urgent, s.Payload = uint16(c.below(1000)), c.theirBytes(s.Seq, c.size())
		c.inject(s)
	}},
	{"several segments at once", 6, func(c *conversation) {
		for range 2 + c.below(4) {
			c.dataWith(c.nxt().Add(choose(c, 0, 0, 0, 500)), 1+c.below(1460), c.injectMore)
		}
		c.take(c.m.Settle(c.now, nil))
	}},
}

func (c *conversation) size() int {
	if n := choose(c, 100, c.config.MSS, 1, 1460, 3000, 0); n > 0 {
		return n
	}
	return 1 + c.below(2000)
}

func (c *conversation) keptEnd() wire.Seq { return c.m.recv.early.end(c.nxt()) }
func (c *conversation) edge() wire.Seq    { return c.nxt().Add(c.peerRoom()) }
func (c *conversation) peerRoom() int     { return c.m.recv.window() }

func (c *conversation) data(seq wire.Seq, n int) { c.dataWith(seq, n, c.inject) }

// dataWith sends data that mostly acknowledges everything.
func (c *conversation) dataWith(seq wire.Seq, n int, inject func(wire.Segment)) {
	s := c.segment(choose(c, wire.ACK, wire.ACK|wire.PSH))
	if c.rarely(4) {
		s.Ack = c.m.send.una
	}
	s.Seq, s.Payload = seq, c.theirBytes(seq, n)
	inject(s)
}

// dataOverKept begins before, in or at the end of something that is kept, and ends
// anywhere.
func (c *conversation) dataOverKept() {
	runs := c.m.recv.early.runs
	if len(runs) == 0 {
		c.data(c.nxt().Add(-c.below(20)), c.size())
		return
	}
	r := &runs[c.below(len(runs))]
	seq := r.seq.Add(c.below(len(r.data)+60) - 50)
	c.data(seq, 1+c.below(2*len(r.data)+100))
}

// singleBytes costs the machine a run for each; seldom more than it has.
func (c *conversation) singleBytes() {
	n := 5 + c.below(20)
	if c.rarely(8) {
		n = maxRuns + 10
	}
	at := c.keptEnd().Add(1)
	for i := range min(n, c.edge().Diff(at)/2+2) {
		seq := at.Add(2 * i)
		s := c.segment(wire.ACK)
		s.Seq, s.Payload = seq, c.theirBytes(seq, 1)
		c.inject(s)
	}
}

// ackMoves are what the peer says of our stream.
var ackMoves = []move{
	{"everything acknowledged", 14, func(c *conversation) { c.ack(c.m.send.nxt) }},
	{"a part acknowledged", 8, func(c *conversation) { c.ack(c.m.send.una.Add(c.below(c.m.send.inFlight() + 1))) }},
	{"a segment acknowledged", 5, func(c *conversation) {
		c.ack(c.m.send.una.Add(min(c.m.segmentSize(), c.m.send.inFlight())))
	}},
	{"all but the last byte acknowledged", 2, func(c *conversation) { c.ack(c.m.send.nxt.Add(-1)) }},
	{"a duplicate ACK", 5, func(c *conversation) { c.ack(c.m.send.una) }},
	{"duplicate ACKs", 5, func(c *conversation) {
		for range 3 + c.below(3) {
			c.ack(c.m.send.una)
		}
	}},
	{"SACK of a part", 8, func(c *conversation) {
		left := c.m.send.una.Add(c.below(c.m.send.inFlight() + 1))
		c.sack(c.m.send.una, wire.SACKBlock{Left: left, Right: left.Add(1 + c.below(c.m.send.nxt.Diff(left)))})
	}},
	{"SACK of all but the first", 6, func(c *conversation) {
		left := c.m.send.una.Add(1 + c.below(c.m.segmentSize()))
		c.sack(c.m.send.una, wire.SACKBlock{Left: left, Right: c.m.send.nxt})
	}},
	{"SACK of several parts", 4, func(c *conversation) {
		var blocks [3]wire.SACKBlock
		at := c.m.send.una
		for i := range blocks {
			at = at.Add(1 + c.below(800))
			blocks[i].Left = at
			at = at.Add(1 + c.below(800))
			blocks[i].Right = at
		}
		c.sack(c.m.send.una, blocks[:]...)
	}},
	{"D-SACK below the ACK", 3, func(c *conversation) {
		una := c.m.send.nxt
		c.sack(una, wire.SACKBlock{Left: una.Add(-1 - c.below(1460)), Right: una})
	}},
	{"D-SACK within a block", 2, func(c *conversation) {
		left := c.m.send.una.Add(1 + c.below(500))
		whole := wire.SACKBlock{Left: left, Right: c.m.send.nxt}
		c.sack(c.m.send.una, wire.SACKBlock{Left: left, Right: left.Add(1 + c.below(100))}, whole)
	}},
	{"SACK that makes no sense", 4, func(c *conversation) {
		var blocks []wire.SACKBlock
		for range 1 + c.below(3) {
			at := c.near(c.m.send.una, c.m.send.nxt, c.m.send.iss)
			blocks = append(blocks, wire.SACKBlock{Left: at, Right: at.Add(c.below(3000) - 1000)})
		}
		c.sack(c.near(c.m.send.una, c.m.send.nxt), blocks...)
	}},
	{"an ACK as from before what was sent last", 4, func(c *conversation) {
		c.twists = append(c.twists, func(c *conversation, s *wire.Segment) {
			if len(s.Options) > 0 {
				c.setTimestamps(s, wire.Timestamps{Val: c.timestamps().Val, Ecr: c.promises.tsBefore})
			}
		})
		c.ack(choose(c, c.m.send.nxt, c.m.send.una.Add(min(c.m.segmentSize(), c.m.send.inFlight()))))
	}},
	{"something acknowledged that was not sent", 3, func(c *conversation) { c.ack(c.m.send.nxt.Add(1 + c.below(2000))) }},
	{"an old ACK", 3, func(c *conversation) { c.ack(c.m.send.una.Add(-1 - c.below(2000))) }},
	{"an ACK that is too old", 2, func(c *conversation) { c.ack(c.m.send.una.Add(-c.m.send.maxWindow - 1 - c.below(2000))) }},
	{"a window update", 5, func(c *conversation) { c.announce(choose(c, 65535, 8000, 20_000, 1000)) }},
	{"a window that shrinks", 4, func(c *conversation) { c.announce(int(c.window) / choose(c, 2, 3, 20)) }},
	{"a closed window", 5, func(c *conversation) { c.announce(0) }},
	{"a window of little", 2, func(c *conversation) { c.announce(1 + c.below(60)) }},
	{"a window from an older segment", 2, func(c *conversation) {
		s := c.segment(wire.ACK)
		s.Seq, s.Ack, s.Window = s.Seq.Add(-1), c.m.send.una, uint16(c.below(1000))
		c.inject(s)
	}},
}

func (c *conversation) ack(seq wire.Seq) {
	s := c.segment(wire.ACK)
	s.Ack = seq
	c.inject(s)
}

func (c *conversation) sack(seq wire.Seq, blocks ...wire.SACKBlock) {
	s := c.segment(wire.ACK)
	s.Ack = seq
	s.Options = wire.AppendSACK(wire.AppendNOP(s.Options, 2), blocks...)
	c.inject(s)
}

// announce acknowledges what was acknowledged, or everything, with another window.
func (c *conversation) announce(window int) {
	c.window = uint16(window)
	c.ack(choose(c, c.m.send.una, c.m.send.nxt))
}

// near returns a number that is most often close to one of the given ones.
func (c *conversation) near(of ...wire.Seq) wire.Seq {
	at := of[c.below(len(of))]
	switch c.below(8) {
	case 0, 1:
		return at
	case 2, 3:
		return at.Add(c.below(3) - 1)
	case 4, 5, 6:
		return at.Add(c.below(4000) - 2000)
	}
	return wire.Seq(c.below(1<<16)<<16 | c.below(1<<16))
}
