package handshake

import "tfocraft/wire"

// orderly is the end of a conversation as it should be, whatever was before: from
// now on the peer answers everything, announces a window that stays, fills its holes
// and closes, and the application reads and closes. Then all that was written arrives,
// and the connection ends without an error.
func (c *conversation) orderly() {
	c.twists, c.frame, c.window = nil, nil, c.lastWindow
	c.loses = c.loses && c.config.Retries >= 0
	c.m.SetUserTimeout(0) // it may have run out already
	c.advance()           // to a SYN of weeks ago there is no answer with timestamps
	c.push()
	c.finishHandshake()
	if c.catchUp(); c.failed != "" || c.m.State() == Closed {
		return
	}
	c.finishSending()
	c.closeWrite()
	if c.reads() {
		c.fin(c.nxt(), 0)
	}
	c.finishSending()
	for n := 0; c.m.State() != Closed && c.failed == "" && n < mostSilent; n++ {
		if !c.fire(0) {
			break
		}
	}
	if p := &c.promises; c.failed == "" && (c.m.State() != Closed || c.m.Err() != nil || !p.eof && !c.closeAsked) {
		c.fail("an orderly end leads to %v, %v, end delivered %v", c.m.State(), c.m.Err(), p.eof)
	}
}

func (c *conversation) finishHandshake() {
	c.read(c.m.Unread())
	switch c.m.State() {
	case SynSent:
		c.synAck(c.m.send.nxt)
	case SynReceived:
		if !c.m.handshake.synAckSent {
			c.fire(0)
		}
		c.ack(c.m.send.nxt)
		for c.m.deferring() {
			c.fire(0)
		}
		if c.m.State() == SynReceived {
			c.ack(c.m.send.nxt) // again, as an answer to the SYN-ACK
		}
	}
	if s := c.m.State(); s == SynSent || s == SynReceived {
		c.fail("the handshake ends in %v", s)
	}
}

// finishSending acknowledges everything until there is nothing more: all that was
// sent so far, and from then on what arrives. If the path loses, what is sent for
// that first acknowledgement does not.
func (c *conversation) finishSending() {
	c.ack(c.m.send.nxt)
	c.arrivedAt = c.m.send.nxt
	if c.loses {
		c.arrivedAt = c.m.send.una
	}
	c.listening = true
	since := c.now
	for n := 0; c.failed == "" && c.unfinished(); n++ {
		before := c.m.send.una
		c.read(c.m.Unread())
		if c.m.send.una == c.arrivedAt {
			c.fire(0)
		}
		c.ack(c.arrivedAt)
		if c.m.send.una != before {
			since = c.now
		}
		if c.now.Sub(since) > longestSilence {
			c.fail("%d bytes do not get through in %v, FIN %v", c.m.Unsent(), c.m.State(), c.m.send.finDue())
		}
		if n > 100 {
			c.window = 65535 // byte by byte it would take too long
		}
	}
	c.listening = false
}

// arrive is a peer that takes nothing but what is next in order.
func (c *conversation) arrive(s *wire.Segment) {
	if c.listening && !s.Flags.Any(wire.SYN|wire.RST) && s.Seq.LessEq(c.arrivedAt) && c.arrivedAt.Less(s.End()) {
		c.arrivedAt = s.End()
	}
}

func (c *conversation) unfinished() bool {
	return c.m.State() != Closed && (c.m.Unsent() > 0 || c.m.send.finQueued && !c.m.send.finAcked())
}

// reads reports whether the peer can still send something.
func (c *conversation) reads() bool {
	s := c.m.State()
	return s == Established || s == FinWait1 || s == FinWait2
}

// catchUp sends all the data up to where any segment has claimed to be from: what
// such a segment has said of the window counts until there is a later one. Where
// the data would only be answered by a reset, the connection is given up.
func (c *conversation) catchUp() {
	for n := 0; c.failed == ""; n++ {
		end := later(c.keptEnd(), c.m.send.wl1)
		if end.LessEq(c.nxt()) {
			return
		}
		if !c.reads() || c.m.closed {
			c.take(c.m.Abort(c.now, nil))
			return
		}
		if n > 1000 {
			c.fail("RCV.NXT is %d, and does not get to %d", c.nxt().Diff(c.irs), end.Diff(c.irs))
		}
		c.read(c.m.Unread())
		c.data(c.nxt(), min(end.Diff(c.nxt()), max(c.peerRoom(), 1)))
	}
}
