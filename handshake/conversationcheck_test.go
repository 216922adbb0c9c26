package handshake

import (
	"bytes"
	"slices"
	"time"

	"tfocraft/wire"
)

// promises are what is remembered of a conversation to hold the machine to what it
// promises in every state.
type promises struct {
	state State // as the outputs have said
	ended bool

	bytes []uint16   // of the peer's stream, the version that was here first: arrivedByte and the byte, or 0
	fins  []wire.Seq // where the peer has claimed to end
	got   int        // bytes delivered
	eof   bool

	acked, edge, room          wire.Seq // that we have sent, that we have announced, that the peer has allowed
	hasAcked, hasEdge, hasRoom bool
	reported                   [wire.MaxSACKBlocks]wire.SACKBlock
	sacked                     []wire.SACKBlock // that the peer has said, of what was sent
	peerMSS                    int
	tsVal, tsBefore            uint32
	tsAt                       time.Time
	challenges                 uint32
	challengedAt               time.Time
}

// transitions are those of RFC 9293, Section 3.3.2, Figure 5, with the end by a
// reset or a timeout from anywhere.
var transitions = [len(stateNames)][]State{
	Closed:      {SynSent, SynReceived},
	SynSent:     {SynReceived, Established, Closed},
	SynReceived: {Established, Closed},
	Established: {FinWait1, CloseWait, Closed},
	FinWait1:    {FinWait2, Closing, Closed},
	FinWait2:    {TimeWait, Closed},
	CloseWait:   {LastAck, Closed},
	Closing:     {TimeWait, Closed},
	LastAck:     {Closed},
	TimeWait:    {Closed},
}

// checkOutputs holds the outputs of one call to the promises.
func (c *conversation) checkOutputs(out []Output) {
	size := max(c.m.segmentSize()-wire.MaxOptionsLen, 1)
	if most := maxOutputs + 2*c.m.Unsent()/size; len(out) > most {
		c.fail("%d outputs of one call, want %d at the most", len(out), most)
	}
	for i := range out {
		o := &out[i]
		if c.promises.ended && !(o.Kind == Drop && o.Why == DropClosed) {
			c.fail("output %d of kind %d after the end", i, o.Kind)
		}
		switch o.Kind {
		case Transmit:
			c.logSegment(">", &o.Segment, wire.TextBase{SeqBase: c.config.ISS, AckBase: c.irs})
			c.checkTransmit(o)
			c.arrive(&o.Segment)
		case Deliver:
			c.logf("delivers %d", len(o.Data))
			c.checkDelivery(o.Data)
		case DeliverEOF:
			c.logf("delivers the end")
			c.checkEOF()
		case ChangeState:
			c.logf("%v -> %v %v", o.From, o.To, o.Err)
			c.checkChange(o)
		case Drop:
			c.logf("drops: %v", o.Why)
			c.seen.drops[o.Why]++
		}
	}
}

func (c *conversation) checkChange(o *Output) {
	p := &c.promises
	if o.From != p.state || !slices.Contains(transitions[o.From], o.To) {
		c.fail("the state changes from %v to %v, and was %v", o.From, o.To, p.state)
	}
	c.seen.states[o.To]++
	p.state = o.To
	if o.To != Closed {
		return
	}
	p.ended = true
	c.seen.ends[errorName(o.Err)]++
	orderly := slices.Contains([]State{FinWait2, Closing, LastAck, TimeWait}, o.From)
	if orderly = orderly && c.finAcked(); o.Err != c.m.Err() || o.Err == nil && !orderly {
		c.fail("ends from %v with %v, Err is %v", o.From, o.Err, c.m.Err())
	}
}

// checkDelivery: every byte once, in its place, and in the version that was here
// first.
func (c *conversation) checkDelivery(data []byte) {
	p := &c.promises
	if len(data) == 0 || p.eof {
		c.fail("%d bytes delivered, end %v", len(data), p.eof)
	}
	for i, b := range data {
		switch at := p.got + i; {
		case !p.here(at, 1):
			c.fail("byte %d delivered, which was not taken", at)
			return
		case p.bytes[at] != arrivedByte|uint16(b):
			c.fail("byte %d delivered as %#x, the first to come was %#x", at, b, p.bytes[at]&^arrivedByte)
			return
		}
	}
	p.got += len(data)
}

// checkEOF: the end comes once, and where the peer has said.
func (c *conversation) checkEOF() {
	p := &c.promises
	if p.eof || !slices.Contains(p.fins, c.irs.Add(1+p.got)) {
		c.fail("the end is delivered behind %d bytes, second time %v", p.got, p.eof)
	}
	p.eof = true
}

// checkTransmit holds a segment to what a sender must not do.
func (c *conversation) checkTransmit(o *Output) {
	s := &o.Segment
	set, err := s.Options.Decode()
	switch {
	case s.SrcPort != 1000 || s.DstPort != 80:
		c.fail("sends from port %d to %d", s.SrcPort, s.DstPort)
	case err != nil || len(s.Options)%4 != 0 || len(s.Options) > wire.MaxOptionsLen:
		c.fail("sends %d bytes of options: %v", len(s.Options), err)
	case s.Flags.Any(^(wire.SYN | wire.ACK | wire.FIN | wire.RST | wire.PSH)):
		c.fail("sends flags %v", s.Flags)
	case s.Flags.Has(wire.RST):
		if len(s.Payload) > 0 || s.Flags.Any(wire.SYN|wire.FIN) {
			c.fail("sends a reset with something in it")
		}
		return
	}
	c.checkSequence(s)
	if len(s.Payload) > 0 {
		c.checkPayload(o)
	}
	if s.Flags.Has(wire.ACK) {
		c.checkAck(s)
	}
	c.checkSent(s, &set)
}

// checkSequence: what goes out begins in what is outstanding or at its end, or just
// before it for a probe, within the widest window there was, and the FIN is where
// the application has closed.
func (c *conversation) checkSequence(s *wire.Segment) {
	send, p := &c.m.send, &c.promises
	if p.hasRoom && s.Len() > 0 && p.room.Less(s.End()) {
		c.fail("sends up to %d, the peer's window has ended at %d at the most", s.End().Diff(c.config.ISS), p.room.Diff(c.config.ISS))
	}
	if s.Flags.Has(wire.SYN) {
		if s.Seq != c.config.ISS || s.Flags.Has(wire.FIN) {
			c.fail("sends a SYN at %d", s.Seq.Diff(c.config.ISS))
		}
		return
	}
	first := send.una
	if s.Len() == 0 {
		first = first.Add(-1)
	}
	if s.Seq.Less(first) || send.nxt.Less(s.End()) {
		c.fail("sends %d to %d, outstanding is %d to %d",
			s.Seq.Diff(send.iss), s.End().Diff(send.iss), send.una.Diff(send.iss), send.nxt.Diff(send.iss))
	}
	if at := s.End().Diff(c.config.ISS) - 2; s.Flags.Has(wire.FIN) && (!c.finAsked || at != c.written) {
		c.fail("sends a FIN behind %d bytes of %d, asked for %v", at, c.written, c.finAsked)
	}
}

// checkPayload: the bytes that were written, in segments that fit.
func (c *conversation) checkPayload(o *Output) {
	s, p := &o.Segment, &c.promises
	n, at := len(s.Payload), s.DataSeq().Diff(c.config.ISS)-1
	if at < 0 || at+n > c.written || !bytes.Equal(s.Payload, ourBytes(at, n)) {
		c.fail("sends other bytes than were written, at %d", at)
	}
	size := c.config.MSS
	if p.peerMSS > 0 {
		size = min(size, p.peerMSS)
	}
	size = max(size-len(s.Options), 1)
	switch {
	case o.SegmentSize == 0 && n > size, o.SegmentSize > size:
		c.fail("sends %d bytes in segments of %d, %d are allowed", n, o.SegmentSize, size)
	case o.SegmentSize < 0, o.SegmentSize > 0 && (n <= o.SegmentSize || n > c.config.Burst):
		c.fail("sends %d bytes in segments of %d as one", n, o.SegmentSize)
	}
}

// checkAck: what is acknowledged has come, and no acknowledgement and no edge of
// the window goes back. Deliveries of the same call may stand behind the segment.
func (c *conversation) checkAck(s *wire.Segment) {
	p, r := &c.promises, &c.m.recv
	if r.nxt.Less(s.Ack) || p.hasAcked && s.Ack.Less(p.acked) {
		c.fail("acknowledges %d after %d", s.Ack.Diff(c.irs), p.acked.Diff(c.irs))
	}
	p.acked, p.hasAcked = s.Ack, true
	shift := r.shift
	if s.Flags.Has(wire.SYN) {
		shift = 0 // RFC 7323, Section 2.2
	}
	edge := s.Ack.Add(int(s.Window) << shift)
	if !s.Flags.Has(wire.SYN) && p.hasEdge && edge.Add(1<<shift-1).Less(p.edge) {
		c.fail("takes back window: from %d to %d", p.edge.Diff(c.irs), edge.Diff(c.irs))
	}
	if !p.hasEdge || p.edge.Less(edge) {
		p.edge, p.hasEdge = edge, true
	}
}

// checkSent is about the options of a segment.
func (c *conversation) checkSent(s *wire.Segment, set *wire.OptionSet) {
	m, p := c.m, &c.promises
	if set.HasTimestamps {
		if p.tsVal != 0 && int32(set.Timestamps.Val-p.tsVal) < 0 && c.now.Sub(p.tsAt) < staleAfter {
			c.fail("the clock goes back from %d to %d", p.tsVal, set.Timestamps.Val)
		}
		if set.Timestamps.Val != p.tsVal {
			p.tsBefore = p.tsVal
		}
		p.tsVal, p.tsAt = set.Timestamps.Val, c.now
	}
	if s.Flags.Has(wire.SYN) {
		return
	}
	if set.HasTimestamps != m.ts.on || set.NumSACK > 0 && !m.handshake.sack {
		c.fail("timestamps %v and %d SACK blocks were not agreed on", set.HasTimestamps, set.NumSACK)
	}
	for i, b := range set.SACK[:set.NumSACK] {
		if b == p.reported[i] {
			continue // what has come once stays
		}
		at, n := b.Left.Diff(c.irs)-1, b.Right.Diff(b.Left)
		if s.Ack.Less(b.Right) && !p.here(at, n) {
			c.fail("has not got all that the SACK block %d:%d says", at+1, at+1+n)
		}
		p.reported[i] = b
	}
}

// checkInfo: the counters say what has happened.
func (c *conversation) checkInfo() {
	i := c.m.Info()
	c.logf("%+v", i)
	acked := min(max(c.m.send.una.Diff(c.config.ISS)-1, 0), c.written)
	if i.State != c.promises.state || i.Received != uint64(c.promises.got) || i.Sent != uint64(acked) {
		c.fail("Info says %v, %d bytes sent and %d received: want %v, %d, %d",
			i.State, i.Sent, i.Received, c.promises.state, acked, c.promises.got)
	}
}

// checkSilent says in which states a connection may stay for ever when nothing
// comes and nobody calls.
func (c *conversation) checkSilent() {
	m := c.m
	switch m.State() {
	case Closed:
		return
	case Established, CloseWait:
	case FinWait2:
		if c.closeAsked {
			c.fail("stays in FIN-WAIT-2 after Close")
		}
	default:
		c.fail("stays in %v", m.State())
	}
	if p := &c.promises; !p.hasAcked || p.acked != m.recv.nxt {
		c.fail("RCV.NXT is %d, acknowledged up to %d", m.recv.nxt.Diff(c.irs), p.acked.Diff(c.irs))
	}
	if n := m.send.inFlight() + m.send.unsent(); n > 0 || m.send.finDue() {
		c.fail("%d bytes are stuck in %v, FIN %v", n, m.State(), m.send.finDue())
	}
}
