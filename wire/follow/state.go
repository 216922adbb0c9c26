package follow

import "tfocraft/wire"

// move brings both ends into the state that a segment leaves them in: its sender has sent it, and its receiver, unless
// the segment is known to be lost, has got it. A segment that its receiver ignores moves nothing, nor does one after the
// end but for a reset.
func (c *conn) move(st *step) {
	if st.ignored {
		return
	}
	if st.seg.Flags.Has(wire.RST) {
		c.moveOnReset(st)
		return
	}
	if st.late {
		return
	}
	c.deliver(st)
	switch {
	case isSyn(st.seg):
		c.moveOnSyn(st)
	case isSynAck(st.seg):
		c.moveOnSynAck(st)
		c.moveOnClose(st)
	default:
		c.moveOnAck(st)
		c.moveOnClose(st)
	}
}

// deliver keeps track of what of a side is known not to have reached the other one.
func (c *conn) deliver(st *step) {
	self := &c.sides[st.from]
	from := self.offset(st.seg.Seq)
	sent := span{from, from + int64(st.seg.Len())}
	switch {
	case !self.known || sent.from == sent.to:
	case !st.Lost:
		self.lost, _ = cut(self.lost, sent)
	case sent.to > self.acked && len(self.lost) < maxHoles:
		self.lost = append(self.lost, sent)
	}
	other := &c.sides[st.from.other()]
	other.lost, _ = cut(other.lost, span{0, other.acked})
}

// moveOnReset is for a reset that fits. A server that has not heard the client's ACK goes back to listening (RFC 9293,
// Section 3.10.7.4); whoever refuses a connection never has.
func (c *conn) moveOnReset(st *step) {
	c.sides[st.from].state = Closed
	receiver := &c.sides[st.from.other()]
	switch {
	case st.Lost:
	case receiver.state == SynReceived && !c.info.Simultaneous:
		receiver.state = Listen
	default:
		receiver.state = Closed
	}
}

// moveOnSyn leaves a server in LISTEN: whether it is there and has taken the SYN is not known before its SYN-ACK. One that has
// sent a SYN of its own is known to be there.
func (c *conn) moveOnSyn(st *step) {
	sender, receiver := &c.sides[st.from], &c.sides[st.from.other()]
	switch {
	case st.copy:
	case sender.state == Closed || sender.state == Listen:
		sender.state = SynSent
	case sender.state == Established && receiver.acked == 0:
		// It would not send its SYN again if it had got the SYN-ACK.
		sender.state = SynSent
	}
	if receiver.state == SynSent && !st.Lost {
		receiver.state = SynReceived // RFC 9293, Section 3.5: simultaneous
	}
}

func (c *conn) moveOnSynAck(st *step) {
	sender, receiver := &c.sides[st.from], &c.sides[st.from.other()]
	switch sender.state {
	case unknownState, Closed, Listen, SynSent:
		sender.state = SynReceived
	}
	if st.Lost {
		return
	}
	switch receiver.state {
	case unknownState, SynSent, SynReceived:
		receiver.state = Established
	}
}

// moveOnAck is for a segment behind the handshake. It proves that its sender has the other side's SYN.
func (c *conn) moveOnAck(st *step) {
	sender, receiver := &c.sides[st.from], &c.sides[st.from.other()]
	switch sender.state {
	case Closed, Listen, SynSent:
		sender.state = SynReceived
		if sender.acked > 0 || st.from == client && !c.info.Simultaneous {
			sender.state = Established
		}
	case unknownState:
		sender.state = Established
	}
	if st.Lost {
		return
	}
	switch receiver.state {
	case unknownState:
		receiver.state = Established
	case Listen, SynReceived:
		// A server in SYN-RECEIVED may have sent data already, and even its FIN (RFC 7413, Section 4.2.2).
		if receiver.acked > 0 {
			receiver.state = Established
		}
	}
}

// moveOnClose is for what a FIN, or the acknowledgment of one, changes (RFC 9293, Section 3.6).
func (c *conn) moveOnClose(st *step) {
	sender, receiver := &c.sides[st.from], &c.sides[st.from.other()]
	// Its acknowledgment tells what the sender has, lost or not.
	ack := receiver.offset(st.seg.Ack)
	knew := receiver.finAcked() || receiver.finSeen && receiver.fin < ack && ack <= receiver.next
	if knew {
		sender.gotFin()
	}
	if sender.finSeen && st.seg.Flags.Has(wire.FIN) {
		sender.sentFin(knew)
	}
	if st.Lost {
		return
	}
	if receiver.finAcked() {
		receiver.gotAckOfFin()
	}
	if sender.finArrived() {
		receiver.gotFin()
	}
}

// finArrived reports whether the other side has read the FIN: all before it has come, too.
func (s *side) finArrived() bool { return s.finSeen && len(s.holes) == 0 && len(s.lost) == 0 }

// sentFin tells whether the side had the other one's FIN before: if not, both have crossed.
func (s *side) sentFin(knew bool) {
	switch s.state {
	case SynReceived, Established:
		s.state = FinWait1
	case CloseWait:
		s.state = Closing
		if knew {
			s.state = LastAck
		}
	}
}

func (s *side) gotFin() {
	switch s.state {
	case SynReceived, Established:
		s.state = CloseWait
	case FinWait1:
		s.state = Closing
	case FinWait2:
		s.state = TimeWait
	}
}

func (s *side) gotAckOfFin() {
	switch s.state {
	case FinWait1:
		s.state = FinWait2
	case Closing:
		s.state = TimeWait
	case LastAck:
		s.state = Closed
	}
}
