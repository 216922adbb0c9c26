package handshake

import (
	"slices"

	"tfocraft/wire"
)

// A moment is what decides about the next segment.
type moment struct {
	state      State
	nxt, edge  wire.Seq // RCV.NXT and the end of the window
	una, end   wire.Seq // SND.UNA and SND.NXT
	behind     int      // how far an acknowledgement may be behind una
	timestamps bool
	recent     uint32
	stale      bool // TS.Recent says nothing any more
	answered   bool // our SYN or SYN-ACK has gone out
	lastAck    wire.Seq
	closed     bool // nobody reads
	finished   bool // the peer's FIN is through
	runs       int
	silent     bool // the client may acknowledge our SYN-ACK and say no more
}

func (c *conversation) moment() moment {
	m := c.m
	b := moment{
		state: m.state, nxt: m.recv.nxt, edge: m.recv.edge, una: m.send.una, end: m.send.nxt, behind: int(min(uint64(m.send.maxWindow), m.send.confirmed+1)),
		timestamps: m.ts.on, recent: m.ts.recent, lastAck: m.recv.lastAck, answered: m.active || m.handshake.synAckSent, closed: m.closed, finished: c.promises.eof,
		runs: len(m.recv.early.runs),
	}
	b.silent = !m.active && !m.handshake.fastOpened && int(m.handshake.retries) < int(m.handshake.deferAccept)
	b.stale = m.clock(c.now).Sub(m.ts.recentAt) >= staleAfter
	return b
}

// judge says of a segment whether it could have an effect, and whether it had it:
// RFC 9293, Section 3.10.7, with RFC 5961 and RFC 7323, told once more.
func (c *conversation) judge(s *wire.Segment, before *moment, out []Output) {
	if s.Flags.Has(wire.RST) {
		c.judgeReset(s, before, out)
		return
	}
	if why := before.unusable(c, s); why != "" {
		c.unmoved(why, before, out)
		return
	}
	if before.state >= SynReceived && !s.Flags.Has(wire.SYN) {
		c.moved(s, before)
	}
	if before.timestamps && c.m.ts.recent != before.recent && before.lastAck.Less(s.Seq) {
		// RFC 7323, Section 4.3
		c.fail("TS.Recent is that of %d, Last.ACK.sent was %d", s.Seq.Diff(c.irs), before.lastAck.Diff(c.irs))
	}
}

// judgeReset: a reset is never answered by one, and ends the connection only if it
// hits exactly (RFC 5961, Section 3).
func (c *conversation) judgeReset(s *wire.Segment, before *moment, out []Output) {
	for i := range out {
		if out[i].Kind == Transmit && out[i].Segment.Flags.Has(wire.RST) {
			c.fail("answers a reset with a reset")
		}
	}
	hit := false
	switch {
	case before.state == SynSent:
		hit = s.Flags.Has(wire.ACK) && before.acksSyn(c, s)
	case before.state >= SynReceived && before.state != TimeWait:
		hit = s.Seq == before.nxt && !s.Flags.Has(wire.SYN)
	}
	if ended := before.state != Closed && c.m.state == Closed; ended != hit {
		c.fail("a reset at %d in %v, RCV.NXT is %d: ended %v", s.Seq.Diff(c.irs), before.state, before.nxt.Diff(c.irs), ended)
	}
	if !hit {
		c.unmoved("a reset", before, out)
	}
}

func (b *moment) acksSyn(c *conversation, s *wire.Segment) bool {
	return c.config.ISS.Less(s.Ack) && s.Ack.LessEq(b.end)
}

// unusable says why a segment must not have an effect, or nothing.
func (b *moment) unusable(c *conversation, s *wire.Segment) string {
	syn, ack, fin := s.Flags.Has(wire.SYN), s.Flags.Has(wire.ACK), s.Flags.Has(wire.FIN)
	crossed := b.state == SynReceived && c.m.active && syn && ack && !fin && s.Seq == c.irs && b.acksSyn(c, s)
	switch {
	case b.state == Closed:
		return "closed"
	case b.state == SynSent && (!syn || ack && !b.acksSyn(c, s) || fin && !ack):
		return "no answer to the SYN"
	case b.state == SynSent, crossed:
		return ""
	case syn:
		return "a SYN on a connection"
	case !b.answered:
		return "the SYN-ACK was not sent yet"
	case !ack:
		return "no ACK"
	case b.tooOld(s):
		return "no timestamp, or an old one"
	case !inWindow(s.Seq, s.Len(), b.nxt, max(b.edge.Diff(b.nxt), 0)):
		return "outside the window"
	case b.finished && b.nxt.Less(s.Seq):
		return "behind the peer's FIN"
	case b.end.Less(s.Ack):
		return "acknowledges what was not sent"
	case b.state == SynReceived && !b.acksSyn(c, s), s.Ack.Less(b.una.Add(-b.behind)):
		return "acknowledges what is over"
	case b.state == SynReceived && b.silent && s.End() == b.nxt:
		return "data is waited for"
	}
	return ""
}

// tooOld is RFC 7323, Sections 3.2 and 5.3.
func (b *moment) tooOld(s *wire.Segment) bool {
	set, _ := s.Options.Decode()
	return b.timestamps && (!set.HasTimestamps || int32(set.Timestamps.Val-b.recent) < 0 && !b.stale)
}

// inWindow is the table of RFC 9293, Section 3.4, with two exceptions: an empty
// segment may stand at the edge, and at RCV.NXT any may when the window is closed.
func inWindow(seq wire.Seq, n int, nxt wire.Seq, window int) bool {
	first, last := seq.Diff(nxt), seq.Add(n-1).Diff(nxt)
	switch {
	case window == 0:
		return first == 0
	case n == 0:
		return 0 <= first && first <= window
	}
	return 0 <= first && first < window || 0 <= last && last < window
}

// unmoved says that a segment has changed nothing.
func (c *conversation) unmoved(why string, before *moment, out []Output) {
	now := c.moment()
	if now.state != before.state || now.nxt != before.nxt || now.una != before.una || now.runs != before.runs {
		c.fail("%s, but %v SND.UNA %d RCV.NXT %d with %d runs becomes %v %d %d with %d", why,
			before.state, before.una.Diff(c.config.ISS), before.nxt.Diff(c.irs), before.runs,
			now.state, now.una.Diff(c.config.ISS), now.nxt.Diff(c.irs), now.runs)
	}
	for i := range out {
		if k := out[i].Kind; k != Transmit && k != Drop {
			c.fail("%s, but there is an output of kind %d", why, k)
		}
	}
	if dropped(out) == 0 {
		c.fail("%s, but it is not dropped", why)
	}
}

// moved says that a segment without fault has had its effect: what it acknowledges
// is acknowledged, and what is next in order is taken.
func (c *conversation) moved(s *wire.Segment, before *moment) {
	m := c.m
	if want := later(before.una, s.Ack); m.send.una != want {
		c.fail("SND.UNA is %d, want %d", m.send.una.Diff(c.config.ISS), want.Diff(c.config.ISS))
	}
	switch m.state {
	case SynReceived:
		c.fail("stays in SYN-RECEIVED")
	case FinWait1, Closing, LastAck, FinWait2, TimeWait:
		if over := m.state == FinWait2 || m.state == TimeWait; over != c.finAcked() {
			c.fail("in %v, our FIN acknowledged %v", m.state, c.finAcked())
		}
	}
	reads := before.state == SynReceived || before.state == Established || before.state == FinWait1 || before.state == FinWait2
	if !reads || before.closed {
		return
	}
	end := s.DataSeq().Add(len(s.Payload))
	switch whole := end.LessEq(before.edge); {
	case before.nxt.Less(s.Seq):
		return // behind a hole
	case !whole:
		end = before.edge
	case s.Flags.Has(wire.FIN) && before.nxt.LessEq(end) && before.runs == 0:
		end = end.Add(1)
	}
	if m.recv.nxt.Less(end) {
		c.fail("RCV.NXT is %d, what has come is up to %d", m.recv.nxt.Diff(c.irs), end.Diff(c.irs))
	}
}

// finAcked reports whether the peer has everything, and our FIN.
func (c *conversation) finAcked() bool {
	return c.finAsked && c.m.send.una == c.config.ISS.Add(c.written+2)
}

func later(a, b wire.Seq) wire.Seq {
	if a.Less(b) {
		return b
	}
	return a
}

// judgeICMP: only an error about something outstanding has an effect, and ends
// nothing but a dial and what nobody has accepted yet (RFC 5927, Section 4; RFC 9293,
// Section 3.9.2.2).
func (c *conversation) judgeICMP(e *wire.ICMPError, before *moment, out []Output) {
	outstanding := before.una.LessEq(e.Seq) && e.Seq.Less(before.end)
	believed := slices.ContainsFunc(out, func(o Output) bool { return o.Kind != Drop })
	if believed && (before.state == Closed || !outstanding) {
		c.fail("believes a forged ICMP error")
	}
	unaccepted := before.state == SynReceived && !c.m.active && !c.m.handshake.accepted
	if before.state != SynSent && before.state != Closed && c.m.state == Closed && !unaccepted {
		c.fail("an ICMP error ends a connection in %v", before.state)
	}
}

// checkCongestion: an acknowledgement lets out no more new data than the congestion
// window has room for; a FIN needs none.
func (c *conversation) checkCongestion(before *moment) {
	m := c.m
	if m.state.Synchronized() && before.end.Less(m.send.nxt) && m.pipe() > m.cwnd.window+1 {
		c.fail("%d bytes are in the network, the congestion window is %d", m.pipe(), m.cwnd.window)
	}
}
